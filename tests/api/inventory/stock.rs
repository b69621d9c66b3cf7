//! Changes of stock, and its locations.

use super::{change, fields, put_stock};
use crate::common::{TestApp, Value, json};

#[test]
fn stock_comes_in_goes_out_and_is_counted() {
    let app = TestApp::start();
    let rice = app.create_product(
        &json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 10, "min_stock_level": 5}),
    );
    let clerk = app.staff(&["inventory:update"]);
    let mut last = 0;
    let mut done = |movement_type: &str, quantity: i64, before: i64, after: i64, status: &str| {
        let mut body = change(movement_type, quantity);
        body["reference_id"] = json!("PO-7");
        let answer = put_stock(&clerk, &rice, &body).expect(200).json();
        let movement = answer["movement_id"].as_i64().unwrap();
        let expected = json!({"success": true, "product_id": rice.id, "previous_stock": before, "new_stock": after,
                              "reserved_quantity": 0, "available_quantity": after, "stock_status": status,
                              "movement_id": movement, "message": answer["message"]});
        assert_eq!(answer, expected);
        assert!(answer["message"].is_string() && movement > last);
        last = movement;
    };
    done("in", 5, 10, 15, "in_stock");
    done("out", 10, 15, 5, "low_stock");
    done("out", 5, 5, 0, "out_of_stock");
    done("adjustment", 7, 0, 7, "in_stock");
    done("adjustment", 7, 7, 7, "in_stock");
    done("adjustment", 0, 7, 0, "out_of_stock");
    done("in", 1_000_000_000_000, 0, 1_000_000_000_000, "in_stock");
    assert_eq!(app.stock(&rice), (1_000_000_000_000, 0, 0), "none of them changes what was sold");
    app.without_effect(|| {
        put_stock(&clerk, &rice, &change("in", 1)).refused_field("quantity");
        put_stock(&clerk, &rice, &change("adjustment", 1_000_000_000_001)).refused(422, "VALIDATION_FAILED");
    });
}

#[test]
fn a_stock_change_that_can_not_be_is_refused_without_a_trace() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let clerk = app.staff(&["inventory:update"]);
    let with = |movement_type: &str, quantity: i64, name: &str, value: Value| {
        let mut body = change(movement_type, quantity);
        body[name] = value;
        body
    };
    app.without_effect(|| {
        let short = put_stock(&clerk, &rice, &change("out", 11)).refused(400, "INSUFFICIENT_STOCK");
        let expected = json!([{"product_id": rice.id, "sku": "rice", "product_name": "Rice", "size": null,
            "requested_quantity": 11, "available_quantity": 10, "shortage": 1,
            "message": "Insufficient stock for 'Rice'. Available: 10, Requested: 11"}]);
        assert_eq!(short["stock_errors"], expected);
        assert_eq!(short["detail"], expected[0]["message"]);
        let stale = put_stock(&clerk, &rice, &with("in", 1, "expected_stock", json!(9)));
        assert_eq!(stale.refused(409, "STALE_STOCK")["current_stock"], 10);
        for (movement_type, quantity) in [("in", 0), ("out", 0), ("in", -1), ("out", -1), ("adjustment", -1)] {
            put_stock(&clerk, &rice, &change(movement_type, quantity)).refused_field("quantity");
        }
        for wrong in [json!(1.5), json!("1"), json!(null), json!(1e13)] {
            put_stock(&clerk, &rice, &with("in", 1, "quantity", wrong)).refused_field("quantity");
        }
        put_stock(&clerk, &rice, &change("steal", 1)).refused_field("movement_type");
        put_stock(&clerk, &rice, &with("in", 1, "reason", json!(""))).refused_field("reason");
        put_stock(&clerk, &rice, &with("in", 1, "sold", json!(1))).refused_field("sold");
        put_stock(&clerk, &rice, &json!({"quantity": 1, "movement_type": "in"})).refused(422, "VALIDATION_FAILED");
        put_stock(&clerk, &rice, &with("in", 1, "size", json!("M"))).refused(404, "SIZE_NOT_FOUND");
        put_stock(&clerk, &rice, &with("in", 1, "location_id", json!(999_999))).refused(404, "LOCATION_NOT_FOUND");
        put_stock(&clerk, &tee, &change("in", 1)).refused(422, "SIZE_REQUIRED");
        put_stock(&clerk, &tee, &with("in", 1, "size", json!("XXL"))).refused(404, "SIZE_NOT_FOUND");
        let short = put_stock(&clerk, &tee, &with("out", 5, "size", json!("M"))).refused(400, "INSUFFICIENT_STOCK");
        assert_eq!(
            fields(&short["stock_errors"][0], ["sku", "size", "available_quantity"]),
            [json!("tee-M"), json!("M"), json!(4)]
        );
    });
    let right = put_stock(&clerk, &rice, &with("out", 4, "expected_stock", json!(10))).expect(200).json();
    assert_eq!(right["new_stock"], 6);
    let of_size = put_stock(&clerk, &tee, &with("out", 4, "size", json!("M"))).expect(200).json();
    assert_eq!(fields(&of_size, ["previous_stock", "new_stock", "available_quantity"]), [json!(4), json!(0), json!(0)]);
    assert_eq!(app.stock(&tee), (3, 0, 0), "without a size the sizes are summed");
}

