//! Shipments of orders.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Shop;
use crate::common::{Reply, Value, json};

fn ship(shop: &Shop, order: &Value, body: &Value) -> Reply {
    shop.app.admin().post(&format!("/orders/{}/shipments", order["id"]), body)
}

fn shown(shop: &Shop, order: &Value) -> Value {
    shop.app.admin().get(&format!("/orders/{}", order["id"])).expect(200).json()
}

/// The committed units of a product.
fn committed(shop: &Shop) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        committed: i64,
    }
    let row: Row = diesel::sql_query(
        "SELECT SUM(l.committed_quantity)::int8 AS committed FROM stock_levels l \
         JOIN variants v ON v.store_id = l.store_id AND v.id = l.variant_id WHERE v.product_id = $1",
    )
    .bind::<BigInt, _>(shop.rice.id)
    .get_result(&mut shop.app.connection())
    .unwrap();
    row.committed
}

#[test]
fn units_stay_committed_until_they_are_shipped_in_parts() {
    let shop = Shop::open();
    let order = shop.order(5);
    assert_eq!((shop.app.stock(&shop.rice), committed(&shop)), ((995, 0, 5), 5));
    assert_eq!(shown(&shop, &order)["fulfilment_status"], "none");
    let item = &order["items"][0]["id"];
    let first = ship(
        &shop,
        &order,
        &json!({"lines": [{"item_id": item, "quantity": 2}], "carrier": "DHL",
        "tracking_number": "T-1", "tracking_url": "https://dhl.example/T-1"}),
    );
    let first = first.expect(201).json();
    assert_eq!((&first["order_status"], &first["tracking_number"]), (&json!("processing"), &json!("T-1")));
    assert_eq!((&first["lines"][0]["item_id"], &first["lines"][0]["quantity"]), (item, &json!(2)));
    let order = shown(&shop, &order);
    assert_eq!((&order["status"], &order["fulfilment_status"]), (&json!("processing"), &json!("partial")));
    assert_eq!((&order["items"][0]["shipped_quantity"], &order["tracking_number"]), (&json!(2), &json!("T-1")));
    assert_eq!(order["next_statuses"], json!(["shipped"]));
    assert_eq!((shop.app.stock(&shop.rice), committed(&shop)), ((995, 0, 5), 3));
    let refusal = shop.app.without_effect(|| shop.cancel(&order)).refused(409, "ORDER_NOT_CANCELLABLE");
    assert!(refusal["detail"].as_str().unwrap().contains("shipped in part"), "{refusal}");
    shop.app.without_effect(|| shop.set_status(&order, "cancelled")).refused(409, "ORDER_NOT_CANCELLABLE");
    let rest = ship(&shop, &order, &json!({})).expect(201).json();
    assert_eq!((&rest["order_status"], &rest["lines"][0]["quantity"]), (&json!("shipped"), &json!(3)));
    let order = shown(&shop, &order);
    assert_eq!((&order["status"], &order["fulfilment_status"]), (&json!("shipped"), &json!("full")));
    assert_eq!(committed(&shop), 0);
    let shipments = shop.mara.get(&format!("/orders/{}/shipments", order["id"])).expect(200).json();
    let numbers: Vec<&Value> =
        shipments.as_array().unwrap().iter().map(|shipment| &shipment["shipment_number"]).collect();
    assert_eq!(numbers, [&first["shipment_number"], &rest["shipment_number"]]);
    let reference = first["shipment_number"].as_str().unwrap();
    let ledger = shop.app.admin().get(&format!("/inventory/movements?reference_id={reference}")).expect(200).json();
    assert_eq!((&ledger["items"][0]["kind"], &ledger["total"]), (&json!("ship"), &json!(1)));
    ship(&shop, &order, &json!({})).refused(409, "INVALID_TRANSITION");
}

