//! Applies a provider's callback to its order. Each event has one effect, even if it arrives several times.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::change_orders::change_one;
use super::order_batch::{Intent, OrderBatch};
use super::pay::{self, Paid};
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::AmountInput;
use crate::orders::order::OrderRef;
use crate::orders::queries::orders;
use crate::payments::event::{EventKind, PaymentEvent};
use crate::payments::queries::events::{self, EventOutcome, WaitingEvent};

/// Stores and applies an event with a valid signature. Returns None if it was received before.
pub fn receive(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event: &PaymentEvent,
) -> Result<Option<EventOutcome>, Failure> {
    let at: DateTime<Utc> = db::clock(conn)?;
    if !events::take(conn, store, provider, event, at)? {
        return Ok(None);
    }
    let outcome = apply(conn, store, event)?;
    if outcome == EventOutcome::Mismatched {
        let (id, order) = (event.event_id.as_str(), event.order_number.as_deref().unwrap_or_default());
        log::error!(event = id, provider = provider, order = order; "a payment does not match its order");
    }
    events::settle(conn, store, provider, &event.event_id, outcome)?;
    Ok(Some(outcome))
}

/// Applies an event to its order.
pub fn apply(conn: &mut PgConnection, store: StoreId, event: &PaymentEvent) -> Result<EventOutcome, Failure> {
    if event.kind == EventKind::Other {
        return Ok(EventOutcome::Ignored);
    }
    let Some(number) = event.order_number.clone() else { return Ok(EventOutcome::Mismatched) };
    match orders::find_owner(conn, store, &OrderRef::Number(number))? {
        None => Ok(EventOutcome::Unmatched),
        Some((order, _owner)) => apply_payment(conn, store, order, event),
    }
}

fn apply_payment(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    event: &PaymentEvent,
) -> Result<EventOutcome, Failure> {
    let currency = orders::get(conn, store, order)?.currency;
    let (Some(reference), Some(amount)) = (event.reference.as_deref(), event.amount) else {
        return Ok(EventOutcome::Mismatched);
    };
    if event.currency.as_deref() != Some(currency.code()) {
        return Ok(EventOutcome::Mismatched);
    }
    let amount = Some(AmountInput::from_units(amount.0, currency.decimals()));
    let reported = Paid { reference, amount, actor: SYSTEM };
    let confirm = |batch: &mut OrderBatch| pay::confirm(batch, order, reported);
    match change_one(conn, store, order, Intent::Pay, confirm) {
        Ok(_paid) => Ok(EventOutcome::Applied),
        Err(Abort::Recorded(_too_late)) => Ok(EventOutcome::RefundDue),
        // The amount differs, or it is a second payment: the order does not accept it, but the money was received.
        Err(Abort::Refused(_) | Abort::Overdue(..)) => {
            let record = |batch: &mut OrderBatch| Ok(pay::record(batch, order, reported)?);
            match change_one(conn, store, order, Intent::Pay, record) {
                Err(Abort::Failed(failure)) => Err(failure),
                _ => Ok(EventOutcome::Mismatched),
            }
        }
        Err(Abort::Failed(failure)) => Err(failure),
    }
}

/// Applies an event whose order now exists. Returns false if another transaction did it.
pub fn apply_waiting(conn: &mut PgConnection, waiting: &WaitingEvent) -> Result<bool, Failure> {
    if !events::lock_waiting(conn, waiting)? {
        return Ok(false);
    }
    let WaitingEvent { store_id, provider, event_id, event_type, order_number, reference, amount, currency } =
        waiting.clone();
    let kind = EventKind::from_type(&event_type);
    let event =
        PaymentEvent { event_id, event_type, kind, order_number: Some(order_number), reference, amount, currency };
    let outcome = apply(conn, store_id, &event)?;
    events::settle(conn, store_id, &provider, &event.event_id, outcome)?;
    Ok(true)
}