#[test]
fn stock_is_shown_by_size_and_by_location() {
    let app = TestApp::start();
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let mara = app.customer("mara");
    mara.add_size_to_cart(&tee, "M", 1);
    mara.checkout().expect(201);
    let reader = app.staff(&["inventory:read"]);
    let figures = ["available_quantity", "reserved_quantity", "sold_quantity", "stock_quantity"];
    let read = |query: &str| reader.get(&format!("/inventory/products/tee/stock{query}")).expect(200).json();
    let whole = read("");
    assert_eq!(fields(&whole, figures), [json!(6), json!(0), json!(1), json!(6)]);
    let places = whole["locations"].as_array().unwrap();
    assert_eq!((places.len(), &places[0]["code"]), (1, &json!("main")));
    assert_eq!(fields(&places[0], figures), [json!(6), json!(0), json!(1), json!(6)]);
    let of_m = read("?size=M");
    assert_eq!(fields(&of_m, figures), [json!(3), json!(0), json!(1), json!(3)]);
    assert_eq!(fields(&of_m["locations"][0], figures), [json!(3), json!(0), json!(1), json!(3)]);
    assert_eq!(fields(&read("?size=S"), figures), [json!(3), json!(0), json!(0), json!(3)]);
    reader.get("/inventory/products/tee/stock?size=XXL").refused(404, "SIZE_NOT_FOUND");
}

#[test]
fn each_location_has_stock_of_its_own() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let attic = app.add_location("attic");
    let admin = app.admin();
    let mut body = change("in", 5);
    body["location_id"] = json!(attic);
    let added = put_stock(&admin, &rice, &body).expect(200).json();
    assert_eq!(fields(&added, ["previous_stock", "new_stock", "available_quantity"]), [json!(0), json!(5), json!(5)]);
    let stock = admin.get("/inventory/products/rice/stock").json();
    assert_eq!(stock["stock_quantity"], 15);
    let places: Vec<_> =
        stock["locations"].as_array().unwrap().iter().map(|one| fields(one, ["code", "stock_quantity"])).collect();
    assert_eq!(places, [[json!("main"), json!(10)], [json!("attic"), json!(5)]]);
    let levels = admin.get("/inventory").expect(200).json();
    let rows: Vec<_> = levels["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| fields(one, ["location_code", "stock_quantity"]))
        .collect();
    assert_eq!((rows, &levels["total"]), (places, &json!(2)));
    assert_eq!(app.guest().get("/inventory/products/rice/availability/15").json()["available"], true);
}

#[test]
fn a_cancel_gives_units_back_to_where_they_came_from() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 12);
    assert_eq!(app.stock_by_place(&rice), [("main".into(), 0), ("attic".into(), 3)]);
    mara.cancel(&order).expect(200);
    assert_eq!(app.stock_by_place(&rice), [("main".into(), 10), ("attic".into(), 5)]);
    app.audit();
}
