//! Payment events, read from the callbacks of providers.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::units;
use crate::kernel::money::{Currency, Money};
use crate::kernel::signature::Scheme;

/// The payment data of a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Applied once per store and provider.
    pub event_id: String,
    pub event_type: String,
    pub kind: EventKind,
    /// From the payment's metadata or notes.
    pub order_number: Option<String>,
    /// The provider's id of the payment, or of the refund.
    pub reference: Option<String>,
    /// The provider's id of the payment that was refunded.
    pub refund_of: Option<String>,
    /// None if the provider sends no amount, or an amount with too many decimals for its currency.
    pub amount: Option<Money>,
    /// The sum of all refunds of the payment until this event. Only Stripe sends it.
    pub refunded_sum: Option<Money>,
    /// The refunds of the payment that the event lists, the newest first, without those that failed. Only Stripe sends
    /// them, in older versions of its API.
    pub listed_refunds: Option<Vec<ListedRefund>>,
    /// ISO 4217, in capital letters.
    pub currency: Option<String>,
}

/// The provider's id of a refund, and its amount.
pub type ListedRefund = (String, Money);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The payment was received.
    Paid,
    /// A payment was refunded, in part or as a whole.
    Refunded,
    /// All other events, including failed and abandoned attempts. The customer may try another payment until the
    /// payment window ends; then the order expires.
    Other,
}

impl EventKind {
    /// The event names of the providers do not overlap.
    #[must_use]
    pub fn from_type(event_type: &str) -> Self {
        match event_type {
            "payment_intent.succeeded" | "payment.captured" => Self::Paid,
            "charge.refunded" | "refund.processed" => Self::Refunded,
            _ => Self::Other,
        }
    }
}

/// Reads a callback with a valid signature. None if it is no event of this scheme.
#[must_use]
pub fn read(scheme: Scheme, body: &Value) -> Option<PaymentEvent> {
    match scheme {
        Scheme::Stripe => read_stripe(body),
        Scheme::Razorpay => read_razorpay(body),
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    let text = value.pointer(pointer)?.as_str()?;
    let is_fit = (1..=255).contains(&text.len()) && !crate::kernel::text::has_control(text);
    is_fit.then(|| text.to_owned())
}

/// Order numbers are in capital letters.
fn order_number(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).map(|number| number.to_ascii_uppercase())
}

fn currency(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).map(|code| code.to_ascii_uppercase())
}

/// The first integer at the pointers, in the provider's units.
fn amount(scheme: Scheme, currency: Option<&str>, value: &Value, pointers: &[&str]) -> Option<Money> {
    let counted = pointers.iter().find_map(|pointer| value.pointer(pointer)?.as_i64())?;
    units::to_money(scheme, &Currency::parse(currency?).ok()?, counted)
}

/// See <https://docs.stripe.com/api/events/object>.
fn read_stripe(body: &Value) -> Option<PaymentEvent> {
    let event_type = text(body, "/type")?;
    let kind = EventKind::from_type(&event_type);
    let currency = currency(body, "/data/object/currency");
    if kind == EventKind::Refunded {
        return read_stripe_refund(body, event_type, currency);
    }
    let amounts = ["/data/object/amount_received", "/data/object/amount"];
    Some(PaymentEvent {
        event_id: text(body, "/id")?,
        event_type,
        kind,
        order_number: order_number(body, "/data/object/metadata/order_number"),
        reference: text(body, "/data/object/id"),
        refund_of: None,
        amount: amount(Scheme::Stripe, currency.as_deref(), body, &amounts),
        refunded_sum: None,
        listed_refunds: None,
        currency,
    })
}

/// The object of `charge.refunded` is the charge with the sum of its refunds. Older versions of the API send the list
/// of the refunds with it. The event has no amount of its own, and is named by the charge with the sum.
///
/// See <https://docs.stripe.com/api/charges/object>.
fn read_stripe_refund(body: &Value, event_type: String, currency: Option<String>) -> Option<PaymentEvent> {
    let sum = "/data/object/amount_refunded";
    let charge = text(body, "/data/object/id");
    let named = || Some(format!("{}:{}", charge.as_deref()?, body.pointer(sum)?.as_i64()?));
    Some(PaymentEvent {
        event_id: text(body, "/id")?,
        event_type,
        kind: EventKind::Refunded,
        order_number: order_number(body, "/data/object/metadata/order_number"),
        amount: None,
        refunded_sum: amount(Scheme::Stripe, currency.as_deref(), body, &[sum]),
        listed_refunds: read_listed(body, currency.as_deref()),
        reference: named().or_else(|| charge.clone()),
        refund_of: text(body, "/data/object/payment_intent").or_else(|| charge.clone()),
        currency,
    })
}

