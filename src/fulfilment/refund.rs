//! Refunds of orders.

use super::order_batch::{Kind, OrderBatch};
use super::pay::{Paid, amount_of};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::OrderId;
use crate::kernel::money::Money;
use crate::orders::status::PaymentStatus;

/// Records a refund. Partial refunds add up, but never to more than was received.
pub fn refund(batch: &mut OrderBatch, id: OrderId, paid: Paid<'_>) -> Result<(), Abort> {
    let order = batch.order(id)?;
    if let Some(known) = batch.recorded(id, Kind::Refund, paid.reference) {
        return match paid.amount.map(|amount| amount.in_currency(&order.currency)) {
            None => Ok(()),
            Some(Ok(amount)) if amount == known => Ok(()),
            Some(_) => Err(ApiError::field("amount", "differs from the refund of this reference").into()),
        };
    }
    let rest = Money(order.received_amount.0.saturating_sub(order.refunded_amount.0));
    if rest == Money(0) {
        let detail = format!("There is no money of order {} to give back.", order.order_number);
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    let amount = amount_of(order, paid.amount, rest)?;
    if amount == Money(0) || amount > rest {
        let most = order.currency.amount(rest);
        return Err(ApiError::field("amount", format!("must be more than nothing and at most {most}")).into());
    }
    let order = batch.record(id, Kind::Refund, Some(paid.reference), amount, paid.actor)?;
    if order.refunded_amount == order.received_amount && order.payment_status == PaymentStatus::Paid {
        order.payment_status = PaymentStatus::Refunded;
    }
    Ok(())
}
