//! Units of orders are shipped and cancelled in parts. The figures are computed by hand.

use super::{Shop, cancellation};
use crate::common::{TestApp, Value, json};

/// Status, fulfilment status, and the shipped and cancelled units of the first item.
fn progress(order: &Value) -> (String, String, i64, i64) {
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    let units = |name: &str| order["items"][0][name].as_i64().unwrap();
    (text("status"), text("fulfilment_status"), units("shipped_quantity"), units("cancelled_quantity"))
}

fn is(status: &str, fulfilment: &str, shipped: i64, cancelled: i64) -> (String, String, i64, i64) {
    (status.to_owned(), fulfilment.to_owned(), shipped, cancelled)
}

#[test]
fn two_of_five_units_are_shipped_one_is_cancelled_and_the_rest_is_shipped() {
    let shop = Shop::open();
    let order = shop.order(5);
    assert_eq!((&order["total_amount"], &order["net_total"]), (&json!(70.0), &json!(70.0)));
    shop.ship(&order, 2).expect(201);
    let order = shop.cancel_units(&order, 1).expect(200).json();
    assert_eq!(progress(&order), is("processing", "partial", 2, 1));
    assert_eq!((&order["credited_amount"], &order["net_total"]), (&json!(10.0), &json!(60.0)));
    assert_eq!((&order["total_amount"], &order["items"][0]["quantity"]), (&json!(70.0), &json!(5)));
    let place = &order["items"][0]["allocations"][0];
    assert_eq!((&place["quantity"], &place["shipped_quantity"]), (&json!(4), &json!(2)));
    assert_eq!(shop.app.stock(&shop.rice), (996, 0, 4));
    let number = order["order_number"].as_str().unwrap();
    let ledger = shop.app.admin().get(&format!("/inventory/movements?kind=restore&reference_id={number}"));
    assert_eq!(ledger.expect(200).json()["items"][0]["stock_delta"], 1);
    let credits = shop.credits(&order);
    let (credit, line) = (&credits[0], &credits[0]["lines"][0]);
    assert!(credit["number"].as_str().unwrap().starts_with("CRN-"), "{credit}");
    assert_eq!((&credit["kind"], &credit["reason"]), (&json!("cancel"), &json!("Changed my mind")));
    assert_eq!((&credit["subtotal"], &credit["total"], &credit["fee"]), (&json!(10.0), &json!(10.0), &json!(0.0)));
    assert_eq!((&line["item_id"], &line["quantity"]), (&order["items"][0]["id"], &json!(1)));
    assert_eq!(credit["shipping_amount"], 0.0);
    // Only 60.00 are left to pay.
    let pay = |amount: f64| shop.post(&order, "payment/confirm", &json!({"payment_reference": "p", "amount": amount}));
    shop.app.without_effect(|| pay(70.0)).refused(422, "VALIDATION_FAILED");
    assert_eq!(pay(60.0).expect(200).json()["payment_status"], "paid");
    shop.post(&order, "shipments", &json!({})).expect(201);
    let order = shop.app.order(&order);
    assert_eq!(progress(&order), is("shipped", "full", 4, 1));
    assert_eq!(shop.money(&order), [60.0, 60.0, 0.0, 0.0]);
    shop.app.without_effect(|| shop.cancel_units(&order, 1)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn an_order_is_shipped_when_its_last_units_are_cancelled() {
    let shop = Shop::open();
    let order = shop.paid_order(5);
    shop.ship(&order, 2).expect(201);
    let refusal = shop.app.without_effect(|| shop.mara.cancel(&order)).refused(409, "ORDER_NOT_CANCELLABLE");
    assert!(refusal["detail"].as_str().unwrap().contains("/cancel-lines"), "{refusal}");
    let order = shop.cancel_units(&order, 3).expect(200).json();
    assert_eq!(progress(&order), is("shipped", "full", 2, 3));
    // The delivery is not credited, because there was one.
    assert_eq!(shop.money(&order), [40.0, 70.0, 0.0, 30.0]);
    assert_eq!(shop.app.stock(&shop.rice), (998, 0, 2));
    let history = shop.app.history(&order);
    assert_eq!((&history[2]["to"], &history[2]["reason"]), (&json!("shipped"), &json!("Changed my mind")));
    shop.clerk.put(&format!("/orders/{}", order["id"]), &json!({"status": "delivered"})).expect(200);
    let figures = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(40.0), &json!(2)));
    assert_eq!(figures["today"], json!({"orders": 1, "revenue": 40.0}));
}

