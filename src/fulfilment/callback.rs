//! Applies a provider's callback to its order. Each event has one effect, even if it arrives several times. An event that
//! arrives before its order, or a refund before its payment, waits for a job.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};

use super::order_batch::{Intent, Kind, OrderBatch};
use super::pay::{self, Accept, Paid};
use super::refund;
use crate::auth::principal::SYSTEM;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::orders::queries::orders;
use crate::payments::event::{self, EventKind, PaymentEvent};
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
        (EventOutcome::Mismatched, order, _) => {
            let order = order.unwrap_or_default();
            log::error!(event = id, provider = provider, order = order; "a payment does not match its order");
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
    let currency = orders::get(conn, store, order)?.currency;
    let Some(reference) = event.reference.as_deref() else { return Ok(EventOutcome::Mismatched) };
    if event.currency.as_deref() != Some(currency.code()) {
        return Ok(EventOutcome::Mismatched);
    }
    match (event.kind, event.amount) {
        (EventKind::Refunded, _) => apply_refund(conn, store, order, (event, reference)),
        (_, Some(amount)) => apply_payment(conn, store, order, paid_of(reference, amount, &currency)),
        (_, None) => Ok(EventOutcome::Mismatched),
    }
}

/// The order that an event names, or the order of the payment that was refunded.
fn find_order(conn: &mut PgConnection, store: StoreId, event: &PaymentEvent) -> QueryResult<Option<OrderId>> {
    if let Some(number) = event.order_number.clone()
        && let Some(order) = orders::find_order(conn, store, &DocumentRef::Number(number))?
    {
        return Ok(Some(order.id));
    }
    match event.refund_of.as_deref() {
        Some(payment) => payments::find_order(conn, store, payment),
        None => Ok(None),
    }
}

fn paid_of<'a>(reference: &'a str, amount: Money, currency: &Currency) -> Paid<'a> {
    let amount = AmountInput::from_units(amount.0, currency.decimals());
    Paid { reference, amount: Some(amount), actor: SYSTEM }
}

/// Records a refund once, even if staff recorded it before.
fn apply_refund(
    conn: &mut PgConnection,
    store: StoreId,
    order: OrderId,
    (event, reference): (&PaymentEvent, &str),
) -> Result<EventOutcome, Failure> {
    let mut batch = OrderBatch::lock(conn, store, &[(order, Intent::Refund)])?;
    let amount = match (event.amount, event.refund_of.as_deref(), event.refunded_sum) {
        (Some(amount), ..) => amount,
        (None, Some(payment), Some(sum)) => find_unrecorded(conn, store, (&batch, order), (payment, sum))?,
        (None, ..) => return Ok(EventOutcome::Mismatched),
    };
    if event.amount.is_none() && amount == Money(0) {
        return Ok(EventOutcome::Applied);
    }
    let paid = paid_of(reference, amount, &batch.order(order)?.currency);
    match refund::refund(&mut batch, order, paid, None) {
        Ok(()) => batch.write(conn).map(|()| EventOutcome::Applied),
        Err(Abort::Failed(failure)) => Err(failure),
        // More was refunded than was received until now.
        Err(_refused) => match event.refund_of.as_deref() {
            Some(payment) if payments::find_order(conn, store, payment)?.is_none() => Ok(EventOutcome::Unmatched),
            _ => Ok(EventOutcome::Mismatched),
        },
    }
}

/// The part of the reported refunds of an order that is not recorded. The event has the sum of the refunds of a payment. A
/// smaller sum that arrives after a larger one adds nothing. All payments of the order are counted together, because a
/// refund that staff recorded does not name its payment.
fn find_unrecorded(
    conn: &mut PgConnection,
    store: StoreId,
    (batch, order): (&OrderBatch, OrderId),
    (payment, sum): (&str, Money),
) -> QueryResult<Money> {
    let mut payments = batch.payment_references(order);
    payments.push(payment);
    let mut sums = events::list_refunded_sums(conn, store, &payments)?;
    let largest = sums.entry(payment.to_owned()).or_default();
    *largest = sum.max(*largest);
    let reported = sums.values().fold(0_i64, |total, sum| total.saturating_add(sum.0));
    let recorded = batch.refunded_under(order, event::is_of_stripe);
    Ok(Money(reported.saturating_sub(recorded.0).max(0)))
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
        currency,
    } = waiting.clone();
    let kind = EventKind::from_type(&event_type);
    let event =
        PaymentEvent { event_id, event_type, kind, order_number, reference, refund_of, amount, refunded_sum, currency };
    apply_taken(conn, store_id, &provider, &event)?;
    Ok(true)
}
