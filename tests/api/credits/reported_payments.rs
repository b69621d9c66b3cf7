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

#[test]
fn staff_accept_a_reused_payment_that_grew() {
    let shop = open();
    for (place, amount) in [json!(null), json!(20), json!(15)].into_iter().enumerate() {
        let ([first, second], payment) = ([(); 2].map(|()| shop.order(2)), format!("pi_{place}"));
        let event = |number: i64| format!("evt_{place}_{number}");
        outcome(shop.app.stripe(&stripe_event(&event(1), &first, &payment, 2_000)), "applied");
        outcome(shop.app.stripe(&stripe_event(&event(2), &second, &payment, 1_500)), "mismatched");
        let mut accept = json!({"payment_reference": payment, "accept_reused": true});
        shop.app.without_effect(|| shop.post(&second, "payment/confirm", &accept)).refused_field("amount");
        outcome(shop.app.stripe(&stripe_event(&event(3), &second, &payment, 2_000)), "mismatched");
        assert_eq!(shop.money(&second), [20.0, 20.0, 20.0, 20.0]);
        accept["amount"] = json!(18);
        shop.app.without_effect(|| shop.post(&second, "payment/confirm", &accept)).refused_field("amount");
        accept["amount"] = amount;
        for _again in 0..2 {
            let paid = shop.post(&second, "payment/confirm", &accept).expect(200).json();
            assert_eq!((&paid["payment_status"], &paid["payment_reference"]), (&json!("paid"), &json!(payment)));
            assert_eq!(shop.money(&second), [20.0, 20.0, 0.0, 0.0]);
        }
    }
}

#[test]
fn a_payment_that_grew_is_confirmed_again_with_its_whole_amount() {
    let shop = open();
    let confirm = |order: &Value, reference: &str, amount: i64| {
        shop.post(order, "payment/confirm", &json!({"payment_reference": reference, "amount": amount}))
    };
    // 10.00 that staff confirmed, and 20.00 in all.
    let order = half_order(&shop, "pi_same");
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_same", 2_000)), "mismatched");
    // A part, and then 23.00 in all, of which 3.00 are more than the total.
    let of_parts = shop.mara.order_upi(&shop.rice, 2);
    outcome(shop.app.stripe(&stripe_event("evt_2", &of_parts, "pi_part", 500)), "mismatched");
    outcome(shop.app.stripe(&stripe_event("evt_3", &of_parts, "pi_part", 2_300)), "mismatched");
    for (order, reference, amounts, money) in [
        (&order, "pi_same", [20, 10], [10.0, 20.0, 10.0, 10.0]),
        (&of_parts, "pi_part", [23, 5], [20.0, 23.0, 3.0, 3.0]),
    ] {
        amounts.into_iter().for_each(|amount| drop(confirm(order, reference, amount).expect(200)));
        shop.app.without_effect(|| confirm(order, reference, 15)).refused_field("amount");
        assert_eq!(shop.money(order), money);
    }
}
