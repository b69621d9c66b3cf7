//! The parts of today's figures of a product.

use super::{quarantine, send};
use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};

fn explain(app: &TestApp, product: &Product, query: &str) -> Value {
    let path = format!("/inventory/products/{}/explain{query}", product.id);
    app.admin().get(&path).expect(200).json()
}

/// The figures of each list of parts must add up to those of the levels, row by row and in all.
pub fn assert_adds_up(explanation: &Value) {
    let number = |value: &Value, name: &str| value[name].as_i64().unwrap_or_else(|| panic!("no {name}: {value}"));
    for (parts, figure) in [("holds", "reserved"), ("allocations", "committed"), ("inbound", "incoming")] {
        let figure = format!("{figure}_quantity");
        let parts = explanation[parts].as_array().unwrap();
        for level in explanation["levels"].as_array().unwrap() {
            let of_level = parts.iter().filter(|part| {
                (&part["variant_id"], &part["location_id"]) == (&level["variant_id"], &level["location_id"])
            });
            let sum: i64 = of_level.map(|part| number(part, "quantity")).sum();
            assert_eq!(sum, number(level, &figure), "{figure} of {level} in {explanation}");
        }
        let sum: i64 = parts.iter().map(|part| number(part, "quantity")).sum();
        assert_eq!(sum, number(&explanation["totals"], &figure), "{figure} in {explanation}");
    }
}

fn purchase(app: &TestApp, product: &Product, quantity: i64, expected_on: &str) -> Value {
    let admin = app.admin();
    let supplier = admin.post("/suppliers", &json!({"code": format!("S{quantity}"), "name": "Mill"})).expect(201).id();
    let body = json!({"supplier_id": supplier, "location_id": app.main_location(), "expected_on": expected_on,
                      "lines": [{"product_id": product.id, "quantity": quantity, "unit_cost": 1}]});
    let draft = admin.post("/purchase-orders", &body).expect(201).json();
    admin.post(&format!("/purchase-orders/{}/order", draft["id"]), &json!({})).expect(200).json()
}

