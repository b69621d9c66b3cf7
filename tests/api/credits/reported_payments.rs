//! Payments that staff confirmed, or that were reported in part, and that a provider reports with a larger amount.

use super::Shop;
use crate::common::provider::{razorpay_event, stripe_event, with_providers};
use crate::common::{Reply, TestApp, Value, json};

/// A shop without a fee for the delivery.
fn open() -> Shop {
    let shop = Shop::with(TestApp::with(with_providers));
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    shop
}

#[track_caller]
fn outcome(reply: Reply, outcome: &str) {
    assert_eq!(reply.expect(200).json(), json!({"received": true, "outcome": outcome}));
}

/// An order of 20.00 of which one of two units is cancelled. Staff confirmed the rest, 10.00.
fn half_order(shop: &Shop, reference: &str) -> Value {
    let order = shop.order(2);
    shop.cancel_units(&order, 1).expect(200);
    shop.confirm(&order, reference).expect(200);
    assert_eq!(shop.money(&order), [10.0, 10.0, 0.0, 0.0]);
    order
}

#[test]
fn money_above_a_confirmed_amount_is_recorded_once() {
    let shop = open();
    let order = half_order(&shop, "pi_same");
    let event = stripe_event("evt_1", &order, "pi_same", 2_000);
    outcome(shop.app.stripe(&event), "mismatched");
    assert_eq!(shop.money(&order), [10.0, 20.0, 10.0, 10.0]);
    outcome(shop.app.stripe(&event), "duplicate");
    outcome(shop.app.stripe(&stripe_event("evt_2", &order, "pi_same", 2_000)), "mismatched");
    assert_eq!(shop.money(&order), [10.0, 20.0, 10.0, 10.0]);
    assert_eq!(shop.app.order(&order)["payment_reference"], "pi_same");
    // Only a larger amount adds something.
    outcome(shop.app.stripe(&stripe_event("evt_3", &order, "pi_same", 2_500)), "mismatched");
    outcome(shop.app.stripe(&stripe_event("evt_4", &order, "pi_same", 2_000)), "mismatched");
    assert_eq!(shop.money(&order), [10.0, 25.0, 15.0, 15.0]);
    let settled = shop.refund(&order, &json!({"refund_reference": "re_1", "amount": 15})).expect(200).json();
    assert_eq!((&settled["refund_due"], &settled["payment_status"]), (&json!(false), &json!("paid")));
}

#[test]
fn less_than_a_confirmed_amount_changes_nothing() {
    let shop = open();
    let order = half_order(&shop, "pay_same");
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_same", 999)), "mismatched");
    assert_eq!(shop.money(&order), [10.0, 10.0, 0.0, 0.0]);
    let order = half_order(&shop, "pay_equal");
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_equal", 1_000)), "applied");
    assert_eq!(shop.money(&order), [10.0, 10.0, 0.0, 0.0]);
}

#[test]
fn the_rest_of_a_payment_of_a_cancelled_order_is_due_back() {
    let shop = open();
    let order = half_order(&shop, "pi_late");
    shop.post(&order, "cancel", &json!({})).expect(200);
    assert_eq!(shop.money(&order), [0.0, 10.0, 0.0, 10.0]);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_late", 2_000)), "refund_due");
    assert_eq!(shop.money(&order), [0.0, 20.0, 10.0, 20.0]);
}

#[test]
fn the_rest_of_a_part_pays_the_order() {
    let shop = open();
    let order = shop.mara.order_upi(&shop.rice, 2);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_part", 500)), "mismatched");
    outcome(shop.app.stripe(&stripe_event("evt_2", &order, "pi_part", 2_300)), "mismatched");
    assert_eq!(shop.money(&order), [20.0, 23.0, 3.0, 3.0]);
    assert_eq!(shop.app.status(&order), ("pending".into(), "paid".into()));
}

#[test]
fn the_rest_of_a_payment_of_another_order_is_not_accepted() {
    let shop = open();
    let (first, second) = (shop.order(1), shop.order(2));
    outcome(shop.app.stripe(&stripe_event("evt_1", &first, "pi_1", 1_000)), "applied");
    outcome(shop.app.stripe(&stripe_event("evt_2", &second, "pi_1", 1_000)), "mismatched");
    outcome(shop.app.stripe(&stripe_event("evt_3", &second, "pi_1", 1_200)), "mismatched");
    assert_eq!(shop.money(&second), [20.0, 12.0, 12.0, 12.0]);
    assert_eq!(shop.app.status(&second).1, "pending");
}
