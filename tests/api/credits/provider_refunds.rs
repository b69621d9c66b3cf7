//! Refunds that payment providers report.

use super::Shop;
use crate::common::provider::{razorpay_event, stripe_event, with_providers};
use crate::common::{Reply, TestApp, Value, json};

fn open() -> Shop {
    Shop::with(TestApp::with(with_providers))
}

#[track_caller]
pub(super) fn outcome(reply: Reply, outcome: &str) {
    assert_eq!(reply.expect(200).json(), json!({"received": true, "outcome": outcome}));
}

/// Stripe's event of the charge of `pi_1` of which `sum` is refunded by now, `before` of it by earlier refunds.
pub(super) fn charge_refunded(event: &str, order: &Value, (sum, before): (i64, i64), refunds: &Value) -> Value {
    json!({"id": event, "object": "event", "type": "charge.refunded", "data": {
        "object": {"id": "ch_1", "object": "charge", "amount": 5_000, "amount_refunded": sum, "currency": "inr",
            "payment_intent": "pi_1", "refunded": sum == 5_000, "refunds": refunds,
            "metadata": {"order_number": order["order_number"]}},
        "previous_attributes": {"amount_refunded": before}}})
}

/// Razorpay's event of a refund. The payment has no notes.
pub(super) fn refund_processed(refund: &str, payment: &str, amount: i64) -> Value {
    json!({"entity": "event", "event": "refund.processed", "contains": ["refund", "payment"], "payload": {
        "refund": {"entity": {"id": refund, "entity": "refund", "amount": amount, "currency": "INR",
            "payment_id": payment, "notes": [], "status": "processed"}},
        "payment": {"entity": {"id": payment, "amount": 5_000, "currency": "INR", "status": "captured",
            "amount_refunded": amount, "notes": []}}}})
}

/// The same event of another payment.
pub(super) fn of_payment(mut event: Value, charge: &str, payment: &str) -> Value {
    let object = &mut event["data"]["object"];
    (object["id"], object["payment_intent"]) = (json!(charge), json!(payment));
    event
}

/// An event as newer versions of the API send it, without the list of refunds.
pub(super) fn sum_refunded(event: &str, order: &Value, sum: i64) -> Value {
    charge_refunded(event, order, (sum, 0), &Value::Null)
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
    let waiting = of_payment(sum_refunded("evt_7", &unknown, 1_000), "ch_9", "pi_9");
    outcome(shop.app.stripe(&waiting), "unmatched");
    // Of more than was received, the 20.00 that are left are recorded.
    outcome(shop.app.stripe(&charge_refunded("evt_5", &order, (9_000, 3_000), &Value::Null)), "mismatched");
    assert_eq!(refunded(&shop, &order), 50.0);
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
    outcome(shop.app.razorpay(&refund_processed("rfnd_3", "pay_of_nobody", 500)), "unmatched");
    let mut foreign = refund_processed("rfnd_4", "pay_1", 500);
    foreign["payload"]["refund"]["entity"]["currency"] = json!("USD");
    outcome(shop.app.razorpay(&foreign), "mismatched");
    let mut nameless = refund_processed("rfnd_5", "pay_1", 500);
    nameless["payload"]["refund"] = json!({});
    shop.app.without_effect(|| shop.app.razorpay(&nameless)).refused(422, "VALIDATION_FAILED");
    assert_eq!(refunded(&shop, &order), 15.0);
}

