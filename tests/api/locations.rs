//! Locations: their settings, who sees them, and how they are paused and closed.

use std::thread;

use crate::common::locks::stock_rows;
use crate::common::shop::Product;
use crate::common::{Reply, TestApp, Value, json};

fn adjust(app: &TestApp, product: &Product, quantity: i64, location: i64) -> Reply {
    let body = json!({"quantity": quantity, "movement_type": "adjustment", "reason": "Count", "location_id": location});
    app.admin().put(&format!("/inventory/products/{}/stock", product.id), &body)
}

#[test]
fn a_location_is_created_read_and_changed() {
    let app = TestApp::start();
    let admin = app.admin();
    let new = json!({"code": "North-1", "name": "North", "priority": 5, "latitude": 12.97, "longitude": 77.59,
                     "country": "in", "region": "Karnataka", "postal_code": "560001", "sells_online": false,
                     "pickup": {"enabled": true, "instructions": "Ring the bell"}});
    let made = admin.post("/locations", &new).expect(201).json();
    let expected = json!({"id": made["id"], "code": "north-1", "name": "North", "status": "active", "priority": 5,
                          "latitude": 12.97, "longitude": 77.59, "country": "IN", "region": "Karnataka",
                          "postal_code": "560001", "sells_online": false,
                          "pickup": {"enabled": true, "instructions": "Ring the bell"}});
    assert_eq!(made, expected);
    let path = format!("/locations/{}", made["id"]);
    assert_eq!(admin.get(&path).expect(200).json(), made);
    let change = json!({"name": "Far north", "latitude": null, "longitude": null, "country": null,
                        "pickup": {"instructions": null}});
    let changed = admin.patch(&path, &change).expect(200).json();
    let expected = json!({"id": made["id"], "code": "north-1", "name": "Far north", "status": "active", "priority": 5,
                          "latitude": null, "longitude": null, "country": null, "region": "Karnataka",
                          "postal_code": "560001", "sells_online": false,
                          "pickup": {"enabled": true, "instructions": null}});
    assert_eq!(changed, expected);
    let plain = admin.post("/locations", &json!({"code": "attic", "name": "Attic"})).expect(201).json();
    let defaults = [&plain["status"], &plain["priority"], &plain["sells_online"], &plain["pickup"]["enabled"]];
    assert_eq!(defaults, [&json!("active"), &json!(100), &json!(true), &json!(false)]);
    let codes = |query: &str| -> Vec<String> {
        let list = admin.get(&format!("/locations{query}")).expect(200).json();
        list["items"].as_array().unwrap().iter().map(|place| place["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(""), ["north-1", "main", "attic"]);
    assert_eq!(codes("?sort=-code"), ["north-1", "main", "attic"]);
    assert_eq!(codes("?sort=id&limit=2"), ["main", "north-1"]);
    let log = admin.get("/audit?entity=Location").expect(200).json();
    let entries: Vec<&str> =
        log["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert_eq!(
        entries,
        [
            "Location attic created",
            "Location north-1 updated: name, coordinates, country, pickup.instructions",
            "Location north-1 created"
        ]
    );
}

#[test]
fn a_change_to_the_same_values_has_no_effect() {
    let app = TestApp::start();
    let path = format!("/locations/{}", app.main_location());
    app.without_effect_but_keys(|| app.admin().patch(&path, &json!({"status": "active", "name": "Main"})).expect(200));
}

#[test]
fn buyers_see_active_pickup_points_only() {
    let app = TestApp::start();
    let admin = app.admin();
    let point = admin
        .post("/locations", &json!({"code": "shop", "name": "Shop", "pickup": {"enabled": true}}))
        .expect(201)
        .id();
    for buyer in [app.guest(), app.customer("mara"), app.staff(&["inventory:update"])] {
        let list = buyer.get("/locations").expect(200).json();
        assert_eq!((&list["total"], &list["items"][0]["id"]), (&json!(1), &json!(point)));
        buyer.get(&format!("/locations/{point}")).expect(200);
        buyer.get(&format!("/locations/{}", app.main_location())).refused(404, "LOCATION_NOT_FOUND");
    }
    assert_eq!(app.staff(&["stores:manage"]).get("/locations").expect(200).json()["total"], 2);
    app.set_status(point, "paused").expect(200);
    app.guest().get(&format!("/locations/{point}")).refused(404, "LOCATION_NOT_FOUND");
    admin.get(&format!("/locations/{point}")).expect(200);
    // A quarantine and a transit are no locations for clients, and neither are those of other stores.
    app.other_store("STORE-OTHER");
    let outside = admin.clone().in_store("STORE-OTHER").get("/locations").expect(200).json()["items"][0]["id"].clone();
    for id in [point + 1, point + 2, outside.as_i64().unwrap(), 0, i64::MAX] {
        admin.get(&format!("/locations/{id}")).refused(404, "LOCATION_NOT_FOUND");
        admin.patch(&format!("/locations/{id}"), &json!({"name": "X"})).refused(404, "LOCATION_NOT_FOUND");
    }
}

#[test]
fn bad_settings_of_a_location_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let path = format!("/locations/{}", app.main_location());
    let bad = [
        ("code", json!("")),
        ("code", json!("a b")),
        ("code", json!("1:quarantine")),
        ("code", json!("a".repeat(51))),
        ("name", json!(" ")),
        ("name", json!("n".repeat(256))),
        ("status", json!("open")),
        ("priority", json!(-1)),
        ("priority", json!(1_000_001)),
        ("priority", json!(1.5)),
        ("latitude", json!(90.1)),
        ("longitude", json!(-180.1)),
        ("latitude", json!("12")),
        ("country", json!("IND")),
        ("country", json!("1N")),
        ("region", json!("r".repeat(101))),
        ("postal_code", json!("1".repeat(21))),
        ("sells_online", json!("yes")),
        ("pickup.instructions", json!("i".repeat(1001))),
        ("pickup.enabled", json!(1)),
    ];
    app.without_effect(|| {
        for (field, value) in bad {
            let change = match field.split_once('.') {
                Some((outer, inner)) => json!({outer: {inner: value}}),
                None => json!({field: value}),
            };
            let problem = admin.patch(&path, &change).refused(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
            let mut new = json!({"code": "attic", "name": "Attic"});
            new.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let problem = admin.post("/locations", &new).refused(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
        admin.patch(&path, &json!({"latitude": 12})).refused_field("longitude");
        admin.post("/locations", &json!({"code": "a", "name": "A", "longitude": 12})).refused_field("latitude");
        admin.patch(&path, &json!({"kind": "transit"})).refused_field("kind");
        admin.post("/locations", &json!({"code": "MAIN", "name": "Main"})).refused(409, "DUPLICATE");
    });
    let attic = app.add_location("attic");
    admin.patch(&format!("/locations/{attic}"), &json!({"code": "main"})).refused(409, "DUPLICATE");
}

#[test]
fn a_location_is_closed_from_paused_only_and_opened_again() {
    let app = TestApp::start();
    let attic = app.add_location("attic");
    app.set_status(attic, "closed").refused(409, "INVALID_TRANSITION");
    app.set_status(attic, "paused").expect(200);
    assert_eq!(app.set_status(attic, "closed").expect(200).json()["status"], "closed");
    app.set_status(attic, "active").refused(409, "INVALID_TRANSITION");
    app.set_status(attic, "paused").expect(200);
    assert_eq!(app.set_status(attic, "active").expect(200).json()["status"], "active");
}

#[test]
fn a_location_with_units_is_not_closed_and_names_them() {
    let app = TestApp::start();
    let (rice, attic) = (app.product("rice", 10.0, 0), app.add_location("attic"));
    let variant = rice.body["variants"][0]["id"].clone();
    app.receive(&rice, 5, attic).expect(200);
    let order = json!({"items": [{"product_id": rice.id, "quantity": 2}]});
    let unpaid = json!({"items": [{"product_id": rice.id, "quantity": 1}], "payment_method": "upi"});
    let mara = app.customer("mara");
    let sold = mara.post("/orders", &order).expect(201).json();
    let held = mara.post("/orders", &unpaid).expect(201).json();
    let reserved = json!({"items": [{"product_id": rice.id, "quantity": 1}], "reference_id": "quote"});
    let reservation = app.admin().post("/reservations", &reserved).expect(201).id();
    app.set_status(attic, "paused").expect(200);
    let problem = app.set_status(attic, "closed").refused(409, "LOCATION_NOT_EMPTY");
    let expected = json!([
        {"kind": "stock", "id": variant, "quantity": 1},
        {"kind": "order", "id": held["id"], "quantity": 1},
        {"kind": "reservation", "id": reservation, "quantity": 1},
        {"kind": "order", "id": sold["id"], "quantity": 2},
    ]);
    assert_eq!(problem["open"], expected);
    // Everything open goes on at the paused place: the holds end and the order returns its units there.
    app.admin().post_nothing(&format!("/reservations/{reservation}/release")).expect(200);
    mara.post_nothing(&format!("/orders/{}/cancel", held["id"])).expect(200);
    mara.post_nothing(&format!("/orders/{}/cancel", sold["id"])).expect(200);
    assert_eq!(app.stock_by_place(&rice), [("main".to_owned(), 0), ("attic".to_owned(), 5)]);
    let problem = app.set_status(attic, "closed").refused(409, "LOCATION_NOT_EMPTY");
    assert_eq!(problem["open"], json!([{"kind": "stock", "id": variant, "quantity": 5}]));
    adjust(&app, &rice, 0, attic).expect(200);
    app.set_status(attic, "closed").expect(200);
}

#[test]
fn each_unit_at_a_location_is_named_once() {
    let app = TestApp::start();
    let (rice, attic) = (app.product("rice", 10.0, 0), app.add_location("attic"));
    app.receive(&rice, 3, attic).expect(200);
    let order = app.customer("mara").order_now(&rice, 3).expect(201).json();
    app.set_status(attic, "paused").expect(200);
    // The stock is 0, and the three units are committed.
    let problem = app.set_status(attic, "closed").refused(409, "LOCATION_NOT_EMPTY");
    assert_eq!(problem["open"], json!([{"kind": "order", "id": order["id"], "quantity": 3}]));
}

#[test]
fn units_in_transit_are_named_by_their_transfer() {
    let app = TestApp::start();
    let (_, attic) = (app.product("rice", 10.0, 5), app.add_location("attic"));
    let lines = json!([{"product_id": "rice", "quantity": 4}]);
    let body = json!({"from_location_id": app.main_location(), "to_location_id": attic, "lines": lines});
    let transfer = app.admin().post("/transfers", &body).expect(201).json();
    for act in ["ready", "send"] {
        app.admin().post(&format!("/transfers/{}/{act}", transfer["id"]), &json!({})).expect(200);
    }
    app.set_status(attic, "paused").expect(200);
    let problem = app.set_status(attic, "closed").refused(409, "LOCATION_NOT_EMPTY");
    assert_eq!(problem["open"], json!([{"kind": "transfer", "id": transfer["id"], "quantity": 4}]));
}

#[test]
fn the_refusal_of_a_close_lists_a_few_items_of_each_kind() {
    let app = TestApp::start();
    let attic = app.add_location("attic");
    for number in 0..25 {
        app.receive(&app.product(&format!("p-{number}"), 1.0, 0), 1, attic).expect(200);
    }
    app.set_status(attic, "paused").expect(200);
    let problem = app.set_status(attic, "closed").refused(409, "LOCATION_NOT_EMPTY");
    assert_eq!(problem["open"].as_array().unwrap().len(), 20);
}

#[test]
fn no_stock_is_written_at_a_closed_location() {
    let app = TestApp::start();
    let (rice, attic, main) = (app.product("rice", 10.0, 0), app.add_location("attic"), app.main_location());
    app.set_status(attic, "paused").expect(200);
    app.receive(&rice, 1, attic).expect(200);
    adjust(&app, &rice, 0, attic).expect(200);
    app.set_status(attic, "closed").expect(200);
    app.without_effect(|| {
        app.receive(&rice, 1, attic).refused(409, "LOCATION_CLOSED");
        adjust(&app, &rice, 0, attic).refused(409, "LOCATION_CLOSED");
    });
    // New products have their units at the main location.
    app.add_location("north");
    app.set_status(main, "paused").expect(200);
    app.set_status(main, "closed").expect(200);
    app.without_effect(|| {
        let new = |stock: i64| json!({"sku": "tea", "name": "Tea", "price": 1, "initial_stock": stock});
        app.admin().post("/inventory/products", &new(1)).refused(409, "LOCATION_CLOSED");
    });
    app.product("tea", 1.0, 0);
}

#[test]
fn one_active_location_that_sells_remains() {
    let app = TestApp::start();
    let (main, attic) = (app.main_location(), app.add_location("attic"));
    let sells = |location: i64, sells: bool| {
        app.admin().patch(&format!("/locations/{location}"), &json!({"sells_online": sells}))
    };
    app.set_status(main, "paused").expect(200);
    app.without_effect(|| {
        app.set_status(attic, "paused").refused(409, "LAST_LOCATION");
        sells(attic, false).refused(409, "LAST_LOCATION");
    });
    // A location that sells nothing online is not the last one.
    app.set_status(main, "active").expect(200);
    sells(main, false).expect(200);
    app.set_status(attic, "paused").refused(409, "LAST_LOCATION");
    app.set_status(main, "paused").expect(200);
    // A location of another store does not count.
    app.other_store("STORE-OTHER");
    app.set_status(attic, "paused").refused(409, "LAST_LOCATION");
}

/// The receipt waits for its stock row. The close must wait for the receipt, because the place was empty before.
#[test]
fn a_close_waits_for_a_receipt_that_has_begun() {
    let app = TestApp::start();
    let (rice, attic) = (app.product("rice", 10.0, 0), app.add_location("attic"));
    app.receive(&rice, 1, attic).expect(200);
    adjust(&app, &rice, 0, attic).expect(200);
    app.set_status(attic, "paused").expect(200);
    let (received, closed) = app.behind_a_lock(&stock_rows(&[&rice]), 2, || {
        thread::scope(|scope| {
            let received = scope.spawn(|| app.receive(&rice, 3, attic));
            while app.waiting_for_a_lock() < 1 {
                thread::yield_now();
            }
            let closed = app.set_status(attic, "closed");
            (received.join().unwrap(), closed)
        })
    });
    received.expect(200);
    let problem: Value = closed.refused(409, "LOCATION_NOT_EMPTY");
    assert_eq!(problem["open"][0]["quantity"], 3);
}
