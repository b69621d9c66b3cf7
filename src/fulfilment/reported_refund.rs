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
use crate::payments::event::{self, PaymentEvent};
use crate::payments::queries::events::{self, EventOutcome};
use crate::payments::queries::payments;

/// Records a refund of a payment of the order, and of all other orders that have this payment, as far as its money is held. The rest of it is written to the audit and
/// to the log.
pub fn apply(
    conn: &mut PgConnection,
    store: StoreId,
    order: &Order,
    (event, reference): (&PaymentEvent, &str),
) -> Result<EventOutcome, Failure> {
    let (mut batch, family) = lock(conn, store, order, event.refund_of.as_deref())?;
    let known = list_known(&batch, &family, reference);
    let unrecorded = match (event.amount, event.refund_of.as_deref(), event.refunded_sum) {
        (Some(amount), ..) if amount > Money(0) => Money(amount.0.saturating_sub(family::sum_of(&known).0)),
        (None, Some(payment), Some(sum)) => {
            find_unrecorded(conn, store, (&batch, &family), (payment, sum, order.currency.code()))?
        }
        _ => return Ok(EventOutcome::Mismatched),
    };
    // Staff recorded more under this reference.
    if unrecorded < Money(0) {
        return Ok(EventOutcome::Mismatched);
    }
    let held = list_held(&batch, &family, &known)?;
    let parts = family.share(unrecorded, &held);
    for (id, part) in &parts {
        let paid = Paid { reference, amount: None, actor: SYSTEM };
        refund::record(&mut batch, *id, paid, (*part, None))?;
    }
    batch.write(conn)?;
    let rest = Money(unrecorded.0.saturating_sub(family::sum_of(&parts).0));
    if rest == Money(0) {
        return Ok(EventOutcome::Applied);
    }
    report_rest(conn, &batch, order, (reference, rest))?;
    Ok(EventOutcome::Mismatched)
}

/// Locks all orders of the family of a payment, ascending. Without the locks, an exchange can move money to another order,
/// or another order can get the payment. Then the transaction runs again.
fn lock(
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

/// The orders that have the payment, the first use first. Further ones are left out.
fn list_payers(
    conn: &mut PgConnection,
    store: StoreId,
    order: &Order,
    payment: Option<&str>,
) -> QueryResult<Vec<OrderId>> {
    match payment {
        Some(payment) => payments::list_orders(conn, store, payment, MAX_ORDERS),
        None => Ok(vec![order.id]),
    }
}

/// The orders for which a refund with this reference is recorded, with its amounts.
fn list_known(batch: &OrderBatch, family: &Family, reference: &str) -> Vec<(OrderId, Money)> {
    let known = |id: &OrderId| Some((*id, batch.recorded(*id, Kind::Refund, reference)?.amount));
    family.orders.iter().filter_map(known).collect()
}

/// The money that each order can give back. An order has each refund once, so an order that has it gives no more.
fn list_held(
    batch: &OrderBatch,
    family: &Family,
    known: &[(OrderId, Money)],
) -> Result<BTreeMap<OrderId, Held>, Failure> {
    let mut held = BTreeMap::new();
    for id in family.orders.iter().filter(|id| !known.iter().any(|(known, _)| known == *id)) {
        let order = batch.order(*id)?;
        let all = order.refundable_amount();
        held.insert(*id, Held { due: order.refund_due_amount().min(all), all });
    }
    Ok(held)
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
    let refunded = family.orders.iter().map(|id| batch.refunded_under(*id, event::is_of_stripe));
    let recorded = refunded.fold(0_i64, |total, refunded| total.saturating_add(refunded.0));
    Ok(Money(reported.saturating_sub(recorded).clamp(0, added)))
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
