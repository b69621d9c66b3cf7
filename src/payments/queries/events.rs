//! The SQL of providers' callbacks: each event once for ever.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::Value;

use super::payments::FIRST_USE;
use crate::db::schema::{order_payments, orders, payment_events};
use crate::kernel::id::StoreId;
use crate::kernel::money::Money;
use crate::kernel::text_enum::text_enum;
use crate::payments::event::{self, PaymentEvent};

text_enum! {
    /// The outcome of an event.
    #[strum(serialize_all = "snake_case")]
    pub enum EventOutcome {
        /// It changed its order.
        Applied,
        /// Money that came too late: recorded, to be given back.
        RefundDue,
        /// Money that fits no order as it is: another amount, another currency, or a second payment.
        Mismatched,
        /// Its order is not known yet, or the payment that was refunded: it waits.
        Unmatched,
        /// Nothing to do.
        Ignored,
    }
}

/// Takes an event; false if it was taken before.
pub fn take(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event: &PaymentEvent,
    at: DateTime<Utc>,
) -> QueryResult<bool> {
    let taken = diesel::insert_into(payment_events::table)
        .values((
            payment_events::store_id.eq(store),
            payment_events::provider.eq(provider),
            payment_events::event_id.eq(&event.event_id),
            payment_events::event_type.eq(&event.event_type),
            payment_events::order_number.eq(&event.order_number),
            payment_events::reference.eq(&event.reference),
            payment_events::amount.eq(event.amount),
            payment_events::currency.eq(&event.currency),
            payment_events::outcome.eq(EventOutcome::Unmatched),
            payment_events::received_at.eq(at),
            payment_events::refund_of.eq(&event.refund_of),
            payment_events::refunded_sum.eq(event.refunded_sum),
            payment_events::listed_refunds.eq(event.listed_refunds.as_deref().map(event::store_listed)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(taken == 1)
}

/// Writes the outcome of a taken event.
pub fn settle(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event_id: &str,
    outcome: EventOutcome,
) -> QueryResult<()> {
    diesel::update(payment_events::table.find((store, provider, event_id)))
        .set(payment_events::outcome.eq(outcome))
        .execute(conn)
        .map(drop)
}

/// An event whose order or refunded payment is known by now.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = payment_events)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct WaitingEvent {
    pub store_id: StoreId,
    pub provider: String,
    pub event_id: String,
    pub event_type: String,
    pub order_number: Option<String>,
    pub reference: Option<String>,
    pub refund_of: Option<String>,
    pub amount: Option<Money>,
    pub refunded_sum: Option<Money>,
    pub listed_refunds: Option<Value>,
    pub currency: Option<String>,
}

/// In the words of the partial index `payment_events_order_idx`, so that the planner recognizes it.
const UNMATCHED: &str = "payment_events.outcome = 'unmatched'";

/// Events that waited for an order or a payment that is there now, in one store or in all: at most this number of each.
/// Takes no lock.
pub fn discover_waiting(conn: &mut PgConnection, store: Option<StoreId>, limit: i64) -> QueryResult<Vec<WaitingEvent>> {
    let mut waiting = discover_payments(conn, store, limit)?;
    waiting.extend(discover_refunds(conn, store, limit)?);
    Ok(waiting)
}

/// Events that waited for the order that they name.
fn discover_payments(conn: &mut PgConnection, store: Option<StoreId>, limit: i64) -> QueryResult<Vec<WaitingEvent>> {
    let of_number = orders::order_number.nullable().eq(payment_events::order_number);
    let waiting = payment_events::table
        .inner_join(orders::table.on(orders::store_id.eq(payment_events::store_id).and(of_number)))
        .filter(sql::<Bool>(UNMATCHED))
        .filter(payment_events::refund_of.is_null())
        .order((payment_events::received_at, payment_events::event_id))
        .limit(limit)
        .select(WaitingEvent::as_select())
        .into_boxed();
    match store {
        // A distributed server needs the store of both tables.
        Some(store) => waiting.filter(payment_events::store_id.eq(store)).filter(orders::store_id.eq(store)).load(conn),
        None => waiting.load(conn),
    }
}

/// Refunds that waited for the payment that they name.
fn discover_refunds(conn: &mut PgConnection, store: Option<StoreId>, limit: i64) -> QueryResult<Vec<WaitingEvent>> {
    let of_payment = order_payments::reference.eq(payment_events::refund_of);
    let waiting = payment_events::table
        .inner_join(order_payments::table.on(order_payments::store_id.eq(payment_events::store_id).and(of_payment)))
        .filter(sql::<Bool>(UNMATCHED))
        .filter(sql::<Bool>(FIRST_USE))
        .order((payment_events::received_at, payment_events::event_id))
        .limit(limit)
        .select(WaitingEvent::as_select())
        .into_boxed();
    match store {
        // As above.
        Some(store) => {
            waiting.filter(payment_events::store_id.eq(store)).filter(order_payments::store_id.eq(store)).load(conn)
        }
        None => waiting.load(conn),
    }
}

/// The largest sums of refunds that were reported for these payments in this currency, also if a part of them could not
/// be recorded. Events that wait do not count. Payments without a sum are left out.
pub fn list_refunded_sums(
    conn: &mut PgConnection,
    store: StoreId,
    payments: &[&str],
    currency: &str,
) -> QueryResult<HashMap<String, Money>> {
    let reported: Vec<(String, Money)> = payment_events::table
        .filter(payment_events::store_id.eq(store))
        .filter(payment_events::refund_of.eq_any(payments))
        .filter(payment_events::refunded_sum.is_not_null())
        .filter(payment_events::currency.eq(currency))
        .filter(payment_events::outcome.eq_any([EventOutcome::Applied, EventOutcome::Mismatched]))
        .select((payment_events::refund_of.assume_not_null(), payment_events::refunded_sum.assume_not_null()))
        .load(conn)?;
    let mut sums: HashMap<String, Money> = HashMap::new();
    for (payment, sum) in reported {
        let largest = sums.entry(payment).or_default();
        *largest = sum.max(*largest);
    }
    Ok(sums)
}

/// The references of the refunds of a payment that were reported before, and its listed refunds. Events that wait do not
/// count.
pub fn list_refund_references(conn: &mut PgConnection, store: StoreId, payment: &str) -> QueryResult<BTreeSet<String>> {
    let reported: Vec<(Option<String>, Option<Value>)> = payment_events::table
        .filter(payment_events::store_id.eq(store))
        .filter(payment_events::refund_of.eq(payment))
        .filter(payment_events::outcome.eq_any([EventOutcome::Applied, EventOutcome::Mismatched]))
        .select((payment_events::reference, payment_events::listed_refunds))
        .load(conn)?;
    let mut references = BTreeSet::new();
    for (reference, listed) in reported {
        references.extend(reference);
        references.extend(listed.iter().flat_map(event::restore_listed).map(|(id, _)| id));
    }
    Ok(references)
}

/// Locks an event that still waits; false if it has been settled meanwhile.
pub fn lock_waiting(conn: &mut PgConnection, event: &WaitingEvent) -> QueryResult<bool> {
    let waiting: Option<String> = payment_events::table
        .find((event.store_id, &event.provider, &event.event_id))
        .filter(payment_events::outcome.eq(EventOutcome::Unmatched))
        .select(payment_events::event_id)
        .for_update()
        .first(conn)
        .optional()?;
    Ok(waiting.is_some())
}