#[test]
fn cancelling_all_units_cancels_the_order_with_its_delivery() {
    let shop = Shop::open();
    let order = shop.paid_order(3);
    let order = shop.cancel_units(&order, 1).expect(200).json();
    assert_eq!(progress(&order), is("pending", "none", 0, 1));
    let order = shop.mara.post(&format!("/orders/{}/cancel-lines", order["id"]), &cancellation(&order, 2));
    let order = order.expect(200).json();
    assert_eq!(progress(&order), is("cancelled", "none", 0, 3));
    assert_eq!(order["items"][0]["allocations"], json!([]));
    assert_eq!(shop.totals(&order), [10.0, 40.0]);
    assert_eq!(shop.credits(&order)[1]["shipping_amount"], 20.0);
    assert_eq!(shop.money(&order), [0.0, 50.0, 0.0, 50.0]);
    assert_eq!(shop.app.stock(&shop.rice), (1_000, 0, 0));
    let figures = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(0.0), &json!(0)));
}

#[test]
fn staff_may_credit_the_delivery_with_a_part_of_the_units() {
    let shop = Shop::open();
    let order = shop.order(3);
    let mut body = cancellation(&order, 1);
    body["refund_shipping"] = json!(true);
    let path = format!("/orders/{}/cancel-lines", order["id"]);
    shop.app.without_effect(|| shop.mara.post(&path, &body)).refused(403, "FORBIDDEN");
    let order = shop.clerk.post(&path, &body).expect(200).json();
    assert_eq!((shop.totals(&order), &order["net_total"]), (vec![30.0], &json!(20.0)));
    // Nothing of the delivery is left.
    let order = shop.clerk.post(&path, &body).expect(200).json();
    assert_eq!((shop.totals(&order), &order["net_total"]), (vec![30.0, 10.0], &json!(10.0)));
    let order = shop.mara.cancel(&order).expect(200).json();
    assert_eq!((shop.totals(&order), &order["net_total"]), (vec![30.0, 10.0, 10.0], &json!(0.0)));
}

#[test]
fn three_items_at_9_99_with_19_percent_add_up_to_the_cent() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"tax_rate": 19, "shipping_flat_rate": 0}));
    let tee = shop.app.product("tee", 9.99, 10);
    let order = shop.mara.order_now(&tee, 3).expect(201).json();
    // 29.97 and 5.6943 of tax.
    assert_eq!((&order["tax_amount"], &order["total_amount"]), (&json!(5.69), &json!(35.66)));
    assert_eq!(order["items"][0]["tax_amount"], 5.69);
    for _ in 0..3 {
        shop.cancel_units(&order, 1).expect(200);
    }
    // The taxes of the first units are 1.90, 3.79 and 5.69.
    assert_eq!(shop.totals(&order), [11.89, 11.88, 11.89]);
    let taxes: Vec<f64> = shop.credits(&order).iter().map(|credit| credit["tax_amount"].as_f64().unwrap()).collect();
    assert_eq!(taxes, [1.90, 1.89, 1.90]);
    assert_eq!(shop.money(&order)[0], 0.0);
}

#[test]
fn an_order_with_a_discount_is_cancelled_in_every_order_of_steps() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    let sweet = shop.app.product("sweet", 0.1, 100);
    for (steps, expected) in [
        (vec![1, 1, 1], vec![0.08, 0.09, 0.08]),
        (vec![1, 2], vec![0.08, 0.17]),
        (vec![2, 1], vec![0.17, 0.08]),
        (vec![3], vec![0.25]),
    ] {
        let items = json!([{"product_id": sweet.id, "quantity": 3}]);
        let body = json!({"items": items, "discount_amount": 0.05});
        let order = shop.app.admin().post("/orders", &body).expect(201).json();
        assert_eq!((&order["subtotal"], &order["total_amount"]), (&json!(0.3), &json!(0.25)));
        let mut net: f64 = 0.25;
        for (step, total) in steps.iter().zip(&expected) {
            net -= total;
            let now = shop.cancel_units(&order, *step).expect(200).json();
            assert!((now["net_total"].as_f64().unwrap() - net).abs() < 0.001, "{steps:?}: {now}");
        }
        assert_eq!(shop.totals(&order), expected);
        assert_eq!(shop.app.status(&order).0, "cancelled");
    }
}

