//! Refunds that staff record. Stripe may have reported them before, by a sum of refunds without their ids.

use diesel::PgConnection;

use super::change_orders::change_one;
use super::family::Family;
use super::order_batch::{Intent, Kind, OrderBatch};
use super::pay::{Paid, amount_of};
use super::refund::refund;
use super::reported_refund;
use crate::error::Abort;
use crate::kernel::id::{CreditId, OrderId, StoreId};
use crate::kernel::money::Money;
use crate::orders::order::Order;
use crate::orders::queries::orders;
use crate::payments::event;

/// Records a refund of an order. Under an id of Stripe it changes nothing if sums of at least its amount are recorded for
/// the orders that share the money.
pub fn record(
    conn: &mut PgConnection,
    store: StoreId,
    id: OrderId,
    paid: Paid<'_>,
    credit: Option<CreditId>,
) -> Result<Order, Abort> {
    if !event::is_of_stripe(paid.reference) {
        let record = |batch: &mut OrderBatch| refund(batch, id, paid, credit);
        return change_one(conn, store, id, Intent::Refund, record).map(|(order, ())| order);
    }
    let order = orders::get(conn, store, id)?;
    let payment = order.payment_reference.as_deref().filter(|payment| event::is_of_stripe(payment));
    let (mut batch, family) = reported_refund::lock(conn, store, &order, payment)?;
    if !is_reported(&batch, &family, (id, paid, credit))? {
        refund(&mut batch, id, paid, credit)?;
        batch.write(conn)?;
    }
    Ok(batch.order(id)?.clone())
}

/// True if the refund may be a part of sums that Stripe has reported. A larger one is not a part of them. Sums are
/// cumulative, so a new refund that is taken for a part of them is recorded with its own event.
fn is_reported(
    batch: &OrderBatch,
    family: &Family,
    (id, paid, credit): (OrderId, Paid<'_>, Option<CreditId>),
) -> Result<bool, Abort> {
    let is_known = batch.recorded(id, Kind::Refund, paid.reference).is_some();
    // A wrong credit is refused.
    if is_known || credit.is_some_and(|credit| batch.unspent(id, credit).is_none()) {
        return Ok(false);
    }
    let reported = reported_refund::refunded_under(batch, family, event::is_sum_of_stripe);
    let amount = amount_of(batch.order(id)?, paid.amount, reported)?;
    Ok(reported > Money(0) && amount <= reported)
}