#[test]
fn the_status_shipped_ships_all_that_is_left() {
    let shop = Shop::open();
    let order = shop.order(4);
    let item = &order["items"][0]["id"];
    ship(&shop, &order, &json!({"lines": [{"item_id": item, "quantity": 1}]})).expect(201);
    shop.put(&order, &json!({"status": "shipped", "tracking_number": "T-9"})).expect(200);
    let shipments = shop.app.admin().get(&format!("/orders/{}/shipments", order["id"])).expect(200).json();
    assert_eq!((&shipments[1]["tracking_number"], &shipments[1]["lines"][0]["quantity"]), (&json!("T-9"), &json!(3)));
    assert_eq!(committed(&shop), 0);
}

#[test]
fn a_cancelled_order_is_no_longer_committed() {
    let shop = Shop::open();
    let order = shop.order(4);
    shop.cancel(&order).expect(200);
    assert_eq!((shop.app.stock(&shop.rice), committed(&shop)), ((1_000, 0, 0), 0));
    ship(&shop, &order, &json!({})).refused(409, "INVALID_TRANSITION");
}

#[test]
fn a_shipment_that_is_sent_twice_leaves_once() {
    let shop = Shop::open();
    let order = shop.order(4);
    let body = json!({"lines": [{"item_id": order["items"][0]["id"], "quantity": 2}]});
    let staff = shop.app.admin().with_key("s-1");
    let path = format!("/orders/{}/shipments", order["id"]);
    let (first, second) = (staff.post(&path, &body).expect(201), staff.post(&path, &body).expect(201));
    assert_eq!(first.json(), second.json());
    assert_eq!(committed(&shop), 2);
}

#[test]
fn a_shipment_of_other_units_is_refused() {
    let shop = Shop::open();
    let (order, other) = (shop.order(4), shop.order(1));
    let (item, attic) = (&order["items"][0]["id"], shop.app.add_location("attic"));
    for (body, status, code) in [
        (json!({"lines": [{"item_id": item, "quantity": 5}]}), 409, "QUANTITY_EXCEEDED"),
        (json!({"lines": [{"item_id": item, "quantity": 4, "location_id": 999_999}]}), 404, "LOCATION_NOT_FOUND"),
        (json!({"lines": [{"item_id": item, "quantity": 4, "location_id": attic}]}), 409, "QUANTITY_EXCEEDED"),
        (
            json!({"lines": [{"item_id": item, "quantity": 2}, {"item_id": item, "quantity": 3}]}),
            409,
            "QUANTITY_EXCEEDED",
        ),
        (json!({"lines": [{"item_id": other["items"][0]["id"], "quantity": 1}]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [{"item_id": item, "quantity": 0}]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [{"item_id": item, "quantity": -1}]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": [{"item_id": item, "quantity": 1e30}]}), 422, "VALIDATION_FAILED"),
        (json!({"lines": []}), 422, "VALIDATION_FAILED"),
        (json!({"carrier": " "}), 422, "VALIDATION_FAILED"),
        (json!({"tracking_url": "javascript:alert(1)"}), 422, "VALIDATION_FAILED"),
    ] {
        shop.app.without_effect(|| ship(&shop, &order, &body)).refused(status, code);
    }
    // Lines of the same item are added up, whatever their places are.
    let (two, three) = (json!({"item_id": item, "quantity": 2}), json!({"item_id": item, "quantity": 3}));
    let here = json!({"item_id": item, "quantity": 3, "location_id": shop.app.main_location()});
    for lines in [json!([two, three]), json!([here, two]), json!([three, two])] {
        let refused = shop.app.without_effect(|| ship(&shop, &order, &json!({"lines": lines})));
        let detail = refused.refused(409, "QUANTITY_EXCEEDED")["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with("the order has at most 4 units left to ship, not 5."), "{detail}");
    }
    let elsewhere = shop.app.other_store("other").to_string();
    let admin = shop.app.admin().with_header("X-Store-Id", &elsewhere);
    let path = format!("/orders/{}/shipments", order["id"]);
    shop.app.without_effect(|| admin.post(&path, &json!({}))).refused(404, "ORDER_NOT_FOUND");
    admin.get(&path).refused(404, "ORDER_NOT_FOUND");
}
