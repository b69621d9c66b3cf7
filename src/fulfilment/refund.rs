//! Refunds of orders.

use super::order_batch::{Kind, NewPayment, OrderBatch, Recorded};
use super::pay::{Paid, amount_of};
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{CreditId, OrderId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::orders::status::PaymentStatus;

/// Records a refund, of a credit if one is named. Partial refunds add up, but never to more than was received. Those of a
/// credit never add up to more than the credit, and give back only what is due: the credit of an order that is not paid
/// yet has lowered what is left to pay.
pub fn refund(batch: &mut OrderBatch, id: OrderId, paid: Paid<'_>, credit: Option<CreditId>) -> Result<(), Abort> {
    let order = batch.order(id)?;
    if let Some(known) = batch.recorded(id, Kind::Refund, paid.reference) {
        return Ok(check_known(order, known, paid, credit)?);
    }
    let most = limit(batch, order, credit)?;
    let amount = amount_of(order, paid.amount, default_amount(order, most))?;
    if amount == Money(0) || amount > most {
        let most = order.currency.amount(most);
        return Err(ApiError::field("amount", format!("must be more than nothing and at most {most}")).into());
    }
    Ok(record(batch, id, Paid { amount: None, ..paid }, (amount, credit))?)
}

/// The amount of a refund without one: the due amount, or all if nothing is due.
fn default_amount(order: &Order, most: Money) -> Money {
    match order.refund_due_amount() {
        Money(0) => most,
        due => due.min(most),
    }
}

/// The same refund may be reported again. The amount and the credit may be left out.
fn check_known(order: &Order, known: Recorded, paid: Paid<'_>, credit: Option<CreditId>) -> Result<(), ApiError> {
    let amount = paid.amount.map(|amount| amount.in_currency(&order.currency));
    if amount.is_some_and(|amount| amount != Ok(known.amount)) {
        return Err(ApiError::field("amount", "differs from the refund of this reference"));
    }
    if credit.is_some() && credit != known.credit {
        return Err(ApiError::field("credit_id", "differs from the refund of this reference"));
    }
    Ok(())
}

/// The largest refund. Refuses if there is none.
fn limit(batch: &OrderBatch, order: &Order, credit: Option<CreditId>) -> Result<Money, ApiError> {
    let refundable = order.refundable_amount();
    let most = match credit {
        None => refundable,
        Some(credit) => {
            let unspent = batch.unspent(order.id, credit);
            let unspent = unspent.ok_or_else(|| ApiError::field("credit_id", "is not a credit of the order"))?;
            unspent.min(order.refund_due_amount())
        }
    };
    if most > Money(0) {
        return Ok(most);
    }
    let of_credit = credit.filter(|_| refundable > Money(0)).map(|credit| format!("of credit {credit} "));
    let detail =
        format!("There is no money {}of order {} to give back.", of_credit.unwrap_or_default(), order.order_number);
    Err(ApiError::new(Code::InvalidTransition, detail))
}

/// Records a refund that is at most the refundable amount. It gives unapplied money back first.
pub(super) fn record(
    batch: &mut OrderBatch,
    id: OrderId,
    paid: Paid<'_>,
    (amount, credit): (Money, Option<CreditId>),
) -> Result<(), Failure> {
    let unapplied = batch.order(id)?.unapplied_amount.min(amount);
    let order = batch.record(NewPayment {
        order: id,
        kind: Kind::Refund,
        reference: Some(paid.reference.to_owned()),
        amount,
        unapplied,
        is_reused: false,
        credit,
        actor: paid.actor.to_owned(),
    })?;
    if order.refunded_amount == order.received_amount && order.payment_status == PaymentStatus::Paid {
        order.payment_status = PaymentStatus::Refunded;
    }
    Ok(())
}
