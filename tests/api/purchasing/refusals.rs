//! Requests that are refused change nothing.

use super::{Shop, arrival, last_receipt};
use crate::common::{Client, Value, json};

#[test]
fn an_order_that_is_not_possible_is_refused() {
    let shop = Shop::open();
    shop.app.sized_product("tee", 30.0, &[("S", 5)]);
    let one = |line: Value| json!({"lines": [line]});
    let rice = |changes: Value| {
        let mut line = json!({"product_id": "rice", "quantity": 1});
        line.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({"lines": [line]})
    };
    let with = |changes: Value| {
        let mut body = rice(json!({}));
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (fields, status, code) in [
        (with(json!({"supplier_id": 999_999})), 404, "SUPPLIER_NOT_FOUND"),
        (with(json!({"location_id": 999_999})), 404, "LOCATION_NOT_FOUND"),
        (one(json!({"product_id": "none", "quantity": 1})), 404, "PRODUCT_NOT_FOUND"),
        (one(json!({"product_id": "tee", "quantity": 1, "unit_cost": 1})), 422, "SIZE_REQUIRED"),
        (one(json!({"product_id": "tee", "size": "XL", "quantity": 1, "unit_cost": 1})), 404, "SIZE_NOT_FOUND"),
        (one(json!({"product_id": "tee", "size": "S", "quantity": 1})), 422, "VALIDATION_FAILED"),
        (rice(json!({"quantity": 0})), 422, "VALIDATION_FAILED"),
        (rice(json!({"quantity": -2})), 422, "VALIDATION_FAILED"),
        (rice(json!({"quantity": 1.5})), 422, "VALIDATION_FAILED"),
        (rice(json!({"quantity": 1_000_000_000_001_i64})), 422, "VALIDATION_FAILED"),
        (rice(json!({"unit_cost": -1})), 422, "VALIDATION_FAILED"),
        (rice(json!({"unit_cost": 1.001})), 422, "VALIDATION_FAILED"),
        (rice(json!({"unit_cost": 1e16})), 422, "VALIDATION_FAILED"),
        (rice(json!({"unit_cost": "seven"})), 422, "VALIDATION_FAILED"),
        (rice(json!({"expected_on": "2026-02-30"})), 422, "VALIDATION_FAILED"),
        (with(json!({"expected_on": "soon"})), 422, "VALIDATION_FAILED"),
        (with(json!({"reference": " "})), 422, "VALIDATION_FAILED"),
        (with(json!({"color": "red"})), 422, "VALIDATION_FAILED"),
        (json!({"lines": []}), 422, "VALIDATION_FAILED"),
        (json!({"lines": vec![json!({"product_id": "rice", "quantity": 1}); 501]}), 422, "VALIDATION_FAILED"),
    ] {
        shop.app.without_effect(|| shop.create(&fields)).refused(status, code);
    }
    let full = json!({"lines": vec![json!({"product_id": "rice", "quantity": 1}); 500]});
    assert_eq!(shop.create(&full).expect(201).json()["lines"][0]["quantity"], 500);
}

#[test]
fn units_that_are_not_ordered_cannot_be_received() {
    let shop = Shop::open();
    let (order, other) = (shop.ordered(5), shop.ordered(6));
    let line = &order["lines"][0]["id"];
    let lines = |line: Value| json!({"lines": [line]});
    for (body, code) in [
        (arrival(&other, 1, 0), "VALIDATION_FAILED"),
        (arrival(&order, 0, 0), "VALIDATION_FAILED"),
        (arrival(&order, -1, 0), "VALIDATION_FAILED"),
        (lines(json!({"line_id": line, "accepted": 1, "unit_cost": -1})), "VALIDATION_FAILED"),
        (lines(json!({"line_id": line, "accepted": 1, "unit_cost": 1.234})), "VALIDATION_FAILED"),
        (lines(json!({"line_id": line, "accepted": 1, "keep_rejected": "yes"})), "VALIDATION_FAILED"),
        (lines(json!({"line_id": line, "accepted": 1, "reject_reason": ""})), "VALIDATION_FAILED"),
        (json!({"lines": [{"line_id": line, "accepted": 1}, {"line_id": line, "accepted": 1}]}), "VALIDATION_FAILED"),
        (json!({"lines": []}), "VALIDATION_FAILED"),
    ] {
        shop.app.without_effect(|| shop.act(&order, "receive", &body)).refused(422, code);
    }
    shop.app.without_effect(|| shop.receive(&order, 4, 2)).refused(409, "OVER_RECEIPT");
    let mut stale = arrival(&order, 1, 0);
    stale["expected_version"] = json!(1);
    shop.app.without_effect(|| shop.act(&order, "receive", &stale)).refused(409, "STALE_DOCUMENT");
    shop.app.without_effect(|| shop.act(&order, "close", &json!({}))).refused(422, "VALIDATION_FAILED");
}

#[test]
fn the_stock_of_a_place_keeps_its_maximum() {
    let shop = Shop::open();
    let order = shop.ordered(1_000_000_000_000);
    shop.app.without_effect(|| shop.receive(&order, 999_999_999_981, 0)).refused(422, "VALIDATION_FAILED");
    shop.receive(&order, 999_999_999_980, 0).expect(200);
}

#[test]
fn only_the_costs_of_a_receipt_that_stands_can_be_corrected() {
    let shop = Shop::open();
    let order = shop.ordered(5);
    let order = shop.receive(&order, 2, 0).expect(200).json();
    let other = shop.ordered(3);
    let line = &order["lines"][0]["id"];
    let path = format!("receipts/{}/costs", last_receipt(&order));
    let costs = |lines: Value| shop.app.without_effect(|| shop.act(&order, &path, &json!({"lines": lines})));
    for refused in [
        json!([]),
        json!([{"line_id": other["lines"][0]["id"], "unit_cost": 1}]),
        json!([{"line_id": line, "unit_cost": -1}]),
        json!([{"line_id": line, "unit_cost": 1.001}]),
        json!([{"line_id": line, "unit_cost": 1}, {"line_id": line, "unit_cost": 2}]),
        json!([{"line_id": line}]),
    ] {
        costs(refused).refused(422, "VALIDATION_FAILED");
    }
    let good = json!({"lines": [{"line_id": line, "unit_cost": 1}]});
    shop.act(&other, &path, &good).refused(404, "NOT_FOUND");
    let reversed = shop.reverse(&order).expect(200).json();
    shop.act(&order, &path, &good).refused(409, "INVALID_TRANSITION");
    let reversal = format!("receipts/{}/costs", last_receipt(&reversed));
    shop.act(&order, &reversal, &good).refused(409, "INVALID_TRANSITION");
}

#[test]
fn a_supplier_that_is_not_possible_is_refused() {
    let shop = Shop::open();
    for (changes, status, code) in [
        (json!({"code": ""}), 422, "VALIDATION_FAILED"),
        (json!({"code": "a b"}), 422, "VALIDATION_FAILED"),
        (json!({"code": "x".repeat(51)}), 422, "VALIDATION_FAILED"),
        (json!({"name": " "}), 422, "VALIDATION_FAILED"),
        (json!({"name": "x".repeat(256)}), 422, "VALIDATION_FAILED"),
        (json!({"email": "nobody"}), 422, "VALIDATION_FAILED"),
        (json!({"lead_time_days": -1}), 422, "VALIDATION_FAILED"),
        (json!({"lead_time_days": 1001}), 422, "VALIDATION_FAILED"),
        (json!({"lead_time_days": 1.5}), 422, "VALIDATION_FAILED"),
        (json!({"active": "yes"}), 422, "VALIDATION_FAILED"),
        (json!({"code": "ACME"}), 409, "DUPLICATE"),
    ] {
        let mut body = json!({"code": "new", "name": "New"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        shop.app.without_effect(|| shop.admin.post("/suppliers", &body)).refused(status, code);
    }
    let path = format!("/suppliers/{}/items", shop.supplier);
    let dal = shop.app.product("dal", 10.0, 0);
    for (field, value) in [
        ("unit_cost", json!(-1)),
        ("unit_cost", json!(null)),
        ("pack_quantity", json!(0)),
        ("min_quantity", json!(0)),
        ("lead_time_days", json!(1001)),
        ("supplier_sku", json!(" ")),
    ] {
        let mut body = json!({"product_id": dal.id, "unit_cost": 1});
        body[field] = value;
        shop.app.without_effect(|| shop.admin.post(&path, &body)).refused(422, "VALIDATION_FAILED");
    }
    for percent in [json!(-1), json!(101), json!(1.5), json!(null), json!("ten")] {
        let body = json!({"over_receipt_percent": percent});
        shop.app.without_effect(|| shop.admin.patch("/stores/1", &body)).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn documents_and_suppliers_of_other_stores_are_not_found() {
    let shop = Shop::open();
    let order = shop.ordered(5);
    let order = shop.receive(&order, 2, 0).expect(200).json();
    shop.app.other_store("OTHER");
    let other: Client = shop.app.admin().in_store("OTHER");
    let supplier = format!("/suppliers/{}", shop.supplier);
    other.get(&supplier).refused(404, "SUPPLIER_NOT_FOUND");
    other.patch(&supplier, &json!({"name": "Mine"})).refused(404, "SUPPLIER_NOT_FOUND");
    other.get(&format!("{supplier}/items")).refused(404, "SUPPLIER_NOT_FOUND");
    other.get(&format!("/inventory/reorder?supplier={}", shop.supplier)).refused(404, "SUPPLIER_NOT_FOUND");
    other.post("/inventory/reorder", &json!({"supplier_id": shop.supplier})).refused(404, "SUPPLIER_NOT_FOUND");
    let path = format!("/purchase-orders/{}", order["id"]);
    other.get(&path).refused(404, "PURCHASE_ORDER_NOT_FOUND");
    let acts = [
        ("order", json!({})),
        ("draft", json!({})),
        ("cancel", json!({})),
        ("close", json!({"reason": "x"})),
        ("receive", arrival(&order, 1, 0)),
    ];
    for (act, body) in acts {
        other.post(&format!("{path}/{act}"), &body).refused(404, "PURCHASE_ORDER_NOT_FOUND");
    }
    let receipt = format!("{path}/receipts/{}", last_receipt(&order));
    let cost = json!({"lines": [{"line_id": order["lines"][0]["id"], "unit_cost": 1}]});
    other.post(&format!("{receipt}/costs"), &cost).refused(404, "PURCHASE_ORDER_NOT_FOUND");
    other.post(&format!("{receipt}/reverse"), &json!({"reason": "x"})).refused(404, "PURCHASE_ORDER_NOT_FOUND");
    // A purchase order is not a transfer, nor the other way round.
    shop.admin.get(&format!("/transfers/{}", order["id"])).refused(404, "TRANSFER_NOT_FOUND");
}

#[test]
fn a_place_that_expects_goods_cannot_be_closed_and_a_closed_place_expects_none() {
    let shop = Shop::open();
    let shed = shop.app.add_location("shed");
    let lines = json!([{"product_id": shop.rice.id, "quantity": 7}]);
    let order = shop.create(&json!({"location_id": shed, "lines": lines})).expect(201).json();
    let draft = shop.create(&json!({"location_id": shed, "lines": lines})).expect(201).json();
    let order = shop.act(&order, "order", &json!({})).expect(200).json();
    shop.app.set_status(shed, "paused").expect(200);
    let refusal = shop.app.set_status(shed, "closed").refused(409, "LOCATION_NOT_EMPTY");
    assert_eq!(refusal["open"], json!([{"kind": "purchase_order", "id": order["id"], "quantity": 7}]));
    // A paused place still receives.
    let order = shop.act(&order, "receive", &arrival(&order, 2, 0)).expect(200).json();
    shop.reverse(&order).expect(200);
    shop.act(&order, "cancel", &json!({})).expect(200);
    shop.app.set_status(shed, "closed").expect(200);
    shop.app.without_effect(|| shop.act(&draft, "order", &json!({}))).refused(409, "LOCATION_CLOSED");
    let fields = json!({"location_id": shed, "lines": lines});
    shop.app.without_effect(|| shop.create(&fields)).refused(409, "LOCATION_CLOSED");
}