#[test]
fn a_refund_that_arrives_before_its_payment_waits_for_it() {
    let shop = open();
    let [by_sum, by_name, by_payment] = [(); 3].map(|()| shop.mara.order_upi(&shop.rice, 3));
    let list = json!({"data": [{"id": "re_1", "amount": 1_500}]});
    let named = of_payment(charge_refunded("evt_2", &by_name, (1_500, 0), &list), "ch_2", "pi_2");
    let refunds = || {
        let summed = shop.app.stripe(&sum_refunded("evt_1", &by_sum, 1_000));
        [summed, shop.app.stripe(&named), shop.app.razorpay(&refund_processed("rfnd_1", "pay_3", 2_000))]
    };
    refunds().into_iter().for_each(|reply| outcome(reply, "unmatched"));
    assert_eq!(shop.app.apply_waiting_events(), 0);
    outcome(shop.app.stripe(&stripe_event("evt_3", &by_sum, "pi_1", 5_000)), "applied");
    outcome(shop.app.stripe(&stripe_event("evt_4", &by_name, "pi_2", 5_000)), "applied");
    // Staff report this payment.
    shop.confirm(&by_payment, "pay_3").expect(200);
    assert_eq!((shop.app.apply_waiting_events(), shop.app.apply_waiting_events()), (3, 0));
    refunds().into_iter().for_each(|reply| outcome(reply, "duplicate"));
    assert_eq!(shop.app.apply_waiting_events(), 0);
    let orders = [&by_sum, &by_name, &by_payment];
    assert_eq!(orders.map(|order| refunded(&shop, order)), [10.0, 15.0, 20.0].map(|amount| json!(amount)));
    for order in orders {
        assert_eq!(shop.app.status(order), ("pending".into(), "paid".into()));
    }
    // The next refund is added to the one that waited.
    outcome(shop.app.stripe(&sum_refunded("evt_5", &by_sum, 5_000)), "applied");
    assert_eq!(shop.app.status(&by_sum), ("pending".into(), "refunded".into()));
}

#[test]
fn a_waiting_refund_of_too_much_is_recorded_in_part() {
    let shop = open();
    let order = shop.mara.order_upi(&shop.rice, 3);
    outcome(shop.app.stripe(&sum_refunded("evt_1", &order, 6_000)), "unmatched");
    outcome(shop.app.stripe(&stripe_event("evt_2", &order, "pi_1", 5_000)), "applied");
    // The event is settled as mismatched, and waits no longer.
    assert_eq!((shop.app.apply_waiting_events(), shop.app.apply_waiting_events()), (1, 0));
    assert_eq!(refunded(&shop, &order), 50.0);
    outcome(shop.app.stripe(&sum_refunded("evt_3", &order, 5_000)), "applied");
    assert_eq!(refunded(&shop, &order), 50.0);
}

/// The order number is in the notes of the payment.
fn naming(mut event: Value, order: &Value) -> Value {
    event["payload"]["payment"]["entity"]["notes"] = json!({"order_number": order["order_number"]});
    event
}

#[test]
fn a_refund_is_not_counted_against_another_payment_of_its_order() {
    let shop = open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    let order = shop.order(3);
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_a", 3_000)), "applied");
    outcome(shop.app.razorpay(&naming(refund_processed("rfnd_1", "pay_b", 1_000), &order)), "unmatched");
    outcome(shop.app.stripe(&sum_refunded("evt_1", &order, 500)), "unmatched");
    assert_eq!((shop.money(&order), refunded(&shop, &order)), ([30.0, 30.0, 0.0, 0.0], json!(0.0)));
    assert_eq!(shop.app.apply_waiting_events(), 0);
    // The payment of the first refund is a second payment of the order: 30.00 are unapplied, and 10.00 came back.
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_b", 3_000)), "mismatched");
    assert_eq!((shop.app.apply_waiting_events(), shop.app.apply_waiting_events()), (1, 0));
    assert_eq!((shop.money(&order), refunded(&shop, &order)), ([30.0, 60.0, 20.0, 20.0], json!(10.0)));

    // Staff confirmed this payment without the reference of the provider. A refund of it waits.
    let order = shop.order(3);
    shop.confirm(&order, "at the counter").expect(200);
    outcome(shop.app.razorpay(&naming(refund_processed("rfnd_2", "pay_c", 1_000), &order)), "unmatched");
    assert_eq!((shop.app.apply_waiting_events(), refunded(&shop, &order)), (0, json!(0.0)));
}

#[test]
fn a_refund_belongs_to_the_order_of_its_payment() {
    let shop = open();
    let [paid, named] = [(); 2].map(|()| shop.order(3));
    outcome(shop.app.razorpay(&razorpay_event(&paid, "pay_a", 5_000)), "applied");
    outcome(shop.app.razorpay(&naming(refund_processed("rfnd_1", "pay_a", 1_000), &named)), "applied");
    assert_eq!([&paid, &named].map(|order| refunded(&shop, order)), [json!(10.0), json!(0.0)]);
}

/// A shop without a fee for the delivery.
pub(super) fn open_without_fee() -> Shop {
    let shop = open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    shop
}

