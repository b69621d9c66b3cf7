//! Bad input, other callers, and returns that cannot be changed.

use super::{Shop, asked, item};
use crate::common::{Value, json};

#[test]
fn a_return_names_shipped_units_of_its_order() {
    let shop = Shop::open();
    let (order, other) = (shop.delivered_order(4), shop.delivered_order(1));
    let line = |item: &Value, quantity: Value| json!({"item_id": item, "quantity": quantity, "reason": "r"});
    let body = |lines: Value| json!({"lines": lines});
    let own = item(&order);
    let many: Vec<Value> = (0..501).map(|_| line(own, json!(1))).collect();
    for (body, status, code) in [
        (body(json!([line(own, json!(5))])), 409, "QUANTITY_EXCEEDED"),
        (body(json!([line(own, json!(1)), line(own, json!(1))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(item(&other), json!(1))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(own, json!(0))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(own, json!(-1))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(own, json!(1.5))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(own, json!("1"))])), 422, "VALIDATION_FAILED"),
        (body(json!([line(own, json!(10_001))])), 422, "VALIDATION_FAILED"),
        (body(json!([])), 422, "VALIDATION_FAILED"),
        (body(json!(many)), 422, "VALIDATION_FAILED"),
        (json!({"lines": [{"item_id": own, "quantity": 1}]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [{"item_id": own, "quantity": 1, "reason": " "}]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(own, json!(1))], "note": "n".repeat(2_001)}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [line(own, json!(1))], "restock": true}), 422, "VALIDATION_FAILED"),
        (json!({}), 422, "VALIDATION_FAILED"),
    ] {
        shop.app.without_effect(|| shop.post(&order, "returns", &body)).refused(status, code);
    }
}

#[test]
fn units_in_an_open_return_are_in_no_second_one() {
    let shop = Shop::open();
    let order = shop.delivered_order(4);
    let first = shop.return_units(&order, 3);
    shop.app.without_effect(|| shop.post(&order, "returns", &asked(&order, 2))).refused(409, "QUANTITY_EXCEEDED");
    shop.receive(&first, json!({"restock": 1})).expect(200);
    shop.app.without_effect(|| shop.post(&order, "returns", &asked(&order, 2))).refused(409, "QUANTITY_EXCEEDED");
    let second = shop.return_units(&order, 1);
    shop.clerk.post_nothing(&format!("/returns/{}/cancel", second["id"])).expect(200);
    let third = shop.return_units(&order, 1);
    let reject = json!({"reason": "Worn"});
    let rejected = shop.clerk.post(&format!("/returns/{}/reject", third["id"]), &reject).expect(200).json();
    assert_eq!((&rejected["status"], &rejected["reason"]), (&json!("rejected"), &json!("Worn")));
    assert_eq!(shop.return_units(&order, 1)["status"], "approved");
}

