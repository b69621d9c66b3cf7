//! Safety stock and paused locations: units that buyers do not get.

use crate::common::shop::Product;
use crate::common::{Reply, TestApp, Value, json};

fn set_safety(app: &TestApp, product: &Product, quantity: &Value, location: i64) -> Reply {
    let body = json!({"quantity": quantity, "location_id": location});
    app.admin().put(&format!("/inventory/products/{}/safety", product.id), &body)
}

fn buy(app: &TestApp, product: &Product, quantity: i64) -> Reply {
    let items = json!([{"product_id": product.id, "quantity": quantity}]);
    app.customer("mara").post("/orders", &json!({"items": items}))
}

fn figures(value: &Value) -> (i64, i64, i64, String) {
    let of = |name: &str| value[name].as_i64().unwrap();
    let status = value["stock_status"].as_str().unwrap().to_owned();
    (of("stock_quantity"), of("reserved_quantity"), of("available_quantity"), status)
}

fn product_of(app: &TestApp, product: &Product) -> Value {
    app.guest().get(&format!("/inventory/products/{}", product.id)).expect(200).json()
}

#[test]
fn buyers_never_get_the_safety_stock() {
    let app = TestApp::start();
    let (rice, main) = (app.product("rice", 10.0, 10), app.main_location());
    app.set_product(&rice, &json!({"min_stock_level": 2}));
    let set = set_safety(&app, &rice, &json!(4), main).expect(200).json();
    assert_eq!(set["level"]["safety_quantity"], 4);
    assert_eq!((&set["level"]["available_quantity"], &set["level"]["stock_quantity"]), (&json!(10), &json!(10)));
    assert_eq!(figures(&product_of(&app, &rice)), (10, 0, 6, "in_stock".to_owned()));
    assert_eq!(product_of(&app, &rice)["variants"][0]["available_quantity"], 6);
    let check = |quantity: i64| {
        app.guest().get(&format!("/inventory/products/rice/availability/{quantity}")).expect(200).json()
    };
    assert_eq!((&check(6)["available"], &check(7)["shortage"]), (&json!(true), &json!(1)));
    let problem = buy(&app, &rice, 7).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(problem["stock_errors"][0]["available_quantity"], 6);
    let reserved = json!({"items": [{"product_id": rice.id, "quantity": 7}], "reference_id": "quote"});
    app.admin().post("/reservations", &reserved).refused(400, "INSUFFICIENT_STOCK");
    buy(&app, &rice, 5).expect(201);
    assert_eq!(figures(&product_of(&app, &rice)), (5, 0, 1, "low_stock".to_owned()));
    buy(&app, &rice, 1).expect(201);
    assert_eq!(figures(&product_of(&app, &rice)), (4, 0, 0, "out_of_stock".to_owned()));
    // More safety stock than stock is no negative availability. Staff may remove the safety stock.
    set_safety(&app, &rice, &json!(1_000), main).expect(200);
    assert_eq!(figures(&product_of(&app, &rice)), (4, 0, 0, "out_of_stock".to_owned()));
    let out = json!({"quantity": 4, "movement_type": "out", "reason": "expired"});
    let removed = app.admin().put("/inventory/products/rice/stock", &out).expect(200).json();
    assert_eq!((&removed["new_stock"], &removed["stock_status"]), (&json!(0), &json!("out_of_stock")));
}

