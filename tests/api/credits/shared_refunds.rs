//! Refunds that payment providers report, of payments whose money several orders hold.

use super::provider_refunds::{exchange, flow, open_without_fee, outcome, refund_processed};
use crate::common::json;
use crate::common::provider::razorpay_event;

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
