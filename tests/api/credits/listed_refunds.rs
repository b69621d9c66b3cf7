//! Stripe's events with lists of refunds, with sums of refunds, and refunds that staff record under ids of Stripe.

use super::Shop;
use super::provider_refunds::{charge_refunded, exchange, flow, open_without_fee, outcome, sum_refunded};
use crate::common::provider::stripe_event;
use crate::common::{Value, json};

/// An order of 30.00 that is paid by `pi_1`.
fn paid_order(shop: &Shop) -> Value {
    let order = shop.order(3);
    outcome(shop.app.stripe(&stripe_event("evt_paid", &order, "pi_1", 3_000)), "applied");
    order
}

/// A list of refunds, the newest first.
fn list(refunds: &[(&str, i64)]) -> Value {
    let refund = |(id, amount): &(&str, i64)| json!({"id": id, "amount": amount, "status": "succeeded"});
    json!({"data": refunds.iter().map(refund).collect::<Vec<_>>()})
}

/// Reports a sum with a list of refunds. Returns the refunded amount of the order.
fn report(shop: &Shop, event: &str, order: &Value, sum: i64, refunds: &[(&str, i64)]) -> f64 {
    outcome(shop.app.stripe(&charge_refunded(event, order, (sum, 0), &list(refunds))), "applied");
    flow(shop, order)[1]
}

/// Staff record a refund.
fn record(shop: &Shop, order: &Value, reference: &str, amount: impl Into<Value>) -> f64 {
    let body = json!({"refund_reference": reference, "amount": amount.into()});
    shop.refund(order, &body).expect(200).json()["refunded_amount"].as_f64().unwrap()
}

#[test]
fn every_refund_of_a_list_is_recorded_once() {
    let shop = open_without_fee();
    let order = paid_order(&shop);
    let both = [("re_b", 300), ("re_a", 500)];
    assert_eq!(report(&shop, "evt_1", &order, 800, &both), 8.0);
    assert_eq!(report(&shop, "evt_2", &order, 800, &both), 8.0);
    // The event of the first refund arrives late, and the same sum without the list.
    assert_eq!(report(&shop, "evt_3", &order, 500, &both[1..]), 8.0);
    outcome(shop.app.stripe(&sum_refunded("evt_4", &order, 800)), "applied");
    assert_eq!(flow(&shop, &order), [30.0, 8.0, 0.0]);
    // Both are known under their own ids.
    assert_eq!([record(&shop, &order, "re_a", 5), record(&shop, &order, "re_b", 3)], [8.0, 8.0]);
    assert_eq!(report(&shop, "evt_5", &order, 1_000, &[("re_c", 200), ("re_b", 300), ("re_a", 500)]), 10.0);
}

#[test]
fn a_list_adds_nothing_to_a_sum_that_is_recorded() {
    for refunds in [&[("re_x", 800)][..], &[("re_y", 300), ("re_x", 500)]] {
        let shop = open_without_fee();
        let order = paid_order(&shop);
        outcome(shop.app.stripe(&sum_refunded("evt_1", &order, 800)), "applied");
        assert_eq!(report(&shop, "evt_2", &order, 800, refunds), 8.0);
        assert_eq!(report(&shop, "evt_3", &order, 800, refunds), 8.0);
    }
}

#[test]
fn a_failed_refund_of_a_list_counts_nothing() {
    let shop = open_without_fee();
    let order = paid_order(&shop);
    for status in ["failed", "canceled"] {
        let refunds = json!({"data": [{"id": "re_b", "amount": 500, "status": status},
            {"id": "re_a", "amount": 300, "status": "pending"}]});
        let event = charge_refunded(&format!("evt_{status}"), &order, (800, 0), &refunds);
        outcome(shop.app.stripe(&event), "applied");
        assert_eq!(flow(&shop, &order)[1], 3.0);
    }
}

