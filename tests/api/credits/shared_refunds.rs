//! Refunds that payment providers report, of payments whose money several orders hold.

use super::Shop;
use super::provider_refunds::{exchange, flow, open_without_fee, outcome, refund_processed, sum_refunded};
use crate::common::provider::{razorpay_event, stripe_event};
use crate::common::{Value, json};

#[test]
fn a_reported_refund_goes_to_the_order_to_which_it_is_due() {
    let shop = open_without_fee();
    for (payment, amounts, expected) in
        [("pay_1", &[2_000, 500][..], [[0.0, 20.0], [5.0, 20.0]]), ("pay_2", &[3_000][..], [[10.0, 20.0]; 2])]
    {
        let order = shop.order(4);
        outcome(shop.app.razorpay(&razorpay_event(&order, payment, 4_000)), "applied");
        // 20.00 of the 40.00 pay for the new order, which is cancelled.
        let new = exchange(&shop, &order, 2, 20.0);
        shop.post(&new, "cancel", &json!({})).expect(200);
        assert_eq!((flow(&shop, &order), flow(&shop, &new)), ([40.0, 0.0, 0.0], [20.0, 0.0, 20.0]));
        for (place, amount) in amounts.iter().enumerate() {
            let event = refund_processed(&format!("rfnd_{payment}_{place}"), payment, *amount);
            outcome(shop.app.razorpay(&event), "applied");
            let [of_order, of_new] = expected[place];
            assert_eq!((flow(&shop, &order), flow(&shop, &new)), ([40.0, of_order, 0.0], [20.0, of_new, 0.0]));
        }
        assert_eq!(shop.app.status(&order).1, "paid");
    }
}

/// Two orders of 20.00. The second one has the payment of the first one, too.
fn orders_of_one_payment(shop: &Shop, payment: &str) -> [Value; 2] {
    let [first, second] = [(); 2].map(|()| shop.order(2));
    outcome(shop.app.stripe(&stripe_event(&format!("evt_{payment}"), &first, payment, 2_000)), "applied");
    shop.confirm(&second, payment).refused(409, "PAYMENT_REFERENCE_USED");
    assert_eq!(flow(shop, &second), [20.0, 0.0, 20.0]);
    [first, second]
}

fn accept(shop: &Shop, order: &Value, payment: &str) {
    let body = json!({"payment_reference": payment, "accept_reused": true});
    shop.post(order, "payment/confirm", &body).expect(200);
}

#[test]
fn a_refund_of_a_payment_of_two_orders_goes_to_the_one_to_which_it_is_due() {
    let shop = open_without_fee();
    let [first, second] = orders_of_one_payment(&shop, "pi_1");
    // The payment of the second order was not accepted. The event names the first order.
    outcome(shop.app.stripe(&sum_refunded("evt_1", &first, 2_000)), "applied");
    assert_eq!([&first, &second].map(|order| flow(&shop, order)), [[20.0, 0.0, 0.0], [20.0, 20.0, 0.0]]);
    outcome(shop.app.stripe(&sum_refunded("evt_2", &first, 2_500)), "applied");
    assert_eq!([&first, &second].map(|order| flow(&shop, order)), [[20.0, 5.0, 0.0], [20.0, 20.0, 0.0]]);
}

#[test]
fn a_refund_of_an_accepted_payment_of_two_orders_takes_the_first_use_first() {
    let shop = open_without_fee();
    let [first, second] = orders_of_one_payment(&shop, "pi_1");
    accept(&shop, &second, "pi_1");
    for (event, sum, expected) in [("evt_1", 3_000, [20.0, 10.0]), ("evt_2", 4_000, [20.0, 20.0])] {
        // The event names the second order.
        outcome(shop.app.stripe(&sum_refunded(event, &second, sum)), "applied");
        assert_eq!([&first, &second].map(|order| flow(&shop, order)[1]), expected, "{event}");
    }
    assert_eq!([&first, &second].map(|order| shop.app.status(order).1), ["refunded", "refunded"]);
}

#[test]
fn a_refund_that_staff_recorded_for_another_order_of_the_payment_is_known() {
    let shop = open_without_fee();
    let [first, second] = orders_of_one_payment(&shop, "pay_1");
    shop.refund(&second, &json!({"refund_reference": "rfnd_1", "amount": 20})).expect(200);
    outcome(shop.app.razorpay(&refund_processed("rfnd_1", "pay_1", 2_000)), "applied");
    assert_eq!([&first, &second].map(|order| flow(&shop, order)[1]), [0.0, 20.0]);
}

#[test]
fn a_refund_follows_the_money_of_each_order_of_its_payment() {
    let shop = open_without_fee();
    let [first, second] = orders_of_one_payment(&shop, "pay_1");
    accept(&shop, &second, "pay_1");
    let new = exchange(&shop, &second, 2, 20.0);
    shop.post(&new, "cancel", &json!({})).expect(200);
    outcome(shop.app.razorpay(&refund_processed("rfnd_1", "pay_1", 2_500)), "applied");
    assert_eq!([&first, &second, &new].map(|order| flow(&shop, order)[1]), [5.0, 0.0, 20.0]);
}

#[test]
fn several_refunds_take_no_more_than_the_passed_money() {
    let shop = open_without_fee();
    let order = shop.order(2);
    outcome(shop.app.razorpay(&razorpay_event(&order, "pay_1", 2_000)), "applied");
    // The new order has 20.00 of the first payment, and 5.00 of its own.
    let new = exchange(&shop, &order, 2, 25.0);
    outcome(shop.app.razorpay(&razorpay_event(&new, "pay_2", 500)), "applied");
    for (refund, amount, expected, refunded) in
        [("rfnd_1", 800, "applied", 8.0), ("rfnd_2", 1_200, "applied", 20.0), ("rfnd_3", 300, "mismatched", 20.0)]
    {
        outcome(shop.app.razorpay(&refund_processed(refund, "pay_1", amount)), expected);
        assert_eq!([&order, &new].map(|order| flow(&shop, order)[1]), [0.0, refunded]);
    }
    outcome(shop.app.razorpay(&refund_processed("rfnd_4", "pay_2", 500)), "applied");
    assert_eq!(flow(&shop, &new)[1], 25.0);
}