#[test]
fn safety_stock_makes_a_product_low_in_every_list() {
    let app = TestApp::start();
    let (rice, tea, main) = (app.product("rice", 10.0, 10), app.product("tea", 5.0, 9), app.main_location());
    for product in [&rice, &tea] {
        app.set_product(product, &json!({"min_stock_level": 2}));
    }
    let admin = app.admin();
    let listed = |path: &str| -> Vec<String> {
        let list = admin.get(path).expect(200).json();
        list["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect()
    };
    let counts = || {
        let summary = admin.get("/inventory/summary").expect(200).json();
        (
            ["in_stock", "low_stock", "out_of_stock"].map(|name| summary[name].as_i64().unwrap()),
            summary["low_variants"].clone(),
        )
    };
    assert_eq!(counts().0, [2, 0, 0]);
    set_safety(&app, &rice, &json!(8), main).expect(200);
    assert_eq!(listed("/inventory/products/low-stock"), ["rice"]);
    assert_eq!(listed("/inventory/products?stock_status=low_stock"), ["rice"]);
    assert_eq!(listed("/inventory/products?stock_status=in_stock"), ["tea"]);
    assert_eq!(listed("/inventory/products?sort=stock"), ["rice", "tea"]);
    let (statuses, low) = counts();
    assert_eq!((statuses, &low[0]["sku"], &low[0]["available_quantity"]), ([1, 1, 0], &json!("rice"), &json!(2)));
    set_safety(&app, &rice, &json!(10), main).expect(200);
    assert_eq!(counts().0, [1, 0, 1]);
    assert_eq!(listed("/inventory/products?stock_status=out_of_stock"), ["rice"]);
}

#[test]
fn nothing_is_sold_from_a_paused_location_or_one_that_does_not_sell_online() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    let attic = app.main_location();
    app.set_product(&rice, &json!({"min_stock_level": 3}));
    let change = |change: Value| app.admin().patch(&format!("/locations/{attic}"), &change).expect(200);
    for (stop, go) in [
        (json!({"status": "paused"}), json!({"status": "active"})),
        (json!({"sells_online": false}), json!({"sells_online": true})),
    ] {
        change(stop);
        assert_eq!(figures(&product_of(&app, &rice)), (15, 0, 5, "in_stock".to_owned()));
        let problem = buy(&app, &rice, 6).refused(400, "INSUFFICIENT_STOCK");
        assert_eq!(problem["stock_errors"][0]["available_quantity"], 5);
        let order = buy(&app, &rice, 4).expect(201).json();
        assert_eq!(app.stock_by_place(&rice), [("main".to_owned(), 10), ("attic".to_owned(), 1)]);
        assert_eq!(figures(&product_of(&app, &rice)).3, "low_stock");
        let low = app.admin().get("/inventory/products/low-stock").expect(200).json();
        assert_eq!(low["items"][0]["sku"], "rice");
        app.admin().post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
        change(go);
    }
    let order = buy(&app, &rice, 12).expect(201).json();
    app.admin().post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
}

/// The row of the product has plenty of units, but at a location that sells nothing.
#[test]
fn a_product_that_is_only_at_a_paused_location_is_out_of_stock_everywhere() {
    let app = TestApp::start();
    app.add_location("attic");
    let rice = app.product("rice", 10.0, 1_000);
    app.set_status(app.main_location(), "paused").expect(200);
    assert_eq!(figures(&product_of(&app, &rice)), (1_000, 0, 0, "out_of_stock".to_owned()));
    let admin = app.admin();
    for path in ["/inventory/products/low-stock", "/inventory/products?stock_status=out_of_stock"] {
        assert_eq!(admin.get(path).expect(200).json()["items"][0]["sku"], "rice", "{path}");
    }
    let summary = admin.get("/inventory/summary").expect(200).json();
    assert_eq!((&summary["out_of_stock"], &summary["total_units"]), (&json!(1), &json!(1_000)));
    // The units of a held order are sold at the paused location.
    app.set_status(app.main_location(), "active").expect(200);
    let items = json!({"items": [{"product_id": rice.id, "quantity": 3}], "payment_method": "upi"});
    let order = app.customer("mara").post("/orders", &items).expect(201).json();
    app.set_status(app.main_location(), "paused").expect(200);
    let paid = json!({"payment_reference": "pay-1"});
    admin.post(&format!("/orders/{}/payment/confirm", order["id"]), &paid).expect(200);
    admin.post(&format!("/orders/{}/shipments", order["id"]), &json!({})).expect(201);
    assert_eq!(app.stock(&rice), (997, 0, 3));
}