#[test]
fn a_receipt_names_outstanding_units_and_an_open_place() {
    let shop = Shop::open();
    let (order, other) = (shop.delivered_order(4), shop.delivered_order(1));
    let (document, strange) = (shop.return_units(&order, 3), shop.return_units(&other, 1));
    let (main, attic) = (shop.app.main_location(), shop.app.add_location("attic"));
    shop.app.set_status(attic, "paused").expect(200);
    shop.app.set_status(attic, "closed").expect(200);
    let line = &document["lines"][0]["id"];
    let units = |units: Value| {
        let mut of_line = units;
        of_line["line_id"] = line.clone();
        json!({"location_id": main, "lines": [of_line]})
    };
    let path = format!("/returns/{}/receive", document["id"]);
    for (body, status, code) in [
        (units(json!({"restock": 4})), 409, "QUANTITY_EXCEEDED"),
        (units(json!({"restock": 2, "missing": 2})), 409, "QUANTITY_EXCEEDED"),
        (units(json!({})), 422, "VALIDATION_FAILED"),
        (units(json!({"restock": 0})), 422, "VALIDATION_FAILED"),
        (units(json!({"restock": -1})), 422, "VALIDATION_FAILED"),
        (units(json!({"restock": 1_000_000_000_000_i64, "scrap": 1_000_000_000_000_i64})), 422, "VALIDATION_FAILED"),
        (units(json!({"scrap": 1, "fee": 10.01})), 422, "VALIDATION_FAILED"),
        (units(json!({"scrap": 1, "fee": -1})), 422, "VALIDATION_FAILED"),
        (units(json!({"scrap": 1, "fee": 1.001})), 422, "VALIDATION_FAILED"),
        (units(json!({"missing": 1, "fee": 0.01})), 422, "VALIDATION_FAILED"),
        (
            json!({"location_id": main, "lines": [{"line_id": line, "restock": 1}, {"line_id": line, "scrap": 1}]}),
            422,
            "VALIDATION_FAILED",
        ),
        (
            json!({"location_id": main, "lines": [{"line_id": strange["lines"][0]["id"], "restock": 1}]}),
            422,
            "VALIDATION_FAILED",
        ),
        (json!({"location_id": main, "lines": []}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [{"line_id": line, "restock": 1}]}), 422, "VALIDATION_FAILED"),
        (json!({"location_id": 999_999, "lines": [{"line_id": line, "restock": 1}]}), 404, "LOCATION_NOT_FOUND"),
        (json!({"location_id": attic, "lines": [{"line_id": line, "restock": 1}]}), 409, "LOCATION_CLOSED"),
        (
            json!({"location_id": main, "lines": [{"line_id": line, "restock": 1}], "expected_version": 2}),
            409,
            "STALE_DOCUMENT",
        ),
    ] {
        shop.app.without_effect(|| shop.clerk.post(&path, &body)).refused(status, code);
    }
    let whole = shop.receive(&document, json!({"quarantine": 1, "fee": 10})).expect(200).json();
    assert_eq!(whole["receipts"][0]["credit"]["total"], 0.0);
}

#[test]
fn a_return_ends_before_anything_arrived_and_is_received_after_it_was_approved() {
    let shop = Shop::open();
    let order = shop.delivered_order(9);
    let post = |document: &Value, verb: &str, body: &Value| {
        shop.clerk.post(&format!("/returns/{}/{verb}", document["id"]), body)
    };
    let refuse = |document: &Value, verbs: &[&str]| {
        for verb in verbs {
            let body = if *verb == "reject" { json!({"reason": "r"}) } else { json!({}) };
            shop.app.without_effect(|| post(document, verb, &body)).refused(409, "INVALID_TRANSITION");
        }
        let received = shop.app.without_effect(|| shop.receive(document, json!({"restock": 1})));
        received.refused(409, "INVALID_TRANSITION");
    };
    let cancelled = shop.return_units(&order, 1);
    post(&cancelled, "cancel", &json!({"reason": "Kept"})).expect(200);
    refuse(&cancelled, &["approve", "reject", "cancel"]);
    let rejected = shop.return_units(&order, 1);
    post(&rejected, "reject", &json!({"reason": "Worn", "expected_version": 1})).expect(200);
    refuse(&rejected, &["approve", "reject", "cancel"]);
    let received = shop.return_units(&order, 1);
    shop.receive(&received, json!({"restock": 1})).expect(200);
    refuse(&received, &["approve", "reject", "cancel"]);
    let approved = shop.return_units(&order, 1);
    shop.app.without_effect(|| post(&approved, "approve", &json!({}))).refused(409, "INVALID_TRANSITION");
    let stale = json!({"expected_version": 7});
    shop.app.without_effect(|| post(&approved, "cancel", &stale)).refused(409, "STALE_DOCUMENT");
    shop.app.without_effect(|| post(&approved, "reject", &json!({}))).refused(422, "VALIDATION_FAILED");
}

