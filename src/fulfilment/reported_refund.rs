//! Records the refunds that payment providers report. A refund counts once, even if staff recorded it before. It takes the
//! money of the order of the payment, or of the orders of its exchanges: first the money that is due.

use std::collections::BTreeMap;

use diesel::{PgConnection, QueryResult};

use super::family::{self, Family, Held, MAX_ORDERS};
use super::order_batch::{Intent, Kind, OrderBatch};
use super::pay::Paid;
use super::refund;
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::principal::SYSTEM;
use crate::db::Failure;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::orders::queries::orders;
use crate::payments::event::{self, ListedRefund, PaymentEvent};
use crate::payments::parts::is_part_of;
use crate::payments::queries::events::{self, EventOutcome};
use crate::payments::queries::payments;

/// Records a refund of a payment that the order has, and perhaps other orders, as far as its money is held. The rest of
/// it is written to the audit and to the log.
pub fn apply(
    conn: &mut PgConnection,
    store: StoreId,
    order: &Order,
    (event, reference): (&PaymentEvent, &str),
) -> Result<EventOutcome, Failure> {
    let (mut batch, mut family) = lock(conn, store, order, event.refund_of.as_deref())?;
    if let Some(payment) = event.refund_of.as_deref().filter(|_| family.orders.len() > 1) {
        let earlier = events::list_refund_references(conn, store, payment)?;
        for id in family.orders.clone() {
            family.lower_passed(id, batch.refunded_under(id, |reference| earlier.contains(reference)));
        }
    }
    let unrecorded = match (&event.listed_refunds, event.amount, event.refund_of.as_deref(), event.refunded_sum) {
        (Some(listed), ..) => list_unrecorded((&batch, &family), event, (reference, listed)),
        (None, Some(amount), ..) if amount > Money(0) => {
            let known = find_known(&batch, &family, reference);
            vec![(reference, Money(amount.0.saturating_sub(known.0)))]
        }
        (None, None, Some(payment), Some(sum)) => {
            let of_payment = (payment, sum, order.currency.code());
            vec![(reference, find_unrecorded(conn, store, (&batch, &family), of_payment)?)]
        }
        _ => return Ok(EventOutcome::Mismatched),
    };
    // Less than nothing is left of a reference under which staff recorded more.
    let mut is_whole = unrecorded.iter().all(|(_, amount)| *amount >= Money(0));
    let mut rests = Vec::new();
    for (reference, amount) in unrecorded {
        let rest = record(&mut batch, &family, (reference, amount.max(Money(0))))?;
        if rest > Money(0) {
            rests.push((reference, rest));
        }
    }
    batch.write(conn)?;
    for rest in rests {
        is_whole = false;
        report_rest(conn, &batch, order, rest)?;
    }
    Ok(if is_whole { EventOutcome::Applied } else { EventOutcome::Mismatched })
}

/// Records a part of a refund that is not recorded yet. Returns the rest of it, which no order holds.
fn record(batch: &mut OrderBatch, family: &Family, (reference, unrecorded): (&str, Money)) -> Result<Money, Failure> {
    let parts = family.share(unrecorded, &list_held(batch, family, reference)?);
    for (id, part) in &parts {
        let paid = Paid { reference, amount: None, actor: SYSTEM };
        refund::record(batch, *id, paid, (*part, None))?;
    }
    Ok(Money(unrecorded.0.saturating_sub(family::sum_of(&parts).0)))
}

/// Locks all orders of the family of a payment, ascending. Without the locks, an exchange can move money to another order,
/// or another order can get the payment. Then the transaction runs again.
pub(super) fn lock(
    conn: &mut PgConnection,
    store: StoreId,
    order: &Order,
    payment: Option<&str>,
) -> Result<(OrderBatch, Family), Failure> {
    let payers = list_payers(conn, store, order, payment)?;
    let mut unlocked = Vec::with_capacity(payers.len());
    for id in &payers {
        unlocked.push(if *id == order.id { order.clone() } else { orders::get(conn, store, *id)? });
    }
    let family = family::find(conn, store, &unlocked.iter().collect::<Vec<_>>())?;
    let requested: Vec<(OrderId, Intent)> = family.orders.iter().map(|id| (*id, Intent::Refund)).collect();
    let batch = OrderBatch::lock(conn, store, &requested)?;
    if list_payers(conn, store, order, payment)? != payers {
        return Err(Failure::Retry("another order has got the payment".to_owned()));
    }
    let locked: Vec<&Order> = payers.iter().map(|id| batch.order(*id)).collect::<Result<_, Failure>>()?;
    if family::find(conn, store, &locked)? != family {
        return Err(Failure::Retry("an exchange has moved money of the order".to_owned()));
    }
    Ok((batch, family))
}

/// The orders that have the payment, the first use first, and the order itself. Further ones are left out.
fn list_payers(
    conn: &mut PgConnection,
    store: StoreId,
    order: &Order,
    payment: Option<&str>,
) -> QueryResult<Vec<OrderId>> {
    let mut payers = match payment {
        Some(payment) => payments::list_orders(conn, store, payment, MAX_ORDERS)?,
        None => Vec::new(),
    };
    if !payers.contains(&order.id) {
        payers.push(order.id);
    }
    Ok(payers)
}