/// The refunds of the list that did not fail, each once. None if there is no list, or if one of them cannot be read.
fn read_listed(body: &Value, currency: Option<&str>) -> Option<Vec<ListedRefund>> {
    let list = body.pointer("/data/object/refunds/data")?.as_array().filter(|list| !list.is_empty())?;
    let mut listed: Vec<ListedRefund> = Vec::new();
    for refund in list {
        if matches!(refund.pointer("/status").and_then(Value::as_str), Some("failed" | "canceled")) {
            continue;
        }
        let (id, amount) = (text(refund, "/id")?, amount(Scheme::Stripe, currency, refund, &["/amount"])?);
        if !listed.iter().any(|(known, _)| *known == id) {
            listed.push((id, amount));
        }
    }
    Some(listed)
}

/// Listed refunds as they are stored.
#[must_use]
pub fn store_listed(listed: &[ListedRefund]) -> Value {
    listed.iter().map(|(id, amount)| json!({"id": id, "amount": amount.0})).collect()
}

/// Listed refunds that were stored.
#[must_use]
pub fn restore_listed(stored: &Value) -> Vec<ListedRefund> {
    let restore = |refund: &Value| Some((text(refund, "/id")?, Money(refund.pointer("/amount")?.as_i64()?)));
    stored.as_array().into_iter().flatten().filter_map(restore).collect()
}

/// True if a refund was recorded under a reference of Stripe: the id of a refund, a charge or a payment, or the name that
/// an event without the list of refunds gets.
#[must_use]
pub fn is_of_stripe(reference: &str) -> bool {
    ["re_", "pyr_", "ch_", "py_", "pi_"].iter().any(|prefix| reference.starts_with(prefix))
}

/// True if a refund was recorded for a sum of refunds of Stripe without their ids.
#[must_use]
pub fn is_sum_of_stripe(reference: &str) -> bool {
    let sum = reference.split_once(':').map(|(_, sum)| sum.parse::<i64>());
    is_of_stripe(reference) && matches!(sum, Some(Ok(_)))
}