/// Exchanges units of the first item for one unit of a product of this price. Returns the new order.
pub(super) fn exchange(shop: &Shop, order: &Value, quantity: i64, price: f64) -> Value {
    let product = shop.app.product(&format!("for-{}", order["id"]), price, 10);
    let cancel = json!([{"item_id": order["items"][0]["id"], "quantity": quantity}]);
    let body = json!({"cancel": cancel, "items": [{"product_id": product.id, "quantity": 1}]});
    shop.post(order, "exchange", &body).expect(201).json()["order"].clone()
}

/// Received, refunded and due amount of an order.
pub(super) fn flow(shop: &Shop, order: &Value) -> [f64; 3] {
    let now = shop.app.order(order);
    ["received_amount", "refunded_amount", "refund_due_amount"].map(|name| now[name].as_f64().unwrap())
}

#[test]
fn a_refund_of_the_whole_payment_follows_its_money_to_the_order_of_an_exchange() {
    let shop = open_without_fee();
    let order = shop.mara.order_upi(&shop.rice, 2);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_1", 2_000)), "applied");
    // 7.00 of the 20.00 pay for the new order, so the old one holds 13.00.
    let new = exchange(&shop, &order, 2, 7.0);
    shop.post(&new, "cancel", &json!({})).expect(200);
    assert_eq!((flow(&shop, &order), flow(&shop, &new)), ([20.0, 0.0, 13.0], [7.0, 0.0, 7.0]));
    let event = sum_refunded("evt_2", &order, 2_000);
    outcome(shop.app.stripe(&event), "applied");
    outcome(shop.app.stripe(&event), "duplicate");
    outcome(shop.app.stripe(&sum_refunded("evt_3", &order, 2_000)), "applied");
    assert_eq!((flow(&shop, &order), flow(&shop, &new)), ([20.0, 13.0, 0.0], [7.0, 7.0, 0.0]));
    assert_eq!(shop.app.order(&new)["payment_status"], "refunded");
    shop.app.without_effect(|| {
        for order in [&order, &new] {
            shop.refund(order, &json!({"refund_reference": "again"})).refused(409, "INVALID_TRANSITION");
        }
    });
}

#[test]
fn sums_of_refunds_follow_a_chain_of_exchanges() {
    let shop = open_without_fee();
    let first = shop.mara.order_upi(&shop.rice, 2);
    outcome(shop.app.stripe(&stripe_event("evt_1", &first, "pi_1", 2_000)), "applied");
    // The orders hold 5.00, 10.00 and 5.00 of the 20.00.
    let second = exchange(&shop, &first, 2, 15.0);
    let third = exchange(&shop, &second, 1, 5.0);
    let refunds = || [&first, &second, &third].map(|order| flow(&shop, order)[1]);
    for (event, sum, expected) in [
        ("evt_2", 800, [5.0, 3.0, 0.0]),
        ("evt_3", 1_700, [5.0, 10.0, 2.0]),
        ("evt_4", 1_200, [5.0, 10.0, 2.0]),
        ("evt_5", 2_000, [5.0, 10.0, 5.0]),
    ] {
        outcome(shop.app.stripe(&sum_refunded(event, &first, sum)), "applied");
        assert_eq!(refunds(), expected, "{event}");
    }
}

#[test]
fn a_refund_of_a_new_order_takes_nothing_from_the_old_one() {
    let shop = open_without_fee();
    let order = shop.order(2);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_1", 2_000)), "applied");
    // 10.00 by the credit, and 15.00 by another payment.
    let new = exchange(&shop, &order, 1, 25.0);
    outcome(shop.app.stripe(&stripe_event("evt_2", &new, "pi_2", 1_500)), "applied");
    let of_new = |event: &str, sum: i64| of_payment(sum_refunded(event, &new, sum), "ch_2", "pi_2");
    outcome(shop.app.stripe(&of_new("evt_3", 600)), "applied");
    assert_eq!((flow(&shop, &order)[1], flow(&shop, &new)[1]), (0.0, 6.0));
    // The refund of the first payment takes 10.00 of the old order, and 10.00 of the new one.
    outcome(shop.app.stripe(&sum_refunded("evt_4", &order, 2_000)), "applied");
    assert_eq!((flow(&shop, &order)[1], flow(&shop, &new)[1]), (10.0, 16.0));
    outcome(shop.app.stripe(&of_new("evt_5", 1_500)), "applied");
    assert_eq!((flow(&shop, &order)[1], flow(&shop, &new)[1]), (10.0, 25.0));
}

