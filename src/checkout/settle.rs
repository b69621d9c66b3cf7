//! Settling: what happens when money comes, and when it goes back.

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::PgConnection;

use super::standing::Standing;
use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt};
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::{AmountInput, Money};
use crate::orders::order::Order;
use crate::orders::queries::orders;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::payments::queries::payments::{self as queries, Kind, NewPayment};

/// Money that somebody reports: a payment or a refund.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    pub reference: &'a str,
    pub amount: Option<AmountInput>,
    pub actor: &'a str,
}

/// Takes the payment of an order. The same reference and amount again change nothing. Returns the units that it sold.
///
/// Money that comes too late is refused and recorded all the same: it has to be given back.
pub fn confirm(standing: &mut Standing, id: OrderId, settlement: Paid<'_>) -> Result<i64, Halt> {
    let Paid { reference, actor, .. } = settlement;
    let order = standing.order(id)?;
    let amount = amount_of(order, settlement.amount, order.total_amount)?;
    if order.received_amount.checked_add(amount).is_none() {
        return Err(too_much("amount").into());
    }
    let recorded = standing.recorded(id, reference);
    if settlement.amount.is_some() && recorded.is_some_and(|recorded| recorded != amount) {
        return Err(ApiError::field("amount", "differs from the payment of this reference").into());
    }
    let is_known = recorded.is_some();
    standing.expire_if_over(id)?;
    let order = standing.order(id)?;
    if order.status == OrderStatus::Cancelled {
        let refusal = too_late(order);
        if !is_known {
            standing.pay(id, reference, amount, actor)?;
        }
        return Err(Halt::Recorded(refusal));
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
    let is_kept = order.status == OrderStatus::UnderPaying;
    standing.pay(id, reference, amount, actor)?;
    standing.mark_paid(id, reference)?;
    if is_kept { Ok(standing.sell(id, actor)?) } else { Ok(0) }
}

/// Records money that an order does not take: it can be refunded, and is due when it is more than the order's. Money
/// that no order can hold stays with its event alone.
pub fn record(standing: &mut Standing, id: OrderId, settlement: Paid<'_>) -> Result<(), Failure> {
    let order = standing.order(id)?;
    let amount = settlement.amount.and_then(|amount| amount.in_currency(&order.currency).ok());
    match amount {
        Some(amount)
            if standing.recorded(id, settlement.reference).is_none()
                && order.received_amount.checked_add(amount).is_some() =>
        {
            standing.pay(id, settlement.reference, amount, settlement.actor)
        }
        _ => Ok(()),
    }
}

/// Marks a locked, live order as paid without a provider's reference, as staff do who took the money.
pub fn mark_paid(conn: &mut PgConnection, order: &mut Order, actor: &str, at: DateTime<Utc>) -> Result<(), Halt> {
    let amount = order.total_amount;
    let received = order.received_amount.checked_add(amount).ok_or_else(|| too_much("payment_status"))?;
    let new = NewPayment { order: order.id, kind: Kind::Payment, reference: None, amount, actor };
    queries::append(conn, order.store_id, &[new], at)?;
    order.received_amount = received;
    order.payment_status = PaymentStatus::Paid;
    order.paid_at = Some(at);
    Ok(())
}

/// Records money that was given back. Partial refunds add up, never over what was received.
pub fn refund(conn: &mut PgConnection, store: StoreId, order: OrderId, settlement: Paid<'_>) -> Result<Order, Halt> {
    let mut order = orders::get_for_update(conn, store, order)?;
    if let Some(known) = queries::find_amount(conn, store, order.id, Kind::Refund, settlement.reference)? {
        return match settlement.amount.map(|amount| amount.in_currency(&order.currency)) {
            None => Ok(order),
            Some(Ok(amount)) if amount == known => Ok(order),
            Some(_) => Err(ApiError::field("amount", "differs from the refund of this reference").into()),
        };
    }
    let rest = Money(order.received_amount.0.saturating_sub(order.refunded_amount.0));
    if rest == Money(0) {
        let detail = format!("There is no money of order {} to give back.", order.order_number);
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    let amount = amount_of(&order, settlement.amount, rest)?;
    if amount == Money(0) || amount > rest {
        let most = order.currency.amount(rest);
        return Err(ApiError::field("amount", format!("must be more than nothing and at most {most}")).into());
    }
    let at = db::clock(conn)?;
    let Paid { reference, actor, .. } = settlement;
    let new = NewPayment { order: order.id, kind: Kind::Refund, reference: Some(reference), amount, actor };
    queries::append(conn, store, &[new], at)?;
    order.refunded_amount = add(order.refunded_amount, amount)?;
    if order.refunded_amount == order.received_amount && order.payment_status == PaymentStatus::Paid {
        order.payment_status = PaymentStatus::Refunded;
    }
    order.updated_at = at;
    orders::update(conn, order.store_id, &[&order])?;
    Ok(order)
}

fn amount_of(order: &Order, given: Option<AmountInput>, otherwise: Money) -> Result<Money, ApiError> {
    match given {
        Some(amount) => amount.in_currency(&order.currency).map_err(|message| ApiError::field("amount", message)),
        None => Ok(otherwise),
    }
}

fn add(sum: Money, amount: Money) -> Result<Money, Failure> {
    sum.checked_add(amount).ok_or_else(|| Failure::Internal("the payments of an order are too large".to_owned()))
}

fn too_much(field: &str) -> ApiError {
    ApiError::field(field, "is more than can be recorded with what was received")
}

fn already_paid() -> ApiError {
    ApiError::new(Code::AlreadyPaid, "The order was paid under another reference.")
}

/// 409 of money that came too late. It was recorded.
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