#[test]
fn a_cart_that_holds_units_is_shown_and_refused_the_same_way() {
    let app = TestApp::start();
    app.hold_carts();
    let (rice, main) = (app.product("rice", 10.0, 5), app.main_location());
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 4);
    set_safety(&app, &rice, &json!(3), main).expect(200);
    let cart = mara.get("/cart").expect(200).json();
    assert_eq!(
        (&cart["items"][0]["available_quantity"], &cart["problems"][0]["code"]),
        (&json!(2), &json!("INSUFFICIENT_STOCK"))
    );
    let problem = mara.checkout().refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(problem["stock_errors"][0]["available_quantity"], 2);
    set_safety(&app, &rice, &json!(1), main).expect(200);
    assert_eq!(mara.get("/cart").expect(200).json()["items"][0]["available_quantity"], 4);
    mara.checkout().expect(201);
}

#[test]
fn places_are_used_by_priority() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    let attic = app.admin().get("/locations?sort=-id").expect(200).json()["items"][0]["id"].clone();
    app.admin().patch(&format!("/locations/{attic}"), &json!({"priority": 1})).expect(200);
    buy(&app, &rice, 4).expect(201);
    assert_eq!(app.stock_by_place(&rice), [("main".to_owned(), 10), ("attic".to_owned(), 1)]);
}

#[test]
fn a_safety_stock_is_a_setting_with_an_audit_entry() {
    let app = TestApp::start();
    let (rice, attic) = (app.product("rice", 10.0, 10), app.add_location("attic"));
    let movements = |app: &TestApp| app.admin().get("/inventory/movements").expect(200).json()["total"].clone();
    let before = movements(&app);
    let set = set_safety(&app, &rice, &json!(2), attic).expect(200).json();
    assert_eq!((&set["level"]["code"], &set["level"]["safety_quantity"]), (&json!("attic"), &json!(2)));
    assert_eq!(movements(&app), before);
    let log = || app.admin().get("/audit?entity=Inventory&action=UPDATE").expect(200).json();
    assert_eq!(log()["items"][0]["detail"], format!("Safety stock of rice at location {attic}: 0 to 2"));
    app.without_effect_but_keys(|| set_safety(&app, &rice, &json!(2), attic).expect(200));
    assert_eq!(log()["total"], 1);
}

#[test]
fn a_bad_safety_stock_is_refused() {
    let app = TestApp::start();
    let (rice, tee) = (app.product("rice", 10.0, 10), app.sized_product("tee", 5.0, &[("S", 3), ("M", 4)]));
    let (main, attic) = (app.main_location(), app.add_location("attic"));
    app.set_status(attic, "paused").expect(200);
    app.set_status(attic, "closed").expect(200);
    app.other_store("STORE-OTHER");
    let admin = app.admin();
    let other = admin.clone().in_store("STORE-OTHER").get("/locations").expect(200).json()["items"][0]["id"].clone();
    app.without_effect(|| {
        for bad in [json!(-1), json!(1_000_000_000_001_i64), json!(1e30), json!("3"), json!(null), json!(1.5)] {
            set_safety(&app, &rice, &bad, main).refused_field("quantity");
        }
        set_safety(&app, &rice, &json!(1), other.as_i64().unwrap()).refused(404, "LOCATION_NOT_FOUND");
        set_safety(&app, &rice, &json!(1), attic + 1).refused(404, "LOCATION_NOT_FOUND");
        set_safety(&app, &rice, &json!(1), attic).refused(409, "LOCATION_CLOSED");
        set_safety(&app, &tee, &json!(1), main).refused(422, "SIZE_REQUIRED");
        let path = format!("/inventory/products/{}/safety", tee.id);
        let with = |size: &str| json!({"quantity": 1, "location_id": main, "size": size});
        admin.put(&path, &with("XL")).refused(404, "SIZE_NOT_FOUND");
        admin.put("/inventory/products/none/safety", &with("S")).refused(404, "PRODUCT_NOT_FOUND");
        admin.put(&path, &json!({"quantity": 1, "size": "S"})).refused_field("location_id");
    });
    let path = "/inventory/products/tee-S/safety";
    admin.put(path, &json!({"quantity": 3, "location_id": main})).expect(200);
    let variants = product_of(&app, &tee)["variants"].clone();
    assert_eq!((&variants[0]["available_quantity"], &variants[1]["available_quantity"]), (&json!(0), &json!(4)));
}
