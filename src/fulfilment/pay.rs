//! Payments of orders.

use chrono::SecondsFormat;

use super::order_batch::{Kind, OrderBatch};
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::OrderId;
use crate::kernel::money::{AmountInput, Money};
use crate::orders::order::Order;
use crate::orders::status::{OrderStatus, PaymentStatus};

/// A reported payment or refund.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    pub reference: &'a str,
    pub amount: Option<AmountInput>,
    pub actor: &'a str,
}

/// Records the payment of an order. The same reference and amount again change nothing. Returns the number of units
/// that it sold.
///
/// A late payment is refused, but it is recorded, because it must be refunded.
pub fn confirm(batch: &mut OrderBatch, id: OrderId, paid: Paid<'_>) -> Result<i64, Abort> {
    let Paid { reference, actor, .. } = paid;
    let order = batch.order(id)?;
    let amount = amount_of(order, paid.amount, order.total_amount)?;
    if order.received_amount.checked_add(amount).is_none() {
        return Err(too_much("amount").into());
    }
    let recorded = batch.recorded(id, Kind::Payment, reference);
    if paid.amount.is_some() && recorded.is_some_and(|recorded| recorded != amount) {
        return Err(ApiError::field("amount", "differs from the payment of this reference").into());
    }
    let is_known = recorded.is_some();
    batch.expire_if_overdue(id)?;
    let order = batch.order(id)?;
    if order.status == OrderStatus::Cancelled {
        let refusal = too_late(order);
        if !is_known {
            batch.record(id, Kind::Payment, Some(reference), amount, actor)?;
        }
        return Err(Abort::Recorded(refusal));
    }
    if order.payment_reference.as_deref() == Some(reference) {
        return Ok(0);
    }
    if is_known && order.payment_status == PaymentStatus::Pending {
        return Err(ApiError::field("payment_reference", "was recorded for another amount").into());
    }
    if amount != order.total_amount {
        let total = order.currency.amount(order.total_amount);
        return Err(ApiError::field("amount", format!("must be the order's total, {total}")).into());
    }
    if order.payment_status != PaymentStatus::Pending {
        return Err(already_paid().into());
    }
    let is_held = order.status == OrderStatus::UnderPaying;
    batch.record(id, Kind::Payment, Some(reference), amount, actor)?;
    batch.mark_paid(id, Some(reference))?;
    if is_held { Ok(batch.sell(id, actor)?) } else { Ok(0) }
}

/// Records a payment that its order does not accept. It can be refunded. A refund is due if the sum exceeds the
/// order's total. An amount that is too large for an order is stored with its event only.
pub fn record(batch: &mut OrderBatch, id: OrderId, paid: Paid<'_>) -> Result<(), Failure> {
    let order = batch.order(id)?;
    let Some(amount) = paid.amount.and_then(|amount| amount.in_currency(&order.currency).ok()) else { return Ok(()) };
    let is_known = batch.recorded(id, Kind::Payment, paid.reference).is_some();
    if is_known || order.received_amount.checked_add(amount).is_none() {
        return Ok(());
    }
    batch.record(id, Kind::Payment, Some(paid.reference), amount, paid.actor).map(drop)
}

/// Marks an active order as paid without a provider's reference, for staff who received the money.
pub fn mark_paid(batch: &mut OrderBatch, id: OrderId, actor: &str) -> Result<(), Abort> {
    let order = batch.order(id)?;
    let amount = order.total_amount;
    if order.received_amount.checked_add(amount).is_none() {
        return Err(too_much("payment_status").into());
    }
    batch.record(id, Kind::Payment, None, amount, actor)?;
    Ok(batch.mark_paid(id, None)?)
}

/// The given amount in the order's currency, or `otherwise` without one.
pub(super) fn amount_of(order: &Order, given: Option<AmountInput>, otherwise: Money) -> Result<Money, ApiError> {
    match given {
        Some(amount) => amount.in_currency(&order.currency).map_err(|message| ApiError::field("amount", message)),
        None => Ok(otherwise),
    }
}

fn too_much(field: &str) -> ApiError {
    ApiError::field(field, "is more than can be recorded with what was received")
}

fn already_paid() -> ApiError {
    ApiError::new(Code::AlreadyPaid, "The order was paid under another reference.")
}

/// The 409 error for a late payment, which was recorded.
fn too_late(order: &Order) -> ApiError {
    let recorded = "The payment was recorded and has to be refunded.";
    match order.payment_expires_at.filter(|_| order.payment_status == PaymentStatus::Expired) {
        Some(deadline) => {
            let deadline = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
            ApiError::new(Code::PaymentExpired, format!("The payment window ended at {deadline}. {recorded}"))
        }
        None => {
            let (number, status) = (&order.order_number, order.status.as_str());
            ApiError::new(Code::InvalidTransition, format!("Order {number} is {status}. {recorded}"))
        }
    }
}
