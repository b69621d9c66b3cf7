//! Payments of orders.

use chrono::SecondsFormat;

use super::order_batch::{Kind, NewPayment, OrderBatch, Recorded};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::OrderId;
use crate::kernel::money::{AmountInput, Money};
use crate::orders::order::Order;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::payments::parts::is_part_of;

/// A reported payment or refund.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    pub reference: &'a str,
    pub amount: Option<AmountInput>,
    pub actor: &'a str,
}

/// The payments that an order accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Exactly the outstanding amount. Staff report it.
    Exact,
    /// The same, also if its reference was recorded for another order.
    ExactOrReused,
    /// Any amount, because the provider has received it. A part of the outstanding amount lowers it, and the excess is
    /// unapplied.
    Any,
}

/// Records the payment of an order. The same reference and amount again change nothing. Returns the number of units
/// that it sold.
///
/// A late payment, a second payment and one with a reused reference are refused. They are recorded as unapplied,
/// because they must be refunded.
pub fn confirm(batch: &mut OrderBatch, id: OrderId, paid: Paid<'_>, accept: Accept) -> Result<i64, Abort> {
    let Paid { reference, actor, .. } = paid;
    let order = batch.order(id)?;
    let amount = amount_of(order, paid.amount, expected(order))?;
    if order.received_amount.checked_add(amount).is_none() {
        return Err(too_much("amount").into());
    }
    // A provider may have reported more under a known reference. The amount is the first or the whole one.
    let first = batch.recorded(id, Kind::Payment, reference);
    let known = batch.whole_payment(id, reference);
    let differs = |known: Option<Recorded>| known.is_some_and(|known| known.amount != amount);
    if paid.amount.is_some() && differs(first) && differs(known) {
        return Err(ApiError::field("amount", "differs from the payment of this reference").into());
    }
    batch.expire_if_overdue(id)?;
    let order = batch.order(id)?;
    if order.status == OrderStatus::Cancelled {
        return refuse(batch, paid, (id, amount), too_late(order));
    }
    let has_paid = order.payment_reference.as_deref().is_some_and(|paid| is_part_of(paid, reference));
    match first {
        Some(_) if has_paid => return Ok(0),
        Some(Recorded { unapplied: Money(0), .. }) => return Ok(0),
        _ => {}
    }
    if order.payment_status != PaymentStatus::Pending {
        if known.is_none() && amount == Money(0) {
            return Err(nothing_to_pay().into());
        }
        return refuse(batch, paid, (id, amount), already_paid());
    }
    let outstanding = order.outstanding_amount();
    let is_reused = batch.is_reused(id, reference);
    let is_exact = match known {
        // Credits may have lowered the outstanding amount since the payment was recorded. The excess is due back.
        Some(known) if is_reused => known.amount >= outstanding,
        Some(known) => known.amount == outstanding,
        None => amount == outstanding,
    };
    if accept != Accept::Any && !is_exact {
        let outstanding = order.currency.amount(outstanding);
        return Err(ApiError::field("amount", format!("must be the outstanding amount, {outstanding}")).into());
    }
    if is_reused && accept != Accept::ExactOrReused {
        return refuse(batch, paid, (id, amount), reference_used());
    }
    match known {
        Some(known) if order.unapplied_amount < known.unapplied => return Err(given_back().into()),
        Some(_) => batch.accept(id, reference)?,
        None => {
            let unapplied = Money(amount.0.saturating_sub(outstanding.0).max(0));
            let new = NewPayment { is_reused, ..payment(id, Some(reference), amount, actor) };
            batch.record(NewPayment { unapplied, ..new })?;
        }
    }
    Ok(batch.settle(id, Some(reference), actor)?)
}

/// Refuses a payment, and records it as unapplied if it is not recorded yet.
fn refuse(
    batch: &mut OrderBatch,
    paid: Paid<'_>,
    (id, amount): (OrderId, Money),
    refusal: ApiError,
) -> Result<i64, Abort> {
    if batch.recorded(id, Kind::Payment, paid.reference).is_none() && amount > Money(0) {
        let is_reused = batch.is_reused(id, paid.reference);
        let new = payment(id, Some(paid.reference), amount, paid.actor);
        batch.record(NewPayment { unapplied: amount, is_reused, ..new })?;
    }
    Err(Abort::Recorded(refusal))
}

/// An accepted payment.
fn payment(order: OrderId, reference: Option<&str>, amount: Money, actor: &str) -> NewPayment {
    NewPayment {
        order,
        kind: Kind::Payment,
        reference: reference.map(ToOwned::to_owned),
        amount,
        unapplied: Money(0),
        is_reused: false,
        credit: None,
        actor: actor.to_owned(),
    }
}

/// Marks an active order as paid without a provider's reference, for staff who received the money.
pub fn mark_paid(batch: &mut OrderBatch, id: OrderId, actor: &str) -> Result<(), Abort> {
    let order = batch.order(id)?;
    let amount = order.outstanding_amount();
    if order.received_amount.checked_add(amount).is_none() {
        return Err(too_much("payment_status").into());
    }
    if amount > Money(0) {
        batch.record(payment(id, None, amount, actor))?;
    }
    Ok(batch.mark_paid(id, None, actor)?)
}

/// The amount of a payment that is reported without one: the outstanding amount. A second payment is as large as the net
/// total, and a payment that is too late as large as the total.
fn expected(order: &Order) -> Money {
    match (order.status, order.payment_status) {
        (OrderStatus::Cancelled, _) => order.total_amount,
        (_, PaymentStatus::Pending) => order.outstanding_amount(),
        _ => order.net_total(),
    }
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

const RECORDED: &str = "The payment was recorded and has to be refunded.";

/// The 409 error for a second payment, which was recorded.
fn already_paid() -> ApiError {
    ApiError::new(Code::AlreadyPaid, format!("The order is paid already. {RECORDED}"))
}

/// The 409 error for a payment without an amount of an order that costs nothing more. Nothing was recorded.
fn nothing_to_pay() -> ApiError {
    ApiError::new(Code::AlreadyPaid, "Nothing is left to pay, so a payment must be reported with its amount.")
}

/// The 409 error for a reference of another order. The payment was recorded.
fn reference_used() -> ApiError {
    let detail = format!(
        "The reference was recorded for another order. {RECORDED} Staff can accept it instead, with accept_reused."
    );
    ApiError::new(Code::PaymentReferenceUsed, detail)
}

/// The 409 error for a payment with a reused reference that cannot be accepted any more.
fn given_back() -> ApiError {
    ApiError::new(Code::PaymentReferenceUsed, "The payment with the reused reference was refunded.")
}

/// The 409 error for a late payment, which was recorded.
fn too_late(order: &Order) -> ApiError {
    match order.payment_expires_at.filter(|_| order.payment_status == PaymentStatus::Expired) {
        Some(deadline) => {
            let deadline = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
            ApiError::new(Code::PaymentExpired, format!("The payment window ended at {deadline}. {RECORDED}"))
        }
        None => {
            let (number, status) = (&order.order_number, order.status.as_str());
            ApiError::new(Code::InvalidTransition, format!("Order {number} is {status}. {RECORDED}"))
        }
    }
}
