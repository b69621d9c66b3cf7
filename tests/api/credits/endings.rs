//! Every end of an order credits the rest of it, with the delivery.

use super::Shop;
use crate::common::{TestApp, Value, json};

fn upi(shop: &Shop, quantity: i64) -> Value {
    shop.mara.order_upi(&shop.rice, quantity)
}

/// The order is worth nothing any more, and its credits have these totals.
#[track_caller]
fn assert_ended(shop: &Shop, order: &Value, payment: &str, totals: &[f64]) {
    let now = shop.app.order(order);
    assert_eq!((&now["status"], &now["payment_status"]), (&json!("cancelled"), &json!(payment)));
    assert_eq!((&now["net_total"], &now["credited_amount"]), (&json!(0.0), &now["total_amount"]));
    assert_eq!(now["items"][0]["cancelled_quantity"], now["items"][0]["quantity"]);
    assert_eq!(now["items"][0]["allocations"], json!([]));
    assert_eq!(shop.totals(order), totals);
}

#[test]
fn a_cancelled_failed_or_expired_order_is_worth_nothing() {
    let shop = Shop::open();
    let (cancelled, held) = (shop.order(2), upi(&shop, 2));
    shop.mara.cancel(&cancelled).expect(200);
    assert_ended(&shop, &cancelled, "pending", &[40.0]);
    shop.mara.cancel(&held).expect(200);
    assert_ended(&shop, &held, "pending", &[40.0]);
    let failed = upi(&shop, 3);
    shop.post(&failed, "payment/fail", &json!({"reason": "Declined"})).expect(200);
    assert_ended(&shop, &failed, "failed", &[50.0]);
    assert_eq!(shop.credits(&failed)[0]["reason"], "Declined");
    let expired: Vec<Value> = (1..4).map(|units| upi(&shop, units)).collect();
    shop.app.advance(901);
    assert_eq!(shop.app.expire_holds(), 3);
    for (order, total) in expired.iter().zip([30.0, 40.0, 50.0]) {
        assert_ended(&shop, order, "expired", &[total]);
        let credit = &shop.credits(order)[0];
        assert_eq!((&credit["actor"], &credit["shipping_amount"]), (&json!("system"), &json!(20.0)));
    }
    assert_eq!(shop.app.stock(&shop.rice), (1_000, 0, 0));
    let figures = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(0.0), &json!(0)));
}

#[test]
fn an_end_credits_what_earlier_credits_left() {
    let shop = Shop::open();
    let order = upi(&shop, 5);
    shop.forgive(&order, &json!({"amount": 7})).expect(201);
    // Late money expires the order first. It is what was left to pay.
    shop.app.advance(901);
    shop.confirm(&order, "late").refused(409, "PAYMENT_EXPIRED");
    assert_ended(&shop, &order, "expired", &[7.0, 63.0]);
    assert_eq!(shop.money(&order), [0.0, 63.0, 63.0, 63.0]);
    let again = shop.forgive(&order, &json!({"amount": 1}));
    again.refused(409, "INVALID_TRANSITION");
}

#[test]
fn a_free_order_has_a_credit_of_its_units() {
    let app = TestApp::start();
    let (gift, mara) = (app.product("gift", 0.0, 10), app.customer("mara"));
    let order = mara.order_now(&gift, 2).expect(201).json();
    let shop = Shop { clerk: app.admin(), rice: gift, mara, app };
    shop.cancel_units(&order, 1).expect(200);
    shop.mara.cancel(&order).expect(200);
    let credits = shop.credits(&order);
    let units: Vec<&Value> = credits.iter().map(|credit| &credit["lines"][0]["quantity"]).collect();
    assert_eq!((units, shop.totals(&order)), (vec![&json!(1), &json!(1)], vec![0.0, 0.0]));
}