#[test]
fn the_owner_returns_units_and_nobody_else_learns_of_the_return() {
    let shop = Shop::open();
    let order = shop.delivered_order(3);
    let document = shop.mara.post(&format!("/orders/{}/returns", order["id"]), &asked(&order, 1)).expect(201).json();
    let (returns, own) = (format!("/orders/{}/returns", order["id"]), format!("/returns/{}", document["id"]));
    shop.app.other_store("STORE-TWO");
    let (noor, reader) = (shop.app.customer("noor"), shop.app.staff(&["orders:read"]));
    let elsewhere = shop.app.admin().in_store("STORE-TWO");
    let empty = json!({});
    shop.app.without_effect(|| {
        noor.post(&returns, &asked(&order, 1)).refused(404, "ORDER_NOT_FOUND");
        noor.get(&returns).refused(404, "ORDER_NOT_FOUND");
        for client in [&noor, &elsewhere] {
            client.get(&own).refused(404, "RETURN_NOT_FOUND");
            client.post(&format!("{own}/cancel"), &empty).refused(404, "RETURN_NOT_FOUND");
        }
        shop.mara.get("/returns/999999").refused(404, "RETURN_NOT_FOUND");
        shop.mara.get("/returns/RET-20260101-0000000000").refused(404, "RETURN_NOT_FOUND");
        shop.clerk.post("/returns/999999/approve", &empty).refused(404, "RETURN_NOT_FOUND");
        shop.mara.post(&format!("{own}/approve"), &empty).refused(403, "FORBIDDEN");
        shop.mara.post(&format!("{own}/receive"), &json!({"location_id": 1, "lines": []})).refused(403, "FORBIDDEN");
        reader.get(&own).expect(200);
        reader.post(&format!("{own}/cancel"), &empty).refused(403, "FORBIDDEN");
        reader.post("/returns/999999/cancel", &empty).refused(403, "FORBIDDEN");
        shop.app.guest().get(&own).refused(401, "UNAUTHENTICATED");
    });
    let cancelled = shop.mara.post(&format!("{own}/cancel"), &json!({"reason": "Kept"})).expect(200).json();
    assert_eq!((&cancelled["status"], &cancelled["history"][1]["reason"]), (&json!("cancelled"), &json!("Kept")));
}

#[test]
fn a_guest_returns_units_with_the_token_of_the_order() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"guest_orders": true}));
    let place = || shop.app.guest().order_now(&shop.rice, 2).expect(201).json();
    let holder = |order: &Value| shop.app.guest().with_header("X-Order-Token", order["guest_token"].as_str().unwrap());
    let (order, other) = (place(), place());
    let (guest, outsider) = (holder(&order), holder(&other));
    let returns = format!("/orders/{}/returns", order["id"]);
    shop.deliver(&order, 2);
    let document = guest.post(&returns, &asked(&order, 1)).expect(201).json();
    assert_eq!((&document["status"], &document["actor"]), (&json!("requested"), &json!("guest")));
    let (own, cancel) = (format!("/returns/{}", document["id"]), format!("/returns/{}/cancel", document["id"]));
    assert_eq!(guest.get(&returns).expect(200).json(), json!([document]));
    assert_eq!(guest.get(&own).expect(200).json(), document);
    shop.app.without_effect(|| {
        outsider.post(&returns, &asked(&order, 1)).refused(404, "ORDER_NOT_FOUND");
        outsider.get(&returns).refused(404, "ORDER_NOT_FOUND");
        outsider.get(&own).refused(404, "RETURN_NOT_FOUND");
        outsider.post_nothing(&cancel).refused(404, "RETURN_NOT_FOUND");
        for verb in ["approve", "receive"] {
            guest.post(&format!("{own}/{verb}"), &json!({})).refused(401, "UNAUTHENTICATED");
        }
        guest.post(&returns, &asked(&order, 2)).refused(409, "QUANTITY_EXCEEDED");
    });
    assert_eq!(guest.post_nothing(&cancel).expect(200).json()["status"], "cancelled");
}

#[test]
fn a_buyer_asks_for_twenty_returns_of_an_order_at_most() {
    let shop = Shop::open();
    let order = shop.delivered_order(1);
    let path = format!("/orders/{}/returns", order["id"]);
    for _ in 0..20 {
        let asked = shop.mara.post(&path, &asked(&order, 1)).expect(201).json();
        shop.mara.post_nothing(&format!("/returns/{}/cancel", asked["id"])).expect(200);
    }
    shop.app.without_effect(|| shop.mara.post(&path, &asked(&order, 1))).refused(409, "RETURN_NOT_ALLOWED");
    assert_eq!(shop.return_units(&order, 1)["status"], "approved");
}
