//! Customers may return units for some days after their delivery, and staff at any time.

use super::{Shop, asked};
use crate::common::{Reply, Value, json};

fn ask(shop: &Shop, order: &Value, quantity: i64) -> Reply {
    shop.mara.post(&format!("/orders/{}/returns", order["id"]), &asked(order, quantity))
}

/// Lets all shipments up to now be older.
fn age(shop: &Shop, days: i64) {
    shop.execute(&format!(
        "UPDATE shipments SET created_at = created_at - interval '{days} days', \
                delivered_at = delivered_at - interval '{days} days'"
    ));
}

#[test]
fn a_customer_is_too_late_after_30_days_and_staff_are_not() {
    let shop = Shop::open();
    assert_eq!(
        shop.app.admin().get(&format!("/stores/{}", shop.app.store)).expect(200).json()["return_window_days"],
        30
    );
    let order = shop.delivered_order(5);
    age(&shop, 29);
    let early = ask(&shop, &order, 1).expect(201).json();
    assert_eq!((&early["status"], &early["actor"]), (&json!("requested"), &early["history"][0]["actor"]));
    age(&shop, 2);
    let refusal = shop.app.without_effect(|| ask(&shop, &order, 1)).refused(409, "RETURN_NOT_ALLOWED");
    assert!(refusal["detail"].as_str().unwrap().contains("30 days"), "{refusal}");
    // More units than the buyer has are refused first.
    shop.app.without_effect(|| ask(&shop, &order, 5)).refused(409, "QUANTITY_EXCEEDED");
    assert_eq!(shop.return_units(&order, 1)["status"], "approved");
}

#[test]
fn the_store_sets_the_window() {
    let shop = Shop::open();
    let order = shop.delivered_order(9);
    age(&shop, 100);
    for (days, status) in [(json!(100), 409), (json!(101), 201), (json!(0), 409), (json!(null), 201)] {
        shop.app.set_store(&json!({"return_window_days": days}));
        ask(&shop, &order, 1).expect(status);
    }
    for days in [json!(-1), json!(36_501), json!(1.5), json!("30")] {
        let body = json!({"return_window_days": days});
        let path = format!("/stores/{}", shop.app.store);
        shop.app.without_effect(|| shop.app.admin().patch(&path, &body)).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn each_shipment_has_its_own_window() {
    let shop = Shop::open();
    let order = shop.paid_order(6);
    shop.deliver(&order, 2);
    age(&shop, 40);
    shop.deliver(&order, 3);
    shop.app.without_effect(|| ask(&shop, &order, 4)).refused(409, "RETURN_NOT_ALLOWED");
    ask(&shop, &order, 3).expect(201);
    // The last unit is not shipped.
    assert_eq!(shop.return_units(&order, 2)["lines"][0]["quantity"], 2);
    shop.app.without_effect(|| shop.post(&order, "returns", &asked(&order, 1))).refused(409, "QUANTITY_EXCEEDED");
}

#[test]
fn a_shipment_that_has_not_arrived_is_not_returned_by_customers() {
    let shop = Shop::open();
    let order = shop.paid_order(2);
    shop.app.without_effect(|| ask(&shop, &order, 1)).refused(409, "QUANTITY_EXCEEDED");
    shop.post(&order, "shipments", &json!({})).expect(201);
    shop.app.without_effect(|| ask(&shop, &order, 1)).refused(409, "RETURN_NOT_ALLOWED");
    let document = shop.return_units(&order, 2);
    shop.receive(&document, json!({"restock": 2})).expect(200);
    assert_eq!(shop.money(&order), [20.0, 40.0, 0.0, 20.0]);
}

#[test]
fn a_buyer_who_asks_for_one_unit_after_the_other_gets_no_more_than_at_once() {
    let shop = Shop::open();
    let order = shop.paid_order(4);
    shop.deliver(&order, 1);
    shop.post(&order, "shipments", &json!({})).expect(201);
    let ask = |quantity: i64| ask(&shop, &order, quantity);
    ask(2).refused(409, "RETURN_NOT_ALLOWED");
    let first = ask(1).expect(201).json();
    ask(1).refused(409, "RETURN_NOT_ALLOWED");
    // The unit of a cancelled return can be asked for again.
    shop.clerk.post(&format!("/returns/{}/cancel", first["id"]), &json!({"reason": "a mistake"})).expect(200);
    ask(1).expect(201);
    ask(1).refused(409, "RETURN_NOT_ALLOWED");
}

/// An order of four units: two were delivered 31 days ago, and two today.
fn with_two_deliveries(shop: &Shop) -> Value {
    let order = shop.paid_order(4);
    shop.deliver(&order, 2);
    age(shop, 31);
    shop.deliver(&order, 2);
    order
}

#[test]
fn units_of_an_ended_window_are_not_returned_in_parts() {
    let shop = Shop::open();
    let order = with_two_deliveries(&shop);
    let late = |quantity: i64| {
        shop.app.without_effect(|| ask(&shop, &order, quantity)).refused(409, "RETURN_NOT_ALLOWED");
    };
    late(3);
    let document = ask(&shop, &order, 2).expect(201).json();
    late(1);
    late(2);
    // The units that came back stay taken.
    shop.clerk.post_nothing(&format!("/returns/{}/approve", document["id"])).expect(200);
    shop.receive(&document, json!({"restock": 1})).expect(200);
    late(1);
    // A unit that was missing was not returned, so it can be asked for again, but no other one.
    shop.receive(&document, json!({"missing": 1})).expect(200);
    late(2);
    ask(&shop, &order, 1).expect(201);
    late(1);
    // Staff take the old units.
    assert_eq!(shop.return_units(&order, 2)["status"], "approved");
}

#[test]
fn returns_of_staff_and_old_returns_of_the_buyer_take_the_oldest_units() {
    let shop = Shop::open();
    let order = with_two_deliveries(&shop);
    shop.return_units(&order, 2);
    ask(&shop, &order, 2).expect(201);

    // The buyer returned two units within their window, and two more were delivered later.
    let order = shop.paid_order(4);
    shop.deliver(&order, 2);
    ask(&shop, &order, 2).expect(201);
    age(&shop, 31);
    shop.execute("UPDATE returns SET created_at = created_at - interval '31 days'");
    shop.deliver(&order, 2);
    shop.app.without_effect(|| ask(&shop, &order, 3)).refused(409, "QUANTITY_EXCEEDED");
    ask(&shop, &order, 2).expect(201);
}

#[test]
fn the_window_of_collected_units_begins_when_they_are_collected() {
    let shop = Shop::open();
    let pickup = json!({"code": "corner", "name": "Corner", "pickup": {"enabled": true}});
    let corner = shop.app.admin().post("/locations", &pickup).expect(201).id();
    shop.app.receive(&shop.rice, 2, corner).expect(200);
    let items = json!([{"product_id": shop.rice.id, "quantity": 2}]);
    let body = json!({"items": items, "pickup_location_id": corner});
    let order = shop.mara.post("/orders", &body).expect(201).json();
    shop.clerk.post_nothing(&format!("/orders/{}/ready", order["id"])).expect(200);
    shop.app.without_effect(|| ask(&shop, &order, 1)).refused(409, "QUANTITY_EXCEEDED");
    shop.clerk.post_nothing(&format!("/orders/{}/collected", order["id"])).expect(200);
    assert_eq!(ask(&shop, &order, 1).expect(201).json()["status"], "requested");
    age(&shop, 31);
    shop.app.without_effect(|| ask(&shop, &order, 1)).refused(409, "RETURN_NOT_ALLOWED");
}
