//! Orders that the buyer collects: ready, and collected.

use super::{Shop, statuses};
use crate::common::{Value, json};

/// An order of units that the buyer collects at `corner`, where there are ten.
fn order(shop: &Shop, quantity: i64) -> Value {
    let found = shop.clerk.get("/locations?sort=code").expect(200).json();
    let corner = found["items"].as_array().unwrap().iter().find(|place| place["code"] == "corner");
    let corner = corner.map(|place| place["id"].as_i64().unwrap()).unwrap_or_else(|| {
        let pickup = json!({"code": "corner", "name": "Corner", "pickup": {"enabled": true}});
        let corner = shop.app.admin().post("/locations", &pickup).expect(201).id();
        shop.app.receive(&shop.rice, 10, corner).expect(200);
        corner
    });
    let items = json!([{"product_id": shop.rice.id, "quantity": quantity}]);
    shop.mara.post("/orders", &json!({"items": items, "pickup_location_id": corner})).expect(201).json()
}

fn ready(shop: &Shop, order: &Value) -> Value {
    shop.clerk.post_nothing(&format!("/orders/{}/ready", order["id"])).expect(200).json()
}

#[test]
fn an_order_is_ready_and_then_collected() {
    let shop = Shop::open();
    let order = order(&shop, 3);
    assert_eq!((&order["pickup_status"], &order["ready_at"]), (&Value::Null, &Value::Null));
    let now = ready(&shop, &order);
    assert_eq!((&now["status"], &now["pickup_status"]), (&json!("processing"), &json!("ready")));
    assert_eq!((&now["fulfilment_status"], statuses(&now)), (&json!("none"), vec![]));
    // A second call changes nothing.
    let path = format!("/orders/{}/ready", order["id"]);
    let again = shop.app.without_effect_but_keys(|| shop.clerk.post_nothing(&path)).expect(200).json();
    assert_eq!(again, now);
    let collected = shop.clerk.post_nothing(&format!("/orders/{}/collected", order["id"])).expect(200).json();
    assert_eq!((&collected["status"], &collected["pickup_status"]), (&json!("delivered"), &json!("collected")));
    assert_eq!((statuses(&collected), &collected["ready_at"]), (vec!["delivered"], &now["ready_at"]));
    assert_eq!(collected["shipments"][0]["delivered_at"], collected["shipments"][0]["created_at"]);
    assert_eq!(shop.steps(&order), ["pending", "processing", "shipped", "delivered"]);
    for act in ["collected", "ready"] {
        let path = format!("/orders/{}/{act}", order["id"]);
        shop.app.without_effect(|| shop.clerk.post_nothing(&path)).refused(409, "INVALID_TRANSITION");
    }
}

#[test]
fn units_are_collected_in_parts() {
    let shop = Shop::open();
    let order = order(&shop, 3);
    let first = shop.ship(&order, 1);
    assert_eq!((&first["status"], &first["order_status"]), (&json!("delivered"), &json!("processing")));
    ready(&shop, &order);
    let last = shop.ship(&order, 2);
    assert_eq!((&last["status"], &last["order_status"]), (&json!("delivered"), &json!("delivered")));
    shop.app.without_effect(|| shop.act(&last, "lost", &json!({"reason": "r"}))).refused(409, "INVALID_TRANSITION");
}

#[test]
fn the_status_shipped_hands_the_units_over() {
    let shop = Shop::open();
    let order = order(&shop, 3);
    ready(&shop, &order);
    let now = shop.clerk.put(&format!("/orders/{}", order["id"]), &json!({"status": "shipped"})).expect(200).json();
    assert_eq!((&now["status"], &now["pickup_status"]), (&json!("delivered"), &json!("collected")));
}

#[test]
fn an_order_that_nobody_collects_is_cancelled_with_its_units() {
    let shop = Shop::open();
    let order = order(&shop, 3);
    ready(&shop, &order);
    assert_eq!(shop.app.stock(&shop.rice), (1_007, 0, 3));
    let now = shop.mara.cancel(&order).expect(200).json();
    assert_eq!((&now["status"], &now["pickup_status"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(shop.app.stock(&shop.rice), (1_010, 0, 0));
}

#[test]
fn only_sold_orders_that_the_buyer_collects_get_ready() {
    let shop = Shop::open();
    let delivered = shop.order(1);
    let cancelled = order(&shop, 1);
    shop.mara.cancel(&cancelled).expect(200);
    for order in [&delivered, &cancelled] {
        for act in ["ready", "collected"] {
            let path = format!("/orders/{}/{act}", order["id"]);
            shop.app.without_effect(|| shop.clerk.post_nothing(&path)).refused(409, "INVALID_TRANSITION");
            shop.app.without_effect(|| shop.mara.post_nothing(&path)).refused(403, "FORBIDDEN");
        }
    }
    shop.clerk.post_nothing("/orders/999999/ready").refused(404, "ORDER_NOT_FOUND");
    shop.clerk.post_nothing("/orders/999999/collected").refused(404, "ORDER_NOT_FOUND");
    assert_eq!(shop.app.order(&delivered)["pickup_status"], Value::Null);
}
