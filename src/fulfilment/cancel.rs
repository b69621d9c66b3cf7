//! Cancels orders. The units return to the places of their allocations, exactly once.

use super::order_batch::{By, OrderBatch};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::OrderId;
use crate::orders::status::{FulfilmentStatus, OrderStatus, PaymentStatus};

/// Cancels an order. An order whose payment window has ended expires instead.
pub fn cancel(batch: &mut OrderBatch, order: OrderId, by: By<'_>) -> Result<(), Abort> {
    if batch.expire_if_overdue(order)? {
        return Err(Abort::Recorded(not_cancellable(batch.order(order)?.status)));
    }
    let status = batch.order(order)?.status;
    if !status.can_become(OrderStatus::Cancelled) {
        return Err(not_cancellable(status).into());
    }
    if status != OrderStatus::UnderPaying && FulfilmentStatus::from_items(batch.items(order)?) != FulfilmentStatus::None
    {
        let detail = format!(
            "Order {} was shipped in part. POST /orders/{{id}}/cancel-lines cancels the units that are left.",
            batch.order(order)?.order_number
        );
        return Err(ApiError::new(Code::OrderNotCancellable, detail).into());
    }
    batch.cancel(order, by)?;
    Ok(())
}

/// Records a failed payment: releases the units and cancels the order. A second call changes nothing.
pub fn fail_payment(batch: &mut OrderBatch, order: OrderId, by: By<'_>) -> Result<(), Abort> {
    if batch.order(order)?.payment_status == PaymentStatus::Failed {
        return Ok(());
    }
    let has_expired = batch.expire_if_overdue(order)?;
    let now = batch.order(order)?;
    if now.status == OrderStatus::UnderPaying {
        batch.cancel(order, by)?.payment_status = PaymentStatus::Failed;
        return Ok(());
    }
    let detail = format!("Order {} is {}; only a payment under way can fail.", now.order_number, now.status.as_str());
    let refusal = ApiError::new(Code::InvalidTransition, detail);
    Err(if has_expired { Abort::Recorded(refusal) } else { refusal.into() })
}

/// The 409 error. Its sentence is a part of the API, although an order under payment can be cancelled as well.
fn not_cancellable(status: OrderStatus) -> ApiError {
    let detail = format!(
        "Order with status '{}' cannot be cancelled. Only pending or processing orders can be cancelled.",
        status.as_str()
    );
    ApiError::new(Code::OrderNotCancellable, detail)
}