#[test]
fn a_refund_of_razorpay_follows_its_money_to_the_order_of_an_exchange() {
    let shop = open_without_fee();
    let order = shop.order(2);
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_1", 2_000)), "applied");
    let new = exchange(&shop, &order, 1, 10.0);
    let event = refund_processed("rfnd_1", "pay_1", 2_000);
    outcome(shop.app.razorpay(&event), "applied");
    outcome(shop.app.razorpay(&event), "duplicate");
    assert_eq!([&order, &new].map(|order| refunded(&shop, order)), [json!(10.0), json!(10.0)]);
}

#[test]
fn the_part_of_a_refund_that_no_order_holds_is_reported() {
    let shop = open_without_fee();
    let order = shop.order(3);
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_1", 3_000)), "applied");
    shop.refund(&order, &json!({"refund_reference": "cash-1", "amount": 20})).expect(200);
    let event = refund_processed("rfnd_1", "pay_1", 3_000);
    outcome(shop.app.razorpay(&event), "mismatched");
    outcome(shop.app.razorpay(&event), "duplicate");
    assert_eq!((flow(&shop, &order), shop.app.status(&order).1), ([30.0, 30.0, 0.0], "refunded".into()));
    let audit = shop.app.admin().get("/audit?entity=Order").expect(200).json();
    let detail = format!(
        "Refund rfnd_1 of order {}: 20.00 of it is more than the orders hold, and is not recorded",
        order["order_number"].as_str().unwrap()
    );
    let reported = audit["items"].as_array().unwrap().iter().filter(|entry| entry["detail"] == detail);
    assert_eq!(reported.map(|entry| entry["actor"].clone()).collect::<Vec<_>>(), ["system"]);
}

#[test]
fn only_the_unrecorded_part_of_a_sum_of_refunds_is_recorded() {
    let shop = open();
    let order = shop.mara.order_upi(&shop.rice, 3);
    outcome(shop.app.stripe(&stripe_event("evt_1", &order, "pi_1", 5_000)), "applied");
    let report = |event: &str, sum: i64| {
        outcome(shop.app.stripe(&sum_refunded(event, &order, sum)), "applied");
        refunded(&shop, &order)
    };
    // Staff recorded the first refund before the provider reports it.
    shop.refund(&order, &json!({"refund_reference": "re_1", "amount": 10})).expect(200);
    assert_eq!(report("evt_2", 1_000), 10.0);
    assert_eq!(report("evt_3", 2_500), 25.0);
    // A smaller sum arrives late, and the same sum in another event.
    assert_eq!(report("evt_4", 4_000), 40.0);
    assert_eq!(report("evt_5", 3_000), 40.0);
    assert_eq!(report("evt_6", 4_000), 40.0);
    // Money that was given back without Stripe is no part of its sum.
    shop.refund(&order, &json!({"refund_reference": "cash-1", "amount": 5})).expect(200);
    assert_eq!(report("evt_7", 4_500), 50.0);
    assert_eq!(shop.app.status(&order).1, "refunded");
}

#[test]
fn the_sums_of_two_payments_of_an_order_are_added_up() {
    let shop = open();
    for (first, second) in [(0, 1), (1, 0)] {
        let order = shop.mara.order_upi(&shop.rice, 3);
        let name = |kind: &str, number: usize| format!("{kind}_{}_{number}", order["id"]);
        let paid = |number: usize| {
            shop.app.stripe(&stripe_event(&name("evt_paid", number), &order, &name("pi", number), 5_000))
        };
        outcome(paid(0), "applied");
        outcome(paid(1), "mismatched");
        // Staff recorded the refund of the second payment. Its reference does not name the payment.
        shop.refund(&order, &json!({"refund_reference": name("re", 1), "amount": 50})).expect(200);
        for number in [first, second] {
            let event = sum_refunded(&name("evt_back", number), &order, [1_000, 5_000][number]);
            outcome(shop.app.stripe(&of_payment(event, &name("ch", number), &name("pi", number))), "applied");
        }
        assert_eq!(refunded(&shop, &order), 60.0);
    }
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