/// The price and the discount are rounded each for itself: 0.20 − 0.07, and 0.20 − 0.06. The half of 0.27 would be 0.14.
#[test]
fn the_amounts_of_a_credit_are_rounded_each_for_itself() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"shipping_flat_rate": 0}));
    let sweet = shop.app.product("sweet", 0.1, 100);
    let body = json!({"items": [{"product_id": sweet.id, "quantity": 4}], "discount_amount": 0.13});
    let order = shop.app.admin().post("/orders", &body).expect(201).json();
    for _ in 0..2 {
        shop.cancel_units(&order, 2).expect(200);
    }
    assert_eq!(shop.totals(&order), [0.13, 0.14]);
    let discounts = shop.credits(&order).iter().map(|credit| credit["discount_amount"].clone()).collect::<Vec<_>>();
    assert_eq!(discounts, [json!(0.07), json!(0.06)]);
}

#[test]
fn units_return_to_the_places_that_they_came_from() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    let mara = app.customer("mara");
    let order = mara.order_now(&rice, 12).expect(201).json();
    assert_eq!(app.stock_by_place(&rice), [("main".to_owned(), 0), ("attic".to_owned(), 3)]);
    let shop = Shop { clerk: app.admin(), rice, mara, app };
    // The last place of the allocations gives its units back first.
    let order = shop.cancel_units(&order, 3).expect(200).json();
    assert_eq!(shop.app.stock_by_place(&shop.rice), [("main".to_owned(), 1), ("attic".to_owned(), 5)]);
    assert_eq!(order["items"][0]["allocations"].as_array().unwrap().len(), 1);
    shop.mara.cancel(&order).expect(200);
    assert_eq!(shop.app.stock_by_place(&shop.rice), [("main".to_owned(), 10), ("attic".to_owned(), 5)]);
}

#[test]
fn a_cancellation_with_one_key_is_made_once() {
    let shop = Shop::open();
    let order = shop.order(5);
    let (path, body) = (format!("/orders/{}/cancel-lines", order["id"]), cancellation(&order, 2));
    let keyed = shop.mara.clone().with_key("c-1");
    let (first, second) = (keyed.post(&path, &body).expect(200), keyed.post(&path, &body).expect(200));
    assert_eq!((first.text(), second.header("idempotent-replayed")), (second.text(), "true"));
    assert_eq!((shop.totals(&order), shop.app.stock(&shop.rice)), (vec![20.0], (997, 0, 3)));
}

#[test]
fn the_audit_names_the_credit_of_a_part_and_the_end_of_an_order() {
    let shop = Shop::open();
    let order = shop.order(5);
    shop.cancel_units(&order, 2).expect(200);
    shop.mara.cancel(&order).expect(200);
    let audit = shop.app.admin().get(&format!("/audit?entity=Order&entity_id={}", order["id"])).expect(200).json();
    let entries = audit["items"].as_array().unwrap().iter().rev();
    let shown: Vec<(String, String)> = entries
        .map(|entry| (entry["action"].as_str().unwrap().to_owned(), entry["detail"].as_str().unwrap().to_owned()))
        .collect();
    let (number, credits) = (order["order_number"].as_str().unwrap(), shop.credits(&order));
    let credit = credits[0]["number"].as_str().unwrap();
    let expected = [
        ("CREATE", format!("Order {number} created with 5 items")),
        ("CREDIT_RECORDED", format!("Credit {credit} (cancel) for order {number}: 20.00 INR")),
        ("CANCEL", format!("Order {number}: pending to cancelled")),
    ];
    assert_eq!(shown, expected.map(|(action, detail)| (action.to_owned(), detail)));
}
