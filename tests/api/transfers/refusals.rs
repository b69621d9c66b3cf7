//! Requests that are refused change nothing.

use diesel::connection::SimpleConnection;

use super::Stores;
use crate::common::{Client, Value, json};

#[test]
fn a_plan_that_is_not_possible_is_refused() {
    let stores = Stores::open();
    let tee = stores.app.sized_product("tee", 30.0, &[("S", 5)]);
    let one = |line: Value| json!({"lines": [line]});
    let huge = 1_000_000_000_000_i64;
    for (fields, status, code) in [
        (
            json!({"to_location_id": stores.main, "lines": [{"product_id": "rice", "quantity": 1}]}),
            422,
            "VALIDATION_FAILED",
        ),
        (
            json!({"to_location_id": 999_999, "lines": [{"product_id": "rice", "quantity": 1}]}),
            404,
            "LOCATION_NOT_FOUND",
        ),
        (
            json!({"to_location_id": stores.child("transit"), "lines": [{"product_id": "rice", "quantity": 1}]}),
            404,
            "LOCATION_NOT_FOUND",
        ),
        (one(json!({"product_id": "none", "quantity": 1})), 404, "PRODUCT_NOT_FOUND"),
        (one(json!({"product_id": tee.id, "quantity": 1})), 422, "SIZE_REQUIRED"),
        (one(json!({"product_id": tee.id, "size": "XXL", "quantity": 1})), 404, "SIZE_NOT_FOUND"),
        (one(json!({"product_id": "rice", "quantity": 0})), 422, "VALIDATION_FAILED"),
        (one(json!({"product_id": "rice", "quantity": -1})), 422, "VALIDATION_FAILED"),
        (one(json!({"product_id": "rice", "quantity": 1.5})), 422, "VALIDATION_FAILED"),
        (one(json!({"product_id": "rice", "quantity": huge + 1})), 422, "VALIDATION_FAILED"),
        (
            json!({"lines": [{"product_id": "rice", "quantity": huge}, {"product_id": "rice", "quantity": 1}]}),
            422,
            "VALIDATION_FAILED",
        ),
        (json!({"lines": []}), 422, "VALIDATION_FAILED"),
        (
            json!({"lines": [{"product_id": "rice", "quantity": 1}], "expected_on": "2026-02-30"}),
            422,
            "VALIDATION_FAILED",
        ),
        (json!({"lines": [{"product_id": "rice", "quantity": 1}], "reference": " "}), 422, "VALIDATION_FAILED"),
    ] {
        stores.app.without_effect(|| stores.create(&fields)).refused(status, code);
    }
    let many = json!({"lines": vec![json!({"product_id": "rice", "quantity": 1}); 501]});
    stores.app.without_effect(|| stores.create(&many)).refused(422, "VALIDATION_FAILED");
    let full = json!({"lines": vec![json!({"product_id": "rice", "quantity": 1}); 500]});
    assert_eq!(stores.create(&full).expect(201).json()["lines"][0]["quantity"], 500);
}

