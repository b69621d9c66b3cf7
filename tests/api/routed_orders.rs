//! Orders are served from the places that the rules of the store choose.

use crate::common::shop::Product;
use crate::common::{Client, Reply, TestApp, Value, json};

/// A store with places in Pune, Mumbai and Delhi, and a customer in Bengaluru.
struct Shop {
    app: TestApp,
    rice: Product,
    mara: Client,
    address: i64,
    pune: i64,
    mumbai: i64,
    delhi: i64,
}

impl Shop {
    fn open() -> Self {
        let app = TestApp::start();
        let rice = app.product("rice", 10.0, 0);
        let place = |code: &str, latitude: f64, longitude: f64| {
            let body =
                json!({"code": code, "name": code, "latitude": latitude, "longitude": longitude, "country": "IN"});
            app.admin().post("/locations", &body).expect(201).id()
        };
        let (pune, mumbai) = (place("pune", 18.5204, 73.8567), place("mumbai", 19.0760, 72.8777));
        let delhi = place("delhi", 28.7041, 77.1025);
        let mara = app.customer("mara");
        let address = json!({"full_name": "Mara Iyer", "phone": "+91 98450 12345", "line1": "12 Lake Road",
                             "city": "Bengaluru", "postal_code": "560001", "country": "IN",
                             "latitude": 12.9716, "longitude": 77.5946});
        let address = mara.post("/addresses", &address).expect(201).id();
        Self { rice, mara, address, pune, mumbai, delhi, app }
    }

    fn receive(&self, place: i64, quantity: i64) {
        let body = json!({"quantity": quantity, "movement_type": "in", "reason": "Delivery", "location_id": place});
        self.app.admin().put(&format!("/inventory/products/{}/stock", self.rice.id), &body).expect(200);
    }

    fn order(&self, quantity: i64) -> Reply {
        let items = json!([{"product_id": self.rice.id, "quantity": quantity}]);
        self.mara.post("/orders", &json!({"items": items, "shipping_address_id": self.address}))
    }

    /// The places that a preview chooses, each with its units and its rule.
    fn preview(&self, quantity: i64) -> Vec<(i64, i64, Value)> {
        self.mara.delete("/cart").expect(204);
        self.mara.add_to_cart(&self.rice, quantity);
        let body = json!({"shipping_address_id": self.address});
        let preview = self.mara.post("/checkout/preview", &body).expect(200).json();
        let part = |part: &Value| {
            let units = part["lines"][0]["quantity"].as_i64().unwrap();
            (part["location_id"].as_i64().unwrap(), units, part["rule"].clone())
        };
        preview["routing"].as_array().unwrap().iter().map(part).collect()
    }

    /// The units that each place gave to an order, by its shipment of everything.
    fn shipped_from(&self, order: &Value) -> Vec<(i64, i64)> {
        let shipment =
            self.app.admin().post(&format!("/orders/{}/shipments", order["id"]), &json!({})).expect(201).json();
        let line = |line: &Value| (line["location_id"].as_i64().unwrap(), line["quantity"].as_i64().unwrap());
        shipment["lines"].as_array().unwrap().iter().map(line).collect()
    }

    fn set_routing(&self, policy: &Value) {
        self.app.admin().put(&format!("/stores/{}/routing", self.app.store), policy).expect(200);
    }

    fn set_status(&self, place: i64, status: &str) {
        self.app.admin().patch(&format!("/locations/{place}"), &json!({"status": status})).expect(200);
    }
}

#[test]
fn an_order_comes_from_the_nearest_place_that_has_all_of_it() {
    let shop = Shop::open();
    for place in [shop.delhi, shop.mumbai, shop.pune] {
        shop.receive(place, 10);
    }
    // Bengaluru is 735 km from Pune, 845 km from Mumbai and 1,750 km from Delhi.
    assert_eq!(shop.preview(4), [(shop.pune, 4, json!("nearest"))]);
    let order = shop.order(4).expect(201).json();
    assert_eq!(shop.shipped_from(&order), [(shop.pune, 4)]);
    // Six are left in Pune, so one parcel for eight comes from the next one.
    assert_eq!(shop.preview(8), [(shop.mumbai, 8, json!("nearest"))]);
    shop.set_routing(&json!({"preferred_location_ids": [shop.delhi]}));
    assert_eq!(shop.preview(8), [(shop.delhi, 8, json!("preferred"))]);
}

#[test]
fn an_order_is_split_only_if_no_place_has_all_of_it() {
    let shop = Shop::open();
    shop.receive(shop.pune, 5);
    shop.receive(shop.delhi, 4);
    let parts = shop.preview(7);
    assert_eq!(parts.iter().map(|part| (part.0, part.1)).collect::<Vec<_>>(), [(shop.pune, 5), (shop.delhi, 2)]);
    shop.set_routing(&json!({"split": "never"}));
    let refusal = shop.app.without_effect(|| shop.order(7)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["available_quantity"], 5, "the best single place has five: {refusal}");
    let items = json!({"items": [{"product_id": shop.rice.id, "quantity": 7}]});
    let list = shop.mara.post("/inventory/availability", &items).expect(200).json();
    assert_eq!((&list["available"], &list["items"][0]["available_quantity"]), (&json!(false), &json!(5)));
    let path = format!("/inventory/products/{}/availability", shop.rice.id);
    let one = |quantity: i64| shop.mara.get(&format!("{path}/{quantity}")).expect(200).json()["available"].clone();
    assert_eq!((one(5), one(6)), (json!(true), json!(false)));
    shop.set_routing(&json!({"split": "allow"}));
    let order = shop.order(7).expect(201).json();
    let mut shipped = shop.shipped_from(&order);
    shipped.sort_unstable();
    assert_eq!(shipped, [(shop.pune, 5), (shop.delhi, 2)]);
    shop.order(3).refused(400, "INSUFFICIENT_STOCK");
}

#[test]
fn a_paused_place_gets_no_new_orders_and_keeps_the_open_ones() {
    let shop = Shop::open();
    shop.receive(shop.pune, 5);
    shop.receive(shop.delhi, 5);
    let order = shop.order(2).expect(201).json();
    shop.set_status(shop.pune, "paused");
    assert_eq!(shop.preview(3), [(shop.delhi, 3, Value::Null)]);
    let refusal = shop.order(6).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(refusal["stock_errors"][0]["available_quantity"], 5);
    assert_eq!(shop.shipped_from(&order), [(shop.pune, 2)]);
    shop.set_status(shop.pune, "active");
    assert_eq!(shop.preview(3), [(shop.pune, 3, json!("nearest"))]);
}

#[test]
fn a_cart_keeps_its_units_and_is_routed_afresh_at_checkout() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"hold_cart_items": true}));
    shop.receive(shop.delhi, 5);
    shop.mara.add_to_cart(&shop.rice, 5);
    shop.receive(shop.pune, 5);
    let order = shop.mara.checkout_to(shop.address).expect(201).json();
    assert_eq!(shop.shipped_from(&order), [(shop.pune, 5)]);
    assert_eq!(shop.app.stock(&shop.rice), (5, 0, 5));
}

#[test]
fn a_place_without_coordinates_does_not_hide_the_distances_of_the_others() {
    let shop = Shop::open();
    shop.app.admin().patch(&format!("/locations/{}", shop.delhi), &json!({"priority": 1})).expect(200);
    // `main` was created with the store, and has no coordinates.
    for place in [shop.app.main_location(), shop.delhi, shop.pune] {
        shop.receive(place, 5);
    }
    assert_eq!(shop.preview(2), [(shop.pune, 2, json!("nearest"))]);
}
