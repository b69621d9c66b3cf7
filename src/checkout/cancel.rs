//! Cancelling: the stock goes back to where it came from, exactly once.

use crate::error::{ApiError, Code, Halt};
use crate::kernel::id::OrderId;
use crate::orders::status::{OrderStatus, PaymentStatus};

use super::standing::{By, Standing};

/// Cancels an order. One whose payment window has passed is expired instead.
pub fn cancel(standing: &mut Standing, order: OrderId, by: By<'_>) -> Result<(), Halt> {
    if standing.expire_if_over(order)? {
        return Err(Halt::Recorded(not_cancellable(standing.order(order)?.status)));
    }
    let status = standing.order(order)?.status;
    if !status.can_become(OrderStatus::Cancelled) {
        return Err(not_cancellable(status).into());
    }
    standing.give_back(order, by)?;
    Ok(())
}

/// Records that a payment failed: the stock is let go and the order is dead. Again it changes nothing.
pub fn fail(standing: &mut Standing, order: OrderId, by: By<'_>) -> Result<(), Halt> {
    if standing.order(order)?.payment_status == PaymentStatus::Failed {
        return Ok(());
    }
    let is_over = standing.expire_if_over(order)?;
    let now = standing.order(order)?;
    if now.status == OrderStatus::UnderPaying {
        standing.give_back(order, by)?.payment_status = PaymentStatus::Failed;
        return Ok(());
    }
    let detail = format!("Order {} is {}; only a payment under way can fail.", now.order_number, now.status.as_str());
    let refusal = ApiError::new(Code::InvalidTransition, detail);
    Err(if is_over { Halt::Recorded(refusal) } else { refusal.into() })
}

/// 409 in the words of the shop's guide.
fn not_cancellable(status: OrderStatus) -> ApiError {
    let detail = format!(
        "Order with status '{}' cannot be cancelled. Only pending or processing orders can be cancelled.",
        status.as_str()
    );
    ApiError::new(Code::OrderNotCancellable, detail)
}