/// The recorded amount of a refund.
fn find_known(batch: &OrderBatch, family: &Family, reference: &str) -> Money {
    let known = family.orders.iter().filter_map(|id| batch.recorded(*id, Kind::Refund, reference));
    Money(known.fold(0, |sum: i64, known| sum.saturating_add(known.amount.0)))
}

/// The money that each order can give back. An order has each refund once, so an order that has it gives no more.
fn list_held(batch: &OrderBatch, family: &Family, reference: &str) -> Result<BTreeMap<OrderId, Held>, Failure> {
    let mut held = BTreeMap::new();
    for id in family.orders.iter().filter(|id| batch.recorded(**id, Kind::Refund, reference).is_none()) {
        let order = batch.order(*id)?;
        let all = order.refundable_amount();
        held.insert(*id, Held { due: order.refund_due_amount().min(all), all });
    }
    Ok(held)
}

/// The parts of the listed refunds that are not recorded, together at most the unrecorded part of the sum of the payment.
/// An amount is less than 0 if more is recorded. What is left of refunds that are recorded in part has the name of the
/// event.
fn list_unrecorded<'a>(
    (batch, family): (&OrderBatch, &Family),
    event: &PaymentEvent,
    (name, listed): (&'a str, &'a [ListedRefund]),
) -> Vec<(&'a str, Money)> {
    let mut left = i64::MAX;
    if let Some(sum) = event.refunded_sum {
        left = sum.0.saturating_sub(count_recorded((batch, family), event, (name, listed)).0).max(0);
    }
    let (mut unrecorded, mut of_known) = (Vec::with_capacity(listed.len()), 0_i64);
    for (reference, amount) in listed {
        let known = find_known(batch, family, reference);
        let more = amount.0.saturating_sub(known.0).min(left);
        left = left.saturating_sub(more.max(0));
        if known > Money(0) && more > 0 {
            of_known = of_known.saturating_add(more);
        } else {
            unrecorded.push((reference.as_str(), Money(more)));
        }
    }
    unrecorded.push((name, Money(of_known)));
    unrecorded
}

/// The recorded refunds of Stripe that are of the payment of the event. If the orders have several payments of Stripe, only
/// the listed refunds and those with the name of the charge or the payment are known to be of this one.
fn count_recorded(
    (batch, family): (&OrderBatch, &Family),
    event: &PaymentEvent,
    (name, listed): (&str, &[ListedRefund]),
) -> Money {
    let charge = name.split_once(':').map_or(name, |(charge, _)| charge);
    let payment = event.refund_of.as_deref().unwrap_or(charge);
    let is_other = |reference: &str| event::is_of_stripe(reference) && !is_part_of(reference, payment);
    let is_only = !family.orders.iter().flat_map(|id| batch.payment_references(*id)).any(is_other);
    let is_counted = |reference: &str| {
        let is_named = is_part_of(reference, charge) || is_part_of(reference, payment);
        is_named || listed.iter().any(|(id, _)| id == reference) || is_only && event::is_of_stripe(reference)
    };
    refunded_under(batch, family, is_counted)
}

/// The sum of the recorded refunds of all orders whose references are counted.
pub(super) fn refunded_under(batch: &OrderBatch, family: &Family, is_counted: impl Fn(&str) -> bool) -> Money {
    let refunded = family.orders.iter().map(|id| batch.refunded_under(*id, &is_counted));
    Money(refunded.fold(0, |sum: i64, refunded| sum.saturating_add(refunded.0)))
}

/// The part of the reported refunds that is not recorded. The event has the sum of the refunds of a payment. It adds at
/// most the difference to the largest sum before, so a smaller sum that arrives after a larger one adds nothing. All
/// payments of the family are counted together, because a refund that staff recorded does not name its payment.
fn find_unrecorded(
    conn: &mut PgConnection,
    store: StoreId,
    (batch, family): (&OrderBatch, &Family),
    (payment, sum, currency): (&str, Money, &str),
) -> QueryResult<Money> {
    let mut references: Vec<&str> = family.orders.iter().flat_map(|id| batch.payment_references(*id)).collect();
    references.push(payment);
    let sums = events::list_refunded_sums(conn, store, &references, currency)?;
    let before = sums.get(payment).copied().unwrap_or_default();
    let added = sum.0.saturating_sub(before.0).max(0);
    let reported = sums.values().fold(added, |total, sum| total.saturating_add(sum.0));
    let recorded = refunded_under(batch, family, event::is_of_stripe);
    Ok(Money(reported.saturating_sub(recorded.0).clamp(0, added)))
}

/// Reports the part of a refund that no order holds. It may be recorded under another reference.
fn report_rest(
    conn: &mut PgConnection,
    batch: &OrderBatch,
    order: &Order,
    (reference, rest): (&str, Money),
) -> QueryResult<()> {
    let (number, rest) = (order.order_number.as_str(), order.currency.amount(rest));
    log::error!(order = number, refund = reference, unrecorded:% = rest; "a refund is more than the orders hold");
    let detail =
        format!("Refund {reference} of order {number}: {rest} of it is more than the orders hold, and is not recorded");
    let entry = NewAuditEntry { entity: Entity::Order, entity_id: order.id.0, action: Action::Update, detail };
    audit::append_by(conn, order.store_id, SYSTEM, &entry, batch.now())
}