#[test]
fn every_short_line_is_named() {
    let stores = Stores::open();
    let dal = stores.app.product("dal", 10.0, 3);
    let lines = json!([{"product_id": stores.rice.id, "quantity": 101}, {"product_id": dal.id, "quantity": 4}]);
    let draft = stores.create(&json!({"lines": lines})).expect(201).json();
    let refusal =
        stores.app.without_effect(|| stores.act(&draft, "ready", &json!({}))).refused(400, "INSUFFICIENT_STOCK");
    let short: Vec<(&Value, &Value)> = refusal["stock_errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["available_quantity"], &line["shortage"]))
        .collect();
    assert_eq!(short, [(&json!(100), &json!(1)), (&json!(3), &json!(1))]);
}

#[test]
fn acts_in_the_wrong_status_are_refused() {
    let stores = Stores::open();
    let line = |transfer: &Value| transfer["lines"][0]["id"].clone();
    let body = |act: &str, transfer: &Value| match act {
        "receive" => json!({"lines": [{"line_id": line(transfer), "accepted": 1}]}),
        "settle" => json!({"lines": [{"line_id": line(transfer), "quantity": 1, "outcome": "lost"}], "reason": "Gone"}),
        _ => json!({}),
    };
    let received = stores.sent(2);
    stores.receive(&received, 2, 0).expect(200);
    for (transfer, refused) in [
        (stores.draft(2), vec!["draft", "send", "receive", "settle"]),
        (stores.ready(2), vec!["ready", "receive", "settle"]),
        (stores.sent(2), vec!["ready", "draft", "send", "cancel"]),
        (received, vec!["ready", "draft", "send", "cancel", "receive", "settle"]),
    ] {
        for act in refused {
            let reply = stores.app.without_effect(|| stores.act(&transfer, act, &body(act, &transfer)));
            let refusal = reply.refused(409, "INVALID_TRANSITION");
            let names_settle = refusal["detail"].as_str().unwrap().contains("settle");
            assert_eq!(names_settle, act == "cancel" || act == "settle", "{act}: {refusal}");
        }
    }
}

#[test]
fn units_that_do_not_exist_cannot_be_sent_received_or_settled() {
    let stores = Stores::open();
    let (ready, sent) = (stores.ready(10), stores.sent(10));
    let (own, other) = (&sent["lines"][0]["id"], &ready["lines"][0]["id"]);
    let receive = |line: Value| ("receive", json!({"lines": [line]}));
    let settle = |line: Value| ("settle", json!({"lines": [line], "reason": "Gone"}));
    for ((act, body), status, code) in [
        (receive(json!({"line_id": other, "accepted": 1})), 422, "VALIDATION_FAILED"),
        (receive(json!({"line_id": own, "accepted": 0})), 422, "VALIDATION_FAILED"),
        (receive(json!({"line_id": own, "accepted": -1})), 422, "VALIDATION_FAILED"),
        (receive(json!({"line_id": own, "accepted": 1e30})), 422, "VALIDATION_FAILED"),
        (receive(json!({"line_id": own, "accepted": 1, "rejected": -1})), 422, "VALIDATION_FAILED"),
        (("receive", json!({"lines": []})), 422, "VALIDATION_FAILED"),
        (settle(json!({"line_id": own, "quantity": 11, "outcome": "lost"})), 409, "QUANTITY_EXCEEDED"),
        (settle(json!({"line_id": own, "quantity": 0, "outcome": "lost"})), 422, "VALIDATION_FAILED"),
        (settle(json!({"line_id": own, "quantity": 1, "outcome": "stolen"})), 422, "VALIDATION_FAILED"),
        (settle(json!({"line_id": other, "quantity": 1, "outcome": "lost"})), 422, "VALIDATION_FAILED"),
        (("receipts/RCP-1/reverse", json!({"reason": "Wrong"})), 404, "NOT_FOUND"),
        (("receipts/RCP-1/reverse", json!({})), 422, "VALIDATION_FAILED"),
    ] {
        stores.app.without_effect(|| stores.act(&sent, act, &body)).refused(status, code);
    }
    let send = |quantity: i64| json!({"lines": [{"line_id": other, "quantity": quantity}]});
    stores.app.without_effect(|| stores.act(&ready, "send", &send(11))).refused(409, "QUANTITY_EXCEEDED");
    stores.app.without_effect(|| stores.act(&ready, "send", &send(0))).refused(422, "VALIDATION_FAILED");
}

#[test]
fn the_stock_of_a_place_keeps_its_maximum() {
    let stores = Stores::open();
    let full =
        json!({"quantity": 999_999_999_999_i64, "movement_type": "in", "reason": "test", "location_id": stores.shop});
    stores.admin.put("/inventory/products/rice/stock", &full).expect(200);
    let sent = stores.sent(10);
    stores.app.without_effect(|| stores.receive(&sent, 10, 0)).refused(422, "VALIDATION_FAILED");
    stores.receive(&sent, 1, 9).expect(200);
}

#[test]
fn a_closed_place_takes_no_part() {
    let stores = Stores::open();
    let (draft, ready, sent) = (stores.draft(1), stores.ready(1), stores.sent(2));
    let set = |place: i64, status: &str| {
        let sql = format!("UPDATE locations SET status = '{status}' WHERE id = {place}");
        stores.app.connection().batch_execute(&sql).unwrap();
    };
    let line = json!([{"product_id": "rice", "quantity": 1}]);
    for place in [stores.main, stores.shop] {
        set(place, "closed");
        let create = stores.app.without_effect(|| stores.create(&json!({"lines": line})));
        create.refused(409, "LOCATION_CLOSED");
        stores.app.without_effect(|| stores.act(&draft, "ready", &json!({}))).refused(409, "LOCATION_CLOSED");
        stores.app.without_effect(|| stores.act(&ready, "send", &json!({}))).refused(409, "LOCATION_CLOSED");
        set(place, "paused");
    }
    set(stores.shop, "closed");
    stores.app.without_effect(|| stores.receive(&sent, 1, 0)).refused(409, "LOCATION_CLOSED");
    set(stores.shop, "paused");
    set(stores.main, "closed");
    stores.app.without_effect(|| stores.settle(&sent, 1, "returned")).refused(409, "LOCATION_CLOSED");
    // Goods on the road arrive even if their source is closed.
    stores.receive(&sent, 1, 0).expect(200);
    stores.settle(&sent, 1, "lost").expect(200);
    // Goods may be sent to a paused place.
    set(stores.main, "active");
    stores.act(&ready, "send", &json!({})).expect(200);
    set(stores.shop, "active");
}

#[test]
fn transfers_of_other_stores_are_not_found() {
    let stores = Stores::open();
    let sent = stores.sent(2);
    let elsewhere = stores.app.other_store("other").to_string();
    let stranger: Client = stores.app.admin().with_header("X-Store-Id", &elsewhere);
    let path = format!("/transfers/{}", sent["id"]);
    stranger.get(&path).refused(404, "TRANSFER_NOT_FOUND");
    stranger
        .get(&format!("/transfers/{}", sent["transfer_number"].as_str().unwrap()))
        .refused(404, "TRANSFER_NOT_FOUND");
    let receive = json!({"lines": [{"line_id": sent["lines"][0]["id"], "accepted": 1}]});
    let act = stores.app.without_effect(|| stranger.post(&format!("{path}/receive"), &receive));
    act.refused(404, "TRANSFER_NOT_FOUND");
    let plan = json!({"from_location_id": stores.main, "to_location_id": stores.shop,
                      "lines": [{"product_id": stores.rice.id, "quantity": 1}]});
    stores.app.without_effect(|| stranger.post("/transfers", &plan)).refused(404, "PRODUCT_NOT_FOUND");
    for missing in ["999999", "TRF-1", "0"] {
        stores.admin.get(&format!("/transfers/{missing}")).refused(404, "TRANSFER_NOT_FOUND");
    }
}
