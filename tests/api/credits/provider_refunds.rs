//! Refunds that payment providers report.

use super::Shop;
use crate::common::provider::{razorpay_event, stripe_event, with_providers};
use crate::common::{Reply, TestApp, Value, json};

fn open() -> Shop {
    Shop::with(TestApp::with(with_providers))
}

#[track_caller]
fn outcome(reply: Reply, outcome: &str) {
    assert_eq!(reply.expect(200).json(), json!({"received": true, "outcome": outcome}));
}

/// Stripe's event of a charge of which `sum` is refunded by now, `before` of it by earlier refunds.
fn charge_refunded(event: &str, order: &Value, (sum, before): (i64, i64), refunds: &Value) -> Value {
    json!({"id": event, "object": "event", "type": "charge.refunded", "data": {
        "object": {"id": "ch_1", "object": "charge", "amount": 5_000, "amount_refunded": sum, "currency": "inr",
            "payment_intent": "pi_1", "refunded": sum == 5_000, "refunds": refunds,
            "metadata": {"order_number": order["order_number"]}},
        "previous_attributes": {"amount_refunded": before}}})
}

/// Razorpay's event of a refund. The payment has no notes.
fn refund_processed(refund: &str, payment: &str, amount: i64) -> Value {
    json!({"entity": "event", "event": "refund.processed", "contains": ["refund", "payment"], "payload": {
        "refund": {"entity": {"id": refund, "entity": "refund", "amount": amount, "currency": "INR",
            "payment_id": payment, "notes": [], "status": "processed"}},
        "payment": {"entity": {"id": payment, "amount": 5_000, "currency": "INR", "status": "captured",
            "amount_refunded": amount, "notes": []}}}})
}

fn refunded(shop: &Shop, order: &Value) -> Value {
    shop.app.order(order)["refunded_amount"].clone()
}

#[test]
fn refunds_of_stripe_are_recorded_once() {
    let shop = open();
    let order = shop.mara.order_upi(&shop.rice, 3);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_1", 5_000)), "applied");
    // Newer versions of the API send no list of refunds.
    let first = charge_refunded("evt_2", &order, (1_000, 0), &Value::Null);
    outcome(shop.app.stripe(&first), "applied");
    outcome(shop.app.stripe(&first), "duplicate");
    assert_eq!(refunded(&shop, &order), 10.0);
    let list = json!({"data": [{"id": "re_2", "amount": 1_500}, {"id": "re_1", "amount": 1_000}]});
    outcome(shop.app.stripe(&charge_refunded("evt_3", &order, (2_500, 1_000), &list)), "applied");
    assert_eq!(refunded(&shop, &order), 25.0);
    // Staff recorded the refund before the provider reports it.
    shop.refund(&order, &json!({"refund_reference": "re_3", "amount": 5})).expect(200);
    let list = json!({"data": [{"id": "re_3", "amount": 500}, {"id": "re_2", "amount": 1_500}]});
    outcome(shop.app.stripe(&charge_refunded("evt_4", &order, (3_000, 2_500), &list)), "applied");
    assert_eq!(refunded(&shop, &order), 30.0);
    // A refund of an order that is not there waits for it.
    let unknown = json!({"order_number": "ORD-20260101-0000000000"});
    outcome(shop.app.stripe(&charge_refunded("evt_7", &unknown, (1_000, 0), &Value::Null)), "unmatched");
    // More than was received is not recorded.
    outcome(shop.app.stripe(&charge_refunded("evt_5", &order, (9_000, 3_000), &Value::Null)), "mismatched");
    outcome(shop.app.stripe(&charge_refunded("evt_6", &order, (5_000, 3_000), &Value::Null)), "applied");
    let now = shop.app.order(&order);
    assert_eq!((&now["refunded_amount"], &now["payment_status"]), (&json!(50.0), &json!("refunded")));
}

#[test]
fn refunds_of_razorpay_find_their_order_by_the_payment() {
    let shop = open();
    let order = shop.mara.order_upi(&shop.rice, 3);
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_1", 5_000)), "applied");
    shop.cancel_units(&order, 1).expect(200);
    assert_eq!(shop.money(&order), [40.0, 50.0, 0.0, 10.0]);
    let event = refund_processed("rfnd_1", "pay_1", 1_000);
    outcome(shop.app.razorpay(&event), "applied");
    outcome(shop.app.razorpay(&event), "duplicate");
    assert_eq!(shop.money(&order), [40.0, 50.0, 0.0, 0.0]);
    // Each refund of a payment is an event of its own.
    outcome(shop.app.razorpay(&refund_processed("rfnd_2", "pay_1", 500)), "applied");
    assert_eq!(refunded(&shop, &order), 15.0);
    outcome(shop.app.razorpay(&refund_processed("rfnd_3", "pay_of_nobody", 500)), "mismatched");
    let mut foreign = refund_processed("rfnd_4", "pay_1", 500);
    foreign["payload"]["refund"]["entity"]["currency"] = json!("USD");
    outcome(shop.app.razorpay(&foreign), "mismatched");
    let mut nameless = refund_processed("rfnd_5", "pay_1", 500);
    nameless["payload"]["refund"] = json!({});
    shop.app.without_effect(|| shop.app.razorpay(&nameless)).refused(422, "VALIDATION_FAILED");
    assert_eq!(refunded(&shop, &order), 15.0);
}

#[test]
fn a_payment_by_callback_that_paid_another_order_is_due_back() {
    let shop = open();
    let (first, second) = (shop.mara.order_upi(&shop.rice, 3), shop.mara.order_upi(&shop.rice, 3));
    outcome(shop.app.stripe(&stripe_event("evt_1", &first, "pi_1", 5_000)), "applied");
    outcome(shop.app.stripe(&stripe_event("evt_2", &second, "pi_1", 5_000)), "mismatched");
    outcome(shop.app.stripe(&stripe_event("evt_3", &second, "pi_1", 5_000)), "mismatched");
    assert_eq!(shop.money(&second), [50.0, 50.0, 50.0, 50.0]);
    assert_eq!(shop.app.status(&second), ("under_paying".into(), "pending".into()));
}

#[test]
fn a_callback_after_a_credit_pays_the_rest() {
    let shop = open();
    let order = shop.order(3);
    shop.cancel_units(&order, 1).expect(200);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_1", 4_000)), "applied");
    assert_eq!((shop.money(&order), shop.app.status(&order).1), ([40.0, 40.0, 0.0, 0.0], "paid".into()));
    // The customer paid the first total: the excess is due back.
    let order = shop.order(3);
    shop.cancel_units(&order, 1).expect(200);
    outcome(shop.app.stripe(&stripe_event("evt_2", &order, "pi_2", 5_000)), "mismatched");
    assert_eq!((shop.money(&order), shop.app.status(&order).1), ([40.0, 50.0, 10.0, 10.0], "paid".into()));
}