/// See <https://razorpay.com/docs/webhooks/payloads/payments/>. The id of the event is in a header that is not
/// signed. The name of the event and the id of its payment or refund are signed, and are unique together.
fn read_razorpay(body: &Value) -> Option<PaymentEvent> {
    let event_type = text(body, "/event")?;
    let kind = EventKind::from_type(&event_type);
    let payment = text(body, "/payload/payment/entity/id");
    let (entity, reference, refund_of) = match kind {
        EventKind::Refunded => ("/payload/refund/entity", text(body, "/payload/refund/entity/id"), payment),
        EventKind::Paid | EventKind::Other => ("/payload/payment/entity", payment, None),
    };
    let currency = currency(body, &format!("{entity}/currency"));
    // An event without a payment is acknowledged, so that the provider does not send it again.
    let name = match &reference {
        Some(reference) => reference.clone(),
        None if kind == EventKind::Other => hex::encode(Sha256::digest(body.to_string().as_bytes())),
        None => return None,
    };
    Some(PaymentEvent {
        event_id: format!("{event_type}:{name}"),
        event_type,
        kind,
        order_number: order_number(body, "/payload/payment/entity/notes/order_number"),
        amount: amount(Scheme::Razorpay, currency.as_deref(), body, &[&format!("{entity}/amount")]),
        refunded_sum: None,
        listed_refunds: None,
        currency,
        reference,
        refund_of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stripe_event_names_its_order_and_payment() {
        let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {
            "id": "pi_1", "amount": 15000, "amount_received": 15000, "currency": "inr",
            "metadata": {"order_number": "ORD-1"}}}});
        let event = read(Scheme::Stripe, &body).unwrap();
        assert_eq!((event.kind, event.amount), (EventKind::Paid, Some(Money(15_000))));
        assert_eq!(event.order_number.as_deref(), Some("ORD-1"));
        assert_eq!(event.currency.as_deref(), Some("INR"));
        assert_eq!(read(Scheme::Stripe, &json!({"type": "x"})), None);
    }

    #[test]
    fn a_razorpay_event_is_named_by_what_is_signed() {
        let body = json!({"event": "payment.captured", "payload": {"payment": {"entity": {
            "id": "pay_1", "amount": 100, "currency": "INR", "notes": {"order_number": "ORD-1"}}}}});
        let event = read(Scheme::Razorpay, &body).unwrap();
        assert_eq!((event.event_id.as_str(), event.kind), ("payment.captured:pay_1", EventKind::Paid));
    }

    #[test]
    fn a_refund_names_its_payment_and_its_own_amount() {
        let charge = |refunds: Value| {
            json!({"id": "evt_1", "type": "charge.refunded", "data": {
                "object": {"id": "ch_1", "payment_intent": "pi_1", "amount": 15_000, "amount_refunded": 9_000,
                    "currency": "inr", "refunds": refunds, "metadata": {"order_number": "ORD-1"}},
                "previous_attributes": {"amount_refunded": 4_000}}})
        };
        let list = json!({"data": [{"id": "re_2", "amount": 5_000}, {"id": "re_0", "amount": 1, "status": "failed"},
            {"id": "re_1", "amount": 4_000, "status": "pending"}, {"id": "re_1", "amount": 4_000}]});
        let two = vec![("re_2".to_owned(), Money(5_000)), ("re_1".to_owned(), Money(4_000))];
        let unreadable = json!({"data": [{"id": "re_2", "amount": 5_000}, {"id": "re_1"}]});
        for (refunds, listed) in
            [(list, Some(two)), (json!(null), None), (json!({"data": []}), None), (unreadable, None)]
        {
            let event = read(Scheme::Stripe, &charge(refunds)).unwrap();
            assert_eq!((event.kind, event.amount), (EventKind::Refunded, None));
            assert_eq!(event.listed_refunds.as_deref().map(|listed| restore_listed(&store_listed(listed))), listed);
            assert_eq!((event.refunded_sum, event.listed_refunds), (Some(Money(9_000)), listed));
            let named = (event.reference.as_deref(), event.refund_of.as_deref(), event.order_number.as_deref());
            assert_eq!(named, (Some("ch_1:9000"), Some("pi_1"), Some("ORD-1")));
        }
        let body = json!({"event": "refund.processed", "payload": {
            "refund": {"entity": {"id": "rfnd_1", "amount": 4_000, "currency": "INR", "payment_id": "pay_1", "notes": []}},
            "payment": {"entity": {"id": "pay_1", "amount": 15_000, "currency": "INR", "notes": []}}}});
        let event = read(Scheme::Razorpay, &body).unwrap();
        assert_eq!((event.event_id.as_str(), event.kind), ("refund.processed:rfnd_1", EventKind::Refunded));
        let named = (event.reference.as_deref(), event.refund_of.as_deref(), event.order_number.as_deref());
        assert_eq!((named, event.amount), ((Some("rfnd_1"), Some("pay_1"), None), Some(Money(4_000))));
    }

    #[test]
    fn an_amount_that_cannot_be_held_is_no_amount() {
        for amount in [json!(-1), json!(1.5), json!(u64::MAX), json!(1e300), json!("15000"), json!(null), json!([1])] {
            let body = json!({"id": "evt_1", "type": "payment_intent.succeeded",
                "data": {"object": {"id": "pi_1", "amount": amount, "currency": "inr"}}});
            assert_eq!(read(Scheme::Stripe, &body).unwrap().amount, None, "{amount}");
        }
        let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {
            "id": "pi_1", "amount": 15000, "currency": "zzz", "metadata": {"order_number": "ord-1"}}}});
        let event = read(Scheme::Stripe, &body).unwrap();
        assert_eq!((event.amount, event.order_number.as_deref()), (None, Some("ORD-1")));
    }

    #[test]
    fn a_failed_or_abandoned_attempt_ends_nothing() {
        for name in ["payment_intent.payment_failed", "payment_intent.canceled"] {
            let body = json!({"id": "evt_2", "type": name, "data": {"object": {"id": "pi_1"}}});
            assert_eq!(read(Scheme::Stripe, &body).unwrap().kind, EventKind::Other);
        }
    }

    #[test]
    fn an_event_without_a_payment_is_still_an_event() {
        let body = json!({"event": "payment.downtime.started", "payload": {}});
        assert_eq!(read(Scheme::Razorpay, &body).unwrap().kind, EventKind::Other);
        assert_eq!(read(Scheme::Razorpay, &json!({"event": "payment.captured", "payload": {}})), None);
    }
}
