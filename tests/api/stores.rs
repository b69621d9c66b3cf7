//! Stores and their settings.

use crate::common::shop::STORE;
use crate::common::{Client, TestApp, Value, json};

#[test]
fn a_store_is_made_with_its_location_and_read_by_everybody() {
    let app = TestApp::start();
    let admin = app.admin();
    let made = admin.post("/stores", &json!({"code": "STORE-TWO", "name": "Two"})).expect(201).json();
    let methods = json!({"cod": "at_checkout", "credit_card": "at_checkout", "bank_transfer": "at_checkout",
                         "upi": "at_payment", "online": "at_payment"});
    let expected = json!({"id": made["id"], "code": "STORE-TWO", "name": "Two", "currency": "INR", "tax_rate": 0,
                          "shipping_flat_rate": 0.0, "guest_orders": false, "hold_cart_items": false,
                          "payment_methods": methods, "over_receipt_percent": 0,
                          "prices_include_tax": false, "shipping_tax": "none", "return_window_days": 30,
                          "time_zone": "UTC",
                          "prices_include_tax": false, "shipping_tax": "none", "return_window_days": 30, "language": "en",
                          "order_mails": true, "service_level": 95,
                          "count_tolerance": {"units": 0, "value": 0.0}});
    assert_eq!(without_numbers(&made), without_numbers(&expected));
    assert_eq!((made["tax_rate"].as_f64(), made["shipping_flat_rate"].as_f64()), (Some(0.0), Some(0.0)));
    for name in ["STORE-TWO", &made["id"].to_string()] {
        assert_eq!(app.guest().get(&format!("/stores/{name}")).expect(200).json(), made);
    }
    // The store can sell at once, because it has the location `main`.
    let rice = app.product_in("STORE-TWO", "rice", 10.0, 5);
    let stock = admin.clone().in_store("STORE-TWO").get(&format!("/inventory/products/{}/stock", rice.id)).expect(200);
    assert_eq!(stock.json()["locations"][0]["code"], "main");
    // The first store stays the default one.
    app.guest().get("/inventory/products/rice").refused(404, "PRODUCT_NOT_FOUND");
    let list = admin.get("/stores?sort=id").expect(200).json();
    let codes: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|store| store["code"].as_str().unwrap()).collect();
    assert_eq!((codes, &list["total"]), (vec![STORE, "STORE-TWO"], &json!(2)));
    // The code is found in any case, the id in one spelling only.
    app.guest().in_store("store-two").get("/inventory/products/rice").expect(200);
    for unknown in ["STORE-NONE", "99999", "9223372036854775808", "%20", "02", "002", "+2", "-2", "2.0"] {
        app.guest().get(&format!("/stores/{unknown}")).refused(404, "STORE_NOT_FOUND");
        app.guest().in_store(unknown).get("/inventory/products").refused(404, "STORE_NOT_FOUND");
    }
}

/// The README promises this: the code is stored in capital letters and found in any case.
#[test]
fn a_store_is_named_by_its_code_in_any_case() {
    let app = TestApp::start();
    let admin = app.admin();
    let main = json!({"code": "main", "name": "Main store", "currency": "EUR"});
    let made = admin.post("/stores", &main).expect(201).json();
    assert_eq!(made["code"], "MAIN");
    admin
        .clone()
        .in_store("main")
        .post("/inventory/products", &json!({"sku": "rice", "name": "Rice", "price": 1, "initial_stock": 9}))
        .expect(201);
    admin.patch("/stores/maIN", &json!({"guest_orders": true})).expect(200);
    for name in ["main", "MAIN", "Main"] {
        assert_eq!(app.guest().get(&format!("/stores/{name}")).expect(200).json()["id"], made["id"]);
        app.guest().in_store(name).get("/inventory/products/rice").expect(200);
        app.guest().get(&format!("/inventory/products/{name}/rice")).expect(200);
        let order = json!({"store_id": name, "items": [{"product_id": "rice", "quantity": 1}]});
        assert_eq!(app.guest().post("/orders", &order).expect(201).json()["store_id"], made["id"]);
    }
    admin.post("/stores", &json!({"code": "Main", "name": "Twin"})).refused(409, "DUPLICATE");
}

