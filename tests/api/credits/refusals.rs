//! Bad input, other callers, and orders that cannot be changed.

use super::{Shop, cancellation};
use crate::common::{Value, json};

#[test]
fn units_that_are_not_left_are_not_cancelled() {
    let shop = Shop::open();
    let (order, other) = (shop.order(4), shop.order(1));
    shop.ship(&order, 1).expect(201);
    let item = &order["items"][0]["id"];
    let line = |quantity: Value| json!({"item_id": item, "quantity": quantity});
    let body = |lines: Value| json!({"lines": lines, "reason": "r"});
    for (body, status, code) in [
        (body(json!([line(json!(4))])), 409, "QUANTITY_EXCEEDED"),
        (body(json!([line(json!(2)), line(json!(2))])), 409, "QUANTITY_EXCEEDED"),
        (body(json!([{"item_id": other["items"][0]["id"], "quantity": 1}])), 422, "VALIDATION_FAILED"),
        (body(json!([{"item_id": 999_999, "quantity": 1}])), 422, "VALIDATION_FAILED"),
        (body(json!([line(json!(0))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(json!(-1))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(json!(1.5))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(json!("1"))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(json!(10_001))])), 422, "VALIDATION_FAILED"),
        (body(json!([])), 422, "VALIDATION_FAILED"),
        (body(json!([{"item_id": item}])), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(json!(1))]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(json!(1))], "reason": " "}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(json!(1))], "reason": "r".repeat(501)}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(json!(1))], "reason": "r", "refund_shipping": "yes"}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(json!(1))], "reason": "r", "restock": true}), 422, "VALIDATION_FAILED"),
        (json!({}), 422, "VALIDATION_FAILED"),
    ] {
        shop.app.without_effect(|| shop.post(&order, "cancel-lines", &body)).refused(status, code);
    }
    let path = format!("/orders/{}/cancel-lines", order["id"]);
    let many: Vec<Value> = (0..501).map(|_| line(json!(1))).collect();
    shop.app.without_effect(|| shop.clerk.post(&path, &body(json!(many)))).refused(422, "VALIDATION_FAILED");
}

#[test]
fn only_sold_orders_that_are_not_shipped_lose_units() {
    let shop = Shop::open();
    let held = shop.mara.order_upi(&shop.rice, 2);
    shop.app.without_effect(|| shop.cancel_units(&held, 1)).refused(409, "INVALID_TRANSITION");
    shop.app.advance(901);
    // The order expires, and stays so.
    shop.cancel_units(&held, 1).refused(409, "INVALID_TRANSITION");
    assert_eq!(shop.app.status(&held), ("cancelled".into(), "expired".into()));
    for order in [shop.order(2), shop.order(2)] {
        shop.post(&order, "shipments", &json!({})).expect(201);
        shop.app.without_effect(|| shop.cancel_units(&order, 1)).refused(409, "INVALID_TRANSITION");
    }
    let cancelled = shop.order(2);
    shop.mara.cancel(&cancelled).expect(200);
    shop.app.without_effect(|| shop.cancel_units(&cancelled, 1)).refused(409, "INVALID_TRANSITION");
    shop.app.without_effect(|| shop.forgive(&cancelled, &json!({"amount": 1}))).refused(409, "INVALID_TRANSITION");
}

#[test]
fn the_owner_cancels_units_and_nobody_else_learns_of_the_order() {
    let shop = Shop::open();
    let order = shop.order(3);
    let (path, body) = (format!("/orders/{}/cancel-lines", order["id"]), cancellation(&order, 1));
    shop.app.other_store("STORE-TWO");
    let (noor, reader) = (shop.app.customer("noor"), shop.app.staff(&["orders:read"]));
    let elsewhere = shop.app.admin().in_store("STORE-TWO");
    shop.app.without_effect(|| {
        shop.app.guest().post(&path, &body).refused(401, "UNAUTHENTICATED");
        noor.post(&path, &body).refused(404, "ORDER_NOT_FOUND");
        reader.post(&path, &body).refused(403, "FORBIDDEN");
        elsewhere.post(&path, &body).refused(404, "ORDER_NOT_FOUND");
        shop.clerk.post("/orders/999999/cancel-lines", &body).refused(404, "ORDER_NOT_FOUND");
        let credits = format!("/orders/{}/credits", order["id"]);
        shop.mara.get(&credits).refused(403, "FORBIDDEN");
        shop.mara.post(&credits, &json!({"amount": 1, "reason": "r"})).refused(403, "FORBIDDEN");
        elsewhere.get(&credits).refused(404, "ORDER_NOT_FOUND");
    });
    shop.mara.post(&path, &body).expect(200);
    // A guest has a token of the order.
    shop.app.set_store(&json!({"guest_orders": true}));
    let placed = shop.app.guest().order_now(&shop.rice, 2).expect(201).json();
    let guest = shop.app.guest().with_header("X-Order-Token", placed["guest_token"].as_str().unwrap());
    let path = format!("/orders/{}/cancel-lines", placed["id"]);
    let left = guest.post(&path, &cancellation(&placed, 1)).expect(200).json();
    assert_eq!(left["items"][0]["cancelled_quantity"], 1);
    assert_eq!(shop.credits(&placed)[0]["actor"], "guest");
}

