//! Orders that the buyer collects.

use crate::common::shop::{Product, create_place};
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with rice in `main`, where nothing can be collected, and in the pickup point `corner`.
struct Shop {
    app: TestApp,
    rice: Product,
    mara: Client,
    main: i64,
    corner: i64,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        app.set_store(&json!({"shipping_flat_rate": 20, "tax_rate": 10, "guest_orders": true}));
        let rice = app.product("rice", 10.0, 50);
        let pickup = json!({"code": "corner", "name": "Corner", "pickup": {"enabled": true, "instructions": "Ring"}});
        let corner = app.admin().post("/locations", &pickup).expect(201).id();
        app.receive(&rice, 5, corner).expect(200);
        Self { rice, mara: app.customer("mara"), main: app.main_location(), corner, app }
    }

    fn order_at(&self, place: i64, quantity: i64) -> Reply {
        let items = json!([{"product_id": self.rice.id, "quantity": quantity}]);
        self.mara.post("/orders", &json!({"items": items, "pickup_location_id": place}))
    }

    fn checkout(&self, body: &Value) -> Reply {
        self.mara.post("/checkout", body)
    }

    fn units(&self) -> [i64; 2] {
        let places = self.app.stock_by_place(&self.rice);
        ["main", "corner"].map(|code| places.iter().find(|place| place.0 == code).unwrap().1)
    }
}

#[test]
fn a_collected_order_comes_from_its_place_and_costs_no_delivery() {
    let shop = Shop::open();
    shop.mara.add_to_cart(&shop.rice, 4);
    let body = json!({"pickup_location_id": shop.corner});
    let preview = shop.mara.post("/checkout/preview", &body).expect(200).json();
    assert_eq!(preview["routing"][0]["location_id"], shop.corner);
    let order = shop.checkout(&body).expect(201).json();
    let amounts = ["subtotal", "tax_amount", "shipping_amount", "total_amount"].map(|field| order[field].clone());
    assert_eq!(amounts, [40.00, 4.00, 0.00, 44.00].map(|amount| json!(amount)));
    assert_eq!((&order["pickup_location_id"], &order["shipping_address"]), (&json!(shop.corner), &Value::Null));
    assert_eq!((&preview["order"]["total_amount"], shop.units()), (&json!(44.00), [50, 1]));
    let shown = shop.mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    assert_eq!(shown, order);
    shop.mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    assert_eq!(shop.units(), [50, 5]);
    // A delivered order is as before.
    let items = json!([{"product_id": shop.rice.id, "quantity": 1}]);
    let delivered = shop.mara.post("/orders", &json!({"items": items})).expect(201).json();
    assert_eq!((&delivered["pickup_location_id"], &delivered["shipping_amount"]), (&Value::Null, &json!(20.00)));
}

#[test]
fn a_collected_order_gets_no_units_of_other_places() {
    let shop = Shop::open();
    let refusal = shop.app.without_effect(|| shop.order_at(shop.corner, 6)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["available_quantity"], 5);
    let items = json!([{"product_id": shop.rice.id, "quantity": 6}]);
    let body = json!({"items": items, "pickup_location_id": shop.corner, "allow_partial": true});
    let order = shop.app.guest().post("/orders", &body).expect(201).json();
    assert_eq!((&order["total_items"], &order["unfulfilled"][0]["shortage"]), (&json!(5), &json!(1)));
    assert_eq!(shop.units(), [50, 0]);
}

#[test]
fn units_are_collected_where_nothing_is_sold_online() {
    let shop = Shop::open();
    shop.app.admin().patch(&format!("/locations/{}", shop.corner), &json!({"sells_online": false})).expect(200);
    shop.order_at(shop.corner, 2).expect(201);
    assert_eq!(shop.units(), [50, 3]);
}

#[test]
fn a_cart_that_holds_units_elsewhere_is_collected_at_the_place() {
    let shop = Shop::open();
    shop.app.hold_carts();
    shop.mara.add_to_cart(&shop.rice, 3);
    shop.checkout(&json!({"pickup_location_id": shop.corner})).expect(201);
    assert_eq!((shop.units(), shop.app.stock(&shop.rice)), ([50, 2], (52, 0, 3)));
}

#[test]
fn a_collected_order_may_have_an_address() {
    let shop = Shop::open();
    shop.mara.add_to_cart(&shop.rice, 1);
    let body = json!({"pickup_location_id": shop.corner, "shipping_address_id": shop.mara.address()});
    let order = shop.checkout(&body).expect(201).json();
    assert_eq!((&order["billing_address"]["city"], &order["shipping_amount"]), (&json!("Bengaluru"), &json!(0.00)));
}

#[test]
fn other_places_are_refused() {
    let shop = Shop::open();
    shop.mara.add_to_cart(&shop.rice, 1);
    let foreign = create_place(&mut shop.app.connection(), shop.app.other_store("STORE-TWO"), "attic");
    let (quarantine, unknown) = (shop.corner + 1, 999_999);
    for place in [foreign, quarantine, unknown] {
        let body = json!({"pickup_location_id": place});
        shop.app.without_effect(|| shop.order_at(place, 1)).refused(404, "LOCATION_NOT_FOUND");
        shop.app.without_effect(|| shop.checkout(&body)).refused(404, "LOCATION_NOT_FOUND");
        shop.app.without_effect(|| shop.mara.post("/checkout/preview", &body)).refused(404, "LOCATION_NOT_FOUND");
    }
    shop.app.without_effect(|| shop.order_at(shop.main, 1)).refused_field("pickup_location_id");
    shop.app.without_effect(|| shop.order_at(0, 1)).refused_field("pickup_location_id");
    shop.app.without_effect(|| shop.checkout(&json!({}))).refused_field("shipping_address_id");
    let body = json!({"pickup_location_id": shop.corner, "shipping_address_id": 999_999});
    shop.app.without_effect(|| shop.checkout(&body)).refused(404, "ADDRESS_NOT_FOUND");
    for status in ["paused", "closed"] {
        if status == "closed" {
            let out = json!({"quantity": 5, "movement_type": "out", "reason": "Moved", "location_id": shop.corner});
            shop.app.admin().put(&format!("/inventory/products/{}/stock", shop.rice.id), &out).expect(200);
        }
        shop.app.set_status(shop.corner, status).expect(200);
        shop.app.without_effect(|| shop.order_at(shop.corner, 1)).refused_field("pickup_location_id");
    }
}