#[test]
fn a_list_waits_as_a_whole_for_its_payment() {
    let shop = open_without_fee();
    let order = shop.order(3);
    let event = charge_refunded("evt_1", &order, (800, 0), &list(&[("re_b", 300), ("re_a", 500)]));
    outcome(shop.app.stripe(&event), "unmatched");
    outcome(shop.app.stripe(&stripe_event("evt_2", &order, "pi_1", 3_000)), "applied");
    assert_eq!((shop.app.apply_waiting_events(), flow(&shop, &order)[1]), (1, 8.0));
    assert_eq!([record(&shop, &order, "re_a", 5), record(&shop, &order, "re_b", 3)], [8.0, 8.0]);
}

#[test]
fn a_refund_that_staff_recorded_before_an_earlier_one_arrived_counts_once() {
    let shop = open_without_fee();
    let order = paid_order(&shop);
    assert_eq!(record(&shop, &order, "re_b", 3), 3.0);
    // Never more than the reported sum, so 2.00 of the 5.00.
    assert_eq!(report(&shop, "evt_1", &order, 500, &[("re_a", 500)]), 5.0);
    assert_eq!(report(&shop, "evt_2", &order, 800, &[("re_b", 300), ("re_a", 500)]), 8.0);
    assert_eq!(report(&shop, "evt_3", &order, 800, &[("re_b", 300), ("re_a", 500)]), 8.0);
}

#[test]
fn a_refund_by_hand_under_an_id_of_stripe_is_a_part_of_a_reported_sum() {
    let shop = open_without_fee();
    let order = paid_order(&shop);
    outcome(shop.app.stripe(&sum_refunded("evt_1", &order, 800)), "applied");
    // Staff record what the provider has reported, as a whole, in parts or without the amount.
    for (reference, amount) in [("re_1", json!(8)), ("re_2", json!(3)), ("re_3", json!(5)), ("re_4", json!(null))] {
        assert_eq!(record(&shop, &order, reference, amount), 8.0);
    }
    // A new refund of at most this sum is recorded with its event, once.
    assert_eq!(record(&shop, &order, "re_5", 2), 8.0);
    outcome(shop.app.stripe(&sum_refunded("evt_2", &order, 1_000)), "applied");
    assert_eq!([flow(&shop, &order)[1], record(&shop, &order, "re_5", 2)], [10.0, 10.0]);
    // A larger one is new, and so is one that is not of Stripe.
    assert_eq!(record(&shop, &order, "re_6", 12), 22.0);
    outcome(shop.app.stripe(&sum_refunded("evt_3", &order, 2_200)), "applied");
    assert_eq!(record(&shop, &order, "cash-1", 3), 25.0);
    // Wrong requests are refused all the same.
    let wrong = json!({"refund_reference": "re_7", "amount": 1, "credit_id": 999_999});
    shop.app.without_effect(|| shop.refund(&order, &wrong)).refused_field("credit_id");
    let wrong = json!({"refund_reference": "re_7", "amount": 0.001});
    shop.app.without_effect(|| shop.refund(&order, &wrong)).refused_field("amount");
}

#[test]
fn a_refund_by_hand_is_a_part_of_a_sum_that_another_order_of_the_money_has() {
    let shop = open_without_fee();
    let order = shop.order(4);
    outcome(shop.app.stripe(&stripe_event("evt_paid", &order, "pi_1", 4_000)), "applied");
    let new = exchange(&shop, &order, 2, 20.0);
    shop.post(&new, "cancel", &json!({})).expect(200);
    outcome(shop.app.stripe(&sum_refunded("evt_1", &order, 2_000)), "applied");
    assert_eq!((flow(&shop, &order), flow(&shop, &new)), ([40.0, 0.0, 0.0], [20.0, 20.0, 0.0]));
    assert_eq!([record(&shop, &order, "re_1", 20), record(&shop, &new, "re_1", 20)], [0.0, 20.0]);
}
