//! Applies a provider's callback to its order. Each event has one effect, even if it arrives several times. An event that
//! arrives before its order, or a refund before its payment, waits for a job.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};

use super::order_batch::{Intent, OrderBatch};
use super::pay::{self, Accept, Paid};
use super::reported_refund;
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::orders::order::Order;
use crate::orders::queries::orders;
use crate::payments::event::{self, EventKind, PaymentEvent};
use crate::payments::parts::{is_part_of, rest_reference};
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
    apply_taken(conn, store, provider, event).map(Some)
}

/// Applies an event whose row this transaction has inserted or locked, and writes its outcome.
fn apply_taken(
    conn: &mut PgConnection,
    store: StoreId,
    provider: &str,
    event: &PaymentEvent,
) -> Result<EventOutcome, Failure> {
    let outcome = apply(conn, store, event)?;
    log_outcome(provider, event, outcome);
    events::settle(conn, store, provider, &event.event_id, outcome)?;
    Ok(outcome)
}

/// Logs an event that staff must look at, or that changed nothing.
fn log_outcome(provider: &str, event: &PaymentEvent, outcome: EventOutcome) {
    let id = event.event_id.as_str();
    match (outcome, event.order_number.as_deref(), event.refund_of.as_deref()) {
        // The provider may send the payments of other shops and programs, too.
        (EventOutcome::Mismatched, None, None) => {
            log::warn!(event = id, provider = provider; "a payment names no order");
        }
        (EventOutcome::Mismatched, order, refunded) => {
            let order = order.unwrap_or_default();
            let message = match refunded {
                Some(_) => "a refund does not match its order",
                None => "a payment does not match its order",
            };
            log::error!(event = id, provider = provider, order = order; "{message}");
        }
        (EventOutcome::Unmatched, _, Some(payment)) => {
            log::warn!(event = id, provider = provider, payment = payment; "a refund waits for its payment");
        }
        _ => {}
    }
}

/// Applies an event to its order.
fn apply(conn: &mut PgConnection, store: StoreId, event: &PaymentEvent) -> Result<EventOutcome, Failure> {
    if event.kind == EventKind::Other {
        return Ok(EventOutcome::Ignored);
    }
    let Some(order) = find_order(conn, store, event)? else {
        let names_any = event.order_number.is_some() || event.refund_of.is_some();
        return Ok(if names_any { EventOutcome::Unmatched } else { EventOutcome::Mismatched });
    };
    let order = orders::get(conn, store, order)?;
    let Some(reference) = event.reference.as_deref() else { return Ok(EventOutcome::Mismatched) };
    if event.currency.as_deref() != Some(order.currency.code()) {
        return Ok(EventOutcome::Mismatched);
    }
    match (event.kind, event.amount) {
        (EventKind::Refunded, _) => reported_refund::apply(conn, store, &order, (event, reference)),
        (_, Some(amount)) => apply_payment(conn, store, &order, (reference, amount)),
        (_, None) => Ok(EventOutcome::Mismatched),
    }
}

/// The order that an event names. A refund has the order for which its payment was recorded first, which may be another
/// one. It has none until the payment is recorded, so that the refund is not counted against another payment of the order
/// that it names.
fn find_order(conn: &mut PgConnection, store: StoreId, event: &PaymentEvent) -> QueryResult<Option<OrderId>> {
    if let Some(payment) = event.refund_of.as_deref() {
        return Ok(payments::list_first_uses(conn, store, &[payment])?.into_values().next());
    }
    match event.order_number.clone() {
        Some(number) => Ok(orders::find_order(conn, store, &DocumentRef::Number(number))?.map(|order| order.id)),
        None => Ok(None),
    }
}

fn paid_of<'a>(reference: &'a str, amount: Money, currency: &Currency) -> Paid<'a> {
    let amount = AmountInput::from_units(amount.0, currency.decimals());
    Paid { reference, amount: Some(amount), actor: SYSTEM }
}

/// Records a payment. If it is recorded with a smaller amount, such as by staff, the rest of it is a payment with a
/// reference of its own, which is recorded once.
fn apply_payment(
    conn: &mut PgConnection,
    store: StoreId,
    order: &Order,
    (reference, amount): (&str, Money),
) -> Result<EventOutcome, Failure> {
    let (id, of_rest) = (order.id, rest_reference(reference, amount));
    let mut batch = OrderBatch::lock(conn, store, &[(id, Intent::Pay)])?;
    batch.load_first_uses(conn, &[reference, &of_rest])?;
    let paid = match batch.received_under(id, |known| is_part_of(known, reference)) {
        Some(received) if received < amount => {
            batch.copy_first_use(reference, &of_rest);
            paid_of(&of_rest, Money(amount.0.saturating_sub(received.0)), &order.currency)
        }
        _ => paid_of(reference, amount, &order.currency),
    };
    let reference = paid.reference;
    let outcome = match pay::confirm(&mut batch, id, paid, Accept::Any) {
        Ok(_units) if is_whole(&batch, id, reference)? => EventOutcome::Applied,
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
    let recorded = batch.whole_payment(id, reference);
    Ok(is_paid && recorded.is_some_and(|recorded| recorded.unapplied == Money(0)))
}

/// True if the order, or another one, was paid before.
fn is_second(refusal: &ApiError) -> bool {
    matches!(refusal.code, Code::AlreadyPaid | Code::PaymentReferenceUsed)
}

/// Applies an event whose order or refunded payment now exists. Returns false if another transaction did it.
pub fn apply_waiting(conn: &mut PgConnection, waiting: &WaitingEvent) -> Result<bool, Failure> {
    if !events::lock_waiting(conn, waiting)? {
        return Ok(false);
    }
    let WaitingEvent {
        store_id,
        provider,
        event_id,
        event_type,
        order_number,
        reference,
        refund_of,
        amount,
        refunded_sum,
        listed_refunds,
        currency,
    } = waiting.clone();
    let kind = EventKind::from_type(&event_type);
    let listed_refunds = listed_refunds.as_ref().map(event::restore_listed);
    let event = PaymentEvent {
        event_id,
        event_type,
        kind,
        order_number,
        reference,
        refund_of,
        amount,
        refunded_sum,
        listed_refunds,
        currency,
    };
    apply_taken(conn, store_id, &provider, &event)?;
    Ok(true)
}