#[test]
fn stores_are_sorted_by_name_without_regard_to_case_and_accents() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.patch(&format!("/stores/{STORE}"), &json!({"name": "zoo"})).expect(200);
    for (code, name) in [("A", "Öko"), ("B", "Obst"), ("C", "äpfel")] {
        admin.post("/stores", &json!({"code": code, "name": name})).expect(201);
    }
    let list = admin.get("/stores?sort=name").expect(200).json();
    let codes: Vec<_> = list["items"].as_array().unwrap().iter().map(|store| store["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["C", "B", "A", STORE]);
}

fn without_numbers(store: &Value) -> Value {
    let mut store = store.clone();
    for name in ["tax_rate", "shipping_flat_rate"] {
        assert!(store.as_object_mut().unwrap().remove(name).unwrap().is_number());
    }
    store
}

#[test]
fn a_store_is_refused_what_could_not_work() {
    let app = TestApp::start();
    let admin = app.admin();
    let with = |name: &str, value: Value| {
        let mut store = json!({"code": "STORE-TWO", "name": "Two"});
        store[name] = value;
        admin.post("/stores", &store)
    };
    app.without_effect(|| {
        let wrong = [
            ("code", json!("two!")),
            ("code", json!("123")),
            ("code", json!("")),
            ("code", json!("A".repeat(51))),
            ("name", json!("")),
            ("currency", json!("XYZ1")),
            ("tax_rate", json!(-1)),
            ("tax_rate", json!(101)),
            ("shipping_flat_rate", json!(-0.01)),
            ("shipping_flat_rate", json!(1.001)),
            ("payment_methods", json!({})),
            ("payment_methods", json!({"cod": "later"})),
        ];
        for (name, value) in wrong {
            let problem = with(name, value).refused(422, "VALIDATION_FAILED");
            let field = problem["errors"][0]["field"].as_str().unwrap().to_owned();
            assert!(field.starts_with(name), "{name}: {problem}");
        }
        with("code", json!(STORE)).refused(409, "DUPLICATE");
        with("code", json!(STORE.to_lowercase())).refused(409, "DUPLICATE");
        with("owner", json!("me")).refused(422, "VALIDATION_FAILED");
    });
}

#[test]
fn settings_of_a_store_change_one_by_one() {
    let app = TestApp::start();
    let manager = app.staff(&["stores:manage"]);
    let path = format!("/stores/{}", app.store);
    let before = app.guest().get(&path).json();
    let changes = [
        ("name", json!("The Test Store")),
        ("tax_rate", json!(5)),
        ("shipping_flat_rate", json!(20)),
        ("guest_orders", json!(true)),
        ("hold_cart_items", json!(true)),
        ("payment_methods", json!({"cod": "at_checkout", "wallet": "at_payment"})),
        ("count_tolerance", json!({"units": 2, "value": 0.5})),
        ("prices_include_tax", json!(true)),
        ("shipping_tax", json!("as_goods")),
        ("return_window_days", json!(null)),
        ("time_zone", json!("Asia/Kolkata")),
        ("language", json!("de-AT")),
        ("order_mails", json!(false)),
        ("currency", json!("JPY")),
    ];
    let mut expected = before.clone();
    for (name, value) in changes {
        let change = if name == "currency" {
            json!({"currency": value, "shipping_flat_rate": 300, "count_tolerance": {"units": 2, "value": 50}})
        } else {
            json!({name: value})
        };
        let changed = manager.patch(&path, &change).expect(200).json();
        for (name, value) in change.as_object().unwrap() {
            expected[name] = value.clone();
        }
        for (name, value) in expected.as_object().unwrap() {
            match value.as_f64() {
                Some(number) => assert_eq!(changed[name].as_f64(), Some(number), "{name}"),
                None => assert_eq!(&changed[name], value, "{name}"),
            }
        }
    }
    manager.patch(&path, &json!({"name": null})).refused_field("name");
    manager.patch(&path, &json!({"code": "OTHER"})).refused(422, "VALIDATION_FAILED");
    manager.patch(&path, &json!({"shipping_flat_rate": 1.5})).refused_field("shipping_flat_rate");
    app.product("rice", 100.0, 1);
    let rupees = json!({"currency": "INR", "shipping_flat_rate": 0, "count_tolerance": {}});
    manager.patch(&path, &rupees).refused_field("currency");
    // A change to the same value is not audited.
    let audit = |admin: &Client| admin.get("/audit").expect(200).json()["total"].clone();
    let (admin, before) = (app.admin(), audit(&app.admin()));
    admin.patch(&format!("/stores/{STORE}"), &json!({"tax_rate": 5})).expect(200);
    assert_eq!(audit(&admin), before);
}