#[test]
fn a_buyer_cancels_an_order_in_fifty_parts_at_most() {
    let shop = Shop::open();
    let order = shop.order(60);
    let path = format!("/orders/{}/cancel-lines", order["id"]);
    for _ in 0..50 {
        shop.mara.post(&path, &cancellation(&order, 1)).expect(200);
    }
    shop.app.without_effect(|| shop.mara.post(&path, &cancellation(&order, 1))).refused(409, "INVALID_TRANSITION");
    shop.clerk.post(&path, &cancellation(&order, 1)).expect(200);
    assert_eq!(shop.mara.cancel(&order).expect(200).json()["status"], "cancelled");
}

#[test]
fn an_amount_of_zero_is_refused_before_the_order_is_looked_up() {
    let shop = Shop::open();
    let (unpaid, unknown) = (shop.order(1), json!({"id": 999_999}));
    let line = json!({"item_id": unpaid["items"][0]["id"], "amount": "0.00"});
    for order in [&unpaid, &unknown] {
        for (verb, body, field) in [
            ("refund", json!({"refund_reference": "back-1", "amount": 0}), "amount"),
            ("payment/confirm", json!({"payment_reference": "pay-1", "amount": 0}), "amount"),
            ("credits", json!({"amount": 0, "reason": "r"}), "amount"),
            ("credits", json!({"kind": "shipping", "amount": 0, "reason": "r"}), "amount"),
            ("credits", json!({"lines": [line], "reason": "r"}), "lines[0].amount"),
        ] {
            shop.app.without_effect(|| shop.post(order, verb, &body)).refused_field(field);
        }
    }
    // The permission is checked before the amount.
    let body = json!({"refund_reference": "back-1", "amount": 0});
    shop.app.without_effect(|| shop.mara.post("/orders/999999/refund", &body)).refused(403, "FORBIDDEN");
}

#[test]
fn a_credit_has_either_an_amount_or_lines() {
    let shop = Shop::open();
    let order = shop.order(3);
    let lines = json!([{"item_id": order["items"][0]["id"], "amount": 1}]);
    for body in [json!({}), json!({"amount": 1, "lines": lines})] {
        let refused = shop.app.without_effect(|| shop.forgive(&order, &body)).refused(422, "VALIDATION_FAILED");
        let message = "must be given if lines is absent, and absent if lines is given";
        assert_eq!(refused["errors"][0], json!({"field": "amount", "message": message}));
    }
}

#[test]
fn amounts_that_cannot_be_forgiven_are_refused() {
    let shop = Shop::open();
    let (order, other) = (shop.order(3), shop.order(1));
    let item = &order["items"][0]["id"];
    for body in [
        json!({}),
        json!({"amount": 0}),
        json!({"amount": -1}),
        json!({"amount": 50.01}),
        json!({"amount": 1.001}),
        json!({"amount": "many"}),
        json!({"amount": null}),
        json!({"amount": 1, "lines": [{"item_id": item, "amount": 1}]}),
        json!({"lines": []}),
        json!({"lines": [{"item_id": item, "amount": 0}]}),
        json!({"lines": [{"item_id": item, "amount": 30.01}]}),
        json!({"lines": [{"item_id": item, "amount": 1}, {"item_id": item, "amount": 1}]}),
        json!({"lines": [{"item_id": other["items"][0]["id"], "amount": 1}]}),
        json!({"lines": [{"item_id": item, "quantity": 1}]}),
        json!({"kind": "shipping", "amount": 20.01}),
        json!({"kind": "shipping", "lines": [{"item_id": item, "amount": 1}]}),
        json!({"kind": "cancel", "amount": 1}),
        json!({"amount": 1, "fee": 1}),
    ] {
        shop.app.without_effect(|| shop.forgive(&order, &body)).refused(422, "VALIDATION_FAILED");
    }
    for reason in [json!(null), json!(""), json!(" "), json!("r".repeat(501))] {
        let body = json!({"amount": 1, "reason": reason});
        shop.app.without_effect(|| shop.post(&order, "credits", &body)).refused(422, "VALIDATION_FAILED");
    }
}
