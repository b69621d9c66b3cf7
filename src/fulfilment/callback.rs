//! Applies a provider's callback to its order. Each event has one effect, even if it arrives several times.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::change_orders::change_one;
use super::order_batch::{Intent, Kind, OrderBatch};
use super::pay::{self, Accept, Paid};
use super::refund;
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::{AmountInput, Money};
use crate::orders::queries::orders;
use crate::payments::event::{EventKind, PaymentEvent};
use crate::payments::queries::events::{self, EventOutcome, WaitingEvent};
use crate::payments::queries::payments;

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
    let outcome = apply(conn, store, provider, event)?;
    events::settle(conn, store, provider, &event.event_id, outcome)?;
    Ok(Some(outcome))
}

/// Applies an event, and logs one that staff must look at.
fn apply(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event: &PaymentEvent,
) -> Result<EventOutcome, Failure> {
    if event.kind == EventKind::Other {
        return Ok(EventOutcome::Ignored);
    }
    let (id, number) = (event.event_id.as_str(), event.order_number.as_deref());
    let Some(order) = find_order(conn, store, event)? else {
        if number.is_some() {
            return Ok(EventOutcome::Unmatched);
        }
        // The provider may send the payments of other shops and programs, too.
        log::warn!(event = id, provider = provider; "a payment names no order");
        return Ok(EventOutcome::Mismatched);
    };
    let outcome = apply_to(conn, store, order, event)?;
    if outcome == EventOutcome::Mismatched {
        let named = number.unwrap_or_default();
        log::error!(event = id, provider = provider, order = named; "a payment does not match its order");
    }
    Ok(outcome)
}

/// The order that the event names, or whose payment it refunds.
fn find_order(conn: &mut PgConnection, store: StoreId, event: &PaymentEvent) -> Result<Option<OrderId>, Failure> {
    if let Some(number) = event.order_number.clone() {
        let order = orders::find_order(conn, store, &DocumentRef::Number(number))?;
        return Ok(order.map(|order| order.id));
    }
    let Some(payment) = event.refund_of.as_deref() else { return Ok(None) };
    Ok(payments::find_order(conn, store, payment)?)
}

/// Applies an event to its order.
fn apply_to(
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
    let paid = Paid { reference, amount, actor: SYSTEM };
    match event.kind {
        EventKind::Refunded => apply_refund(conn, store, order, paid),
        EventKind::Paid | EventKind::Other => apply_payment(conn, store, order, paid),
    }
}

/// Records a refund once, even if staff recorded it before.
fn apply_refund(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    paid: Paid<'_>,
) -> Result<EventOutcome, Failure> {
    let record = |batch: &mut OrderBatch| refund::refund(batch, order, paid, None);
    match change_one(conn, store, order, Intent::Refund, record) {
        Ok(_refunded) => Ok(EventOutcome::Applied),
        Err(Abort::Failed(failure)) => Err(failure),
        // More was refunded than was received.
        Err(_refused) => Ok(EventOutcome::Mismatched),
    }
}

fn apply_payment(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    paid: Paid<'_>,
) -> Result<EventOutcome, Failure> {
    let reference = paid.reference;
    let mut batch = OrderBatch::lock(conn, store, &[(order, Intent::Pay)])?;
    batch.load_first_uses(conn, &[reference])?;
    let outcome = match pay::confirm(&mut batch, order, paid, Accept::Any) {
        Ok(_units) if is_whole(&batch, order, reference)? => EventOutcome::Applied,
        Err(Abort::Recorded(refusal)) if !is_second(&refusal) => EventOutcome::RefundDue,
        // The amount differs, or it is a second payment. An amount that is too large for an order is stored with its
        // event only.
        Ok(_) | Err(Abort::Recorded(_) | Abort::Refused(_) | Abort::Overdue(..)) => EventOutcome::Mismatched,
        Err(Abort::Failed(failure)) => return Err(failure),
    };
    batch.write(conn)?;
    Ok(outcome)
}

/// True if the payment with this reference paid the order, and no part of it is unapplied.
fn is_whole(batch: &OrderBatch, id: OrderId, reference: &str) -> Result<bool, Failure> {
    let is_paid = batch.order(id)?.payment_reference.as_deref() == Some(reference);
    let recorded = batch.recorded(id, Kind::Payment, reference);
    Ok(is_paid && recorded.is_some_and(|recorded| recorded.unapplied == Money(0)))
}

/// True if the order, or another one, was paid before.
fn is_second(refusal: &ApiError) -> bool {
    matches!(refusal.code, Code::AlreadyPaid | Code::PaymentReferenceUsed)
}

/// Applies an event whose order now exists. Returns false if another transaction did it.
pub fn apply_waiting(conn: &mut PgConnection, waiting: &WaitingEvent) -> Result<bool, Failure> {
    if !events::lock_waiting(conn, waiting)? {
        return Ok(false);
    }
    let WaitingEvent { store_id, provider, event_id, event_type, order_number, reference, amount, currency } =
        waiting.clone();
    let kind = EventKind::from_type(&event_type);
    let order_number = Some(order_number);
    let event = PaymentEvent { event_id, event_type, kind, order_number, reference, refund_of: None, amount, currency };
    let outcome = apply(conn, store_id, &provider, &event)?;
    events::settle(conn, store_id, &provider, &event.event_id, outcome)?;
    Ok(true)
}