/// Some fields of each row.
fn rows(explanation: &Value, list: &str, fields: &[&str]) -> Vec<Vec<Value>> {
    let row = |row: &Value| fields.iter().map(|field| row[*field].clone()).collect();
    explanation[list].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn every_part_of_the_figures_is_named() {
    let app = TestApp::start();
    app.hold_carts();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let rice = app.product("rice", 10.0, 100);
    let (main, attic) = (app.main_location(), app.add_location("attic"));
    let before = explain(&app, &rice, "");
    assert_eq!((&before["holds"], &before["allocations"], &before["inbound"]), (&json!([]), &json!([]), &json!([])));
    mara.try_add(&rice, 1).expect(201);
    let unpaid = mara.order_upi(&rice, 2);
    admin.reserve(&rice, 3).expect(201);
    let ready =
        json!({"from_location_id": main, "to_location_id": attic, "lines": [{"product_id": rice.id, "quantity": 4}]});
    let ready = admin.post("/transfers", &ready).expect(201).json();
    admin.post(&format!("/transfers/{}/ready", ready["id"]), &json!({})).expect(200);
    let sent = send(&app, &rice, 5, attic);
    let sold = mara.order_now(&rice, 6).expect(201).json();
    let parcel = json!({"lines": [{"item_id": sold["items"][0]["id"], "quantity": 2}]});
    admin.post(&format!("/orders/{}/shipments", sold["id"]), &parcel).expect(201);
    quarantine(&app, &rice, 7);
    let late = purchase(&app, &rice, 8, "2030-02-01");
    let soon = purchase(&app, &rice, 9, "2030-01-01");
    let safety = json!({"quantity": 10, "location_id": main});
    admin.put(&format!("/inventory/products/{}/safety", rice.id), &safety).expect(200);
    app.set_product(&rice, &json!({"min_stock_level": 11, "max_stock_level": 500}));

    let found = explain(&app, &rice, "");
    assert_adds_up(&found);
    let user = format!("user:{}", unpaid["user_id"]);
    let holds = rows(&found, "holds", &["kind", "reference_id", "quantity", "location_id"]);
    let cart = found["holds"][3]["reference_id"].clone();
    assert_eq!(holds[0], [json!("transfer"), ready["transfer_number"].clone(), json!(4), json!(main)]);
    assert_eq!(holds[1], [json!("reservation"), json!("job-1"), json!(3), json!(main)]);
    assert_eq!(holds[2], [json!("order"), unpaid["order_number"].clone(), json!(2), json!(main)]);
    assert_eq!(holds[3], [json!("cart"), json!(format!("cart:{}", found["holds"][3]["id"])), json!(1), json!(main)]);
    assert!(cart.as_str().unwrap().starts_with("cart:"));
    assert_eq!((&found["holds"][2]["actor"], &found["holds"][3]["actor"]), (&json!(user), &json!(user)));
    assert_eq!(found["holds"][2]["expires_at"], unpaid["payment_expires_at"]);
    assert_eq!((&found["holds"][0]["expires_at"], &found["holds"][2]["id"]), (&json!(null), &unpaid["id"]));
    let allocations = rows(&found, "allocations", &["order_id", "order_number", "quantity", "created_at"]);
    assert_eq!(allocations, [[sold["id"].clone(), sold["order_number"].clone(), json!(4), sold["created_at"].clone()]]);
    let inbound = rows(&found, "inbound", &["kind", "number", "quantity", "expected_on", "location_id"]);
    let number = |document: &Value, name: &str| document[name].clone();
    let expected = [
        [json!("purchase"), number(&soon, "purchase_order_number"), json!(9), json!("2030-01-01"), json!(main)],
        [json!("purchase"), number(&late, "purchase_order_number"), json!(8), json!("2030-02-01"), json!(main)],
        [json!("transfer"), number(&sent, "transfer_number"), json!(5), json!(null), json!(attic)],
    ];
    assert_eq!(inbound, expected);
    let thresholds = rows(&found, "thresholds", &["kind", "set_by", "quantity", "location_id"]);
    let expected = [
        [json!("minimum"), json!("product"), json!(11), json!(null)],
        [json!("maximum"), json!("product"), json!(500), json!(null)],
        [json!("safety"), json!("location"), json!(10), json!(main)],
    ];
    assert_eq!(thresholds, expected);
    let totals = json!({"levels": 2, "holds": 4, "allocations": 1, "thresholds": 3, "inbound": 3, "stock_quantity": 82,
                        "reserved_quantity": 10, "available_quantity": 72, "committed_quantity": 4,
                        "incoming_quantity": 22});
    assert_eq!(found["totals"], totals);
    let listed = admin.get("/inventory").expect(200).json();
    assert_eq!(found["levels"], listed["items"]);
}

#[test]
fn a_size_has_its_own_parts() {
    let app = TestApp::start();
    let tee = app.sized_product("tee", 10.0, &[("S", 5), ("M", 6)]);
    app.set_product(&tee, &json!({"sizes": [{"size": "S", "min_stock_level": 3}]}));
    let buy = |size: &str, quantity: i64| {
        let items = json!([{"product_id": tee.id, "size": size, "quantity": quantity}]);
        app.customer("mara").post("/orders", &json!({"items": items})).expect(201);
    };
    buy("S", 1);
    buy("M", 2);
    let sizes = |query: &str| {
        let found = explain(&app, &tee, query);
        assert_adds_up(&found);
        let kinds = rows(&found, "thresholds", &["kind", "set_by", "size"]);
        (rows(&found, "levels", &["size"]), rows(&found, "allocations", &["size"]), kinds)
    };
    let (of_product, of_size) = (json!(["minimum", "product", null]), json!(["minimum", "size", "S"]));
    let list = |values: &Value| {
        let rows = values.as_array().unwrap().iter();
        rows.map(|value| value.as_array().unwrap().clone()).collect::<Vec<_>>()
    };
    let expected = |levels: Value, allocations: Value, thresholds: &[&Value]| {
        (list(&levels), list(&allocations), list(&json!(thresholds)))
    };
    assert_eq!(sizes(""), expected(json!([["S"], ["M"]]), json!([["M"], ["S"]]), &[&of_product, &of_size]));
    assert_eq!(sizes("?size=s"), expected(json!([["S"]]), json!([["S"]]), &[&of_size]));
    assert_eq!(sizes("?size=M"), expected(json!([["M"]]), json!([["M"]]), &[&of_product]));
    let admin = app.admin();
    admin.get(&format!("/inventory/products/{}/explain?size=XL", tee.id)).refused(404, "SIZE_NOT_FOUND");
    admin.get("/inventory/products/none/explain").refused(404, "PRODUCT_NOT_FOUND");
    assert_eq!(admin.get("/inventory/products/tee-M/explain").expect(200).json(), explain(&app, &tee, "?size=M"));
}

#[test]
fn an_overdue_hold_is_no_part() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    app.customer("mara").order_upi(&rice, 2);
    assert_eq!(explain(&app, &rice, "")["holds"].as_array().unwrap().len(), 1);
    app.advance(901);
    let found = explain(&app, &rice, "");
    assert_adds_up(&found);
    assert_eq!((&found["holds"], &found["totals"]["available_quantity"]), (&json!([]), &json!(5)));
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(explain(&app, &rice, "")["totals"], found["totals"]);
}

#[test]
fn a_list_has_at_most_100_rows_and_totals_count_all() {
    let app = TestApp::start();
    let (rice, dal) = (app.product("rice", 10.0, 500), app.product("dal", 10.0, 500));
    let mara = app.customer("mara");
    let buy = |product: &Product| mara.order_now(product, 1).expect(201).json();
    let newest: Vec<Value> = (0..105).map(|_| buy(&rice)["id"].clone()).collect();
    let hold = |client: &Client| drop(client.reserve(&rice, 1).expect(201));
    (0..103).for_each(|_| hold(&app.admin()));
    let found = explain(&app, &rice, "");
    let ids: Vec<Value> =
        found["allocations"].as_array().unwrap().iter().map(|part| part["order_id"].clone()).collect();
    let newest: Vec<Value> = newest.into_iter().rev().take(100).collect();
    assert_eq!(ids, newest);
    assert_eq!(found["holds"].as_array().unwrap().len(), 100);
    let totals = ["holds", "allocations", "reserved_quantity", "committed_quantity"];
    assert_eq!(totals.map(|total| found["totals"][total].clone()), [103, 105, 103, 105].map(|total| json!(total)));
    // The search for orders ends after the first hundred.
    (0..150).for_each(|_| drop(buy(&dal)));
    let found = explain(&app, &dal, "");
    assert_eq!(found["allocations"].as_array().unwrap().len(), 100);
    assert_eq!((&found["totals"]["allocations"], &found["totals"]["committed_quantity"]), (&json!(null), &json!(150)));
}
