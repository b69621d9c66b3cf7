//! SKUs and barcodes: each is unique in a store, and can be corrected.

use crate::common::{TestApp, json, race};
use diesel::connection::SimpleConnection;
use serde_json::Value;

fn product(sku: &str, barcode: Option<&str>) -> Value {
    json!({"sku": sku, "name": sku, "price": 1, "barcode": barcode})
}

fn sized(sku: &str, sizes: &Value) -> Value {
    json!({"sku": sku, "name": sku, "price": 1, "sizes": sizes})
}

#[test]
fn a_barcode_names_one_product_or_size() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.post("/inventory/products", &product("rice", Some("111"))).expect(201);
    admin.post("/inventory/products", &sized("tee", &json!([{"size": "S", "barcode": "222"}]))).expect(201);
    let refused = [
        product("dal", Some("111")),
        product("dal", Some("222")),
        sized("cap", &json!([{"size": "S", "barcode": "111"}])),
        sized("cap", &json!([{"size": "S", "barcode": "222"}])),
        sized("cap", &json!([{"size": "S", "barcode": "333"}, {"size": "M", "barcode": "333"}])),
    ];
    for body in refused {
        let problem = app.without_effect(|| admin.post("/inventory/products", &body)).refused(409, "DUPLICATE");
        assert!(problem["detail"].as_str().unwrap().contains("barcode '"), "{problem}");
    }
    admin.post("/inventory/products", &product("dal", Some("444"))).expect(201);
    for (path, body) in [
        ("dal", json!({"barcode": "111"})),
        ("dal", json!({"barcode": "222"})),
        ("tee", json!({"sizes": [{"size": "S", "barcode": "444"}]})),
        ("tee", json!({"barcode": "222"})),
        ("tee", json!({"sizes": [{"size": "M", "barcode": "222"}]})),
    ] {
        let path = format!("/inventory/products/{path}");
        app.without_effect(|| admin.patch(&path, &body)).refused(409, "DUPLICATE");
    }
    // A code that was given up can be used again, also within one change.
    admin.patch("/inventory/products/rice", &json!({"barcode": null})).expect(200);
    admin.patch("/inventory/products/dal", &json!({"barcode": "111"})).expect(200);
    let moved = json!({"sizes": [{"size": "S", "barcode": null}, {"size": "M", "barcode": "222"}]});
    admin.patch("/inventory/products/tee", &moved).expect(200);
    admin.patch("/inventory/products/rice", &json!({"barcode": "444"})).expect(200);
    // Another store has its own codes.
    app.other_store("STORE-TWO");
    app.admin().in_store("STORE-TWO").post("/inventory/products", &product("dal", Some("111"))).expect(201);
}

#[test]
fn two_at_once_get_a_barcode_once() {
    let app = TestApp::start();
    let admin = app.admin();
    for round in 0..10 {
        let barcode = format!("b{round}");
        let bodies = [
            product(&format!("one-{round}"), Some(&barcode)),
            sized(&format!("two-{round}"), &json!([{"size": "S", "barcode": barcode}])),
        ];
        let mut statuses = race(2, |n| admin.post("/inventory/products", &bodies[n]).status);
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[test]
fn a_sku_names_one_product_or_size() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.post("/inventory/products", &sized("tee", &json!([{"size": "S"}]))).expect(201);
    for body in [
        product("tee", None),
        product("tee-S", None),
        sized("tee-S", &json!([{"size": "S"}])),
        sized("cap", &json!([{"size": "S", "sku": "tee"}])),
        sized("cap", &json!([{"size": "S", "sku": "cap"}])),
    ] {
        app.without_effect(|| admin.post("/inventory/products", &body)).refused(409, "DUPLICATE");
    }
    for round in 0..10 {
        let sku = format!("s{round}");
        let bodies = [
            sized(&sku, &json!([{"size": "S"}])),
            sized(&format!("other-{round}"), &json!([{"size": "S", "sku": sku}])),
        ];
        let mut statuses = race(2, |n| admin.post("/inventory/products", &bodies[n]).status);
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[test]
fn a_sku_is_corrected_and_orders_keep_the_old_one() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let rice = app.product("rcie", 10.0, 5);
    app.sized_product("tee", 30.0, &[("S", 5), ("M", 5)]);
    let items = json!([{"product_id": "rcie", "quantity": 1}, {"product_id": "tee-S", "quantity": 1}]);
    let order = mara.post("/orders", &json!({"items": items})).expect(201).json();

    let named = admin.patch("/inventory/products/rcie", &json!({"sku": "rice"})).expect(200).json();
    assert_eq!(
        (&named["id"], &named["sku"], &named["variants"][0]["sku"]),
        (&json!(rice.id), &json!("rice"), &json!("rice"))
    );
    let sizes = json!([{"size": "S", "sku": "shirt-small"}]);
    let shirt = admin.patch("/inventory/products/tee", &json!({"sku": "shirt", "sizes": sizes})).expect(200).json();
    let skus: Vec<_> = shirt["variants"].as_array().unwrap().iter().map(|variant| variant["sku"].clone()).collect();
    assert_eq!((&shirt["sku"], skus), (&json!("shirt"), vec![json!("shirt-small"), json!("tee-M")]));

    for gone in ["rcie", "tee", "tee-S"] {
        admin.get(&format!("/inventory/products/{gone}")).refused(404, "PRODUCT_NOT_FOUND");
    }
    mara.post("/orders", &json!({"items": [{"product_id": "shirt-small", "quantity": 1}]})).expect(201);
    let kept = mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    let skus: Vec<_> = kept["items"].as_array().unwrap().iter().map(|item| item["sku"].clone()).collect();
    assert_eq!(skus, ["rcie", "tee-S"]);
    let audited = admin.get("/audit?entity=Product&action=UPDATE").expect(200).json();
    assert_eq!(audited["items"][1]["detail"], "Product rice changed: sku");
    // The old codes are free. Codes in use and words of paths are refused.
    for taken in ["shirt", "shirt-small", "tee-M"] {
        app.without_effect(|| admin.patch("/inventory/products/rice", &json!({"sku": taken})))
            .refused(409, "DUPLICATE");
    }
    let swapped = json!({"sizes": [{"size": "M", "sku": "rice"}]});
    app.without_effect(|| admin.patch("/inventory/products/shirt", &swapped)).refused(409, "DUPLICATE");
    for wrong in [json!("stock"), json!("12"), json!(null), json!("a/b")] {
        admin.patch("/inventory/products/rice", &json!({"sku": wrong})).refused(422, "VALIDATION_FAILED");
    }
    app.product("tee-S", 1.0, 1);
}

#[test]
fn a_barcode_that_was_given_twice_before_does_not_block_other_changes() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.post("/inventory/products", &product("old", Some("111"))).expect(201);
    admin.post("/inventory/products", &product("twin", Some("222"))).expect(201);
    app.connection()
        .batch_execute(
            "UPDATE products SET barcode = '111' WHERE sku = 'twin'; DELETE FROM product_codes WHERE code = '222'",
        )
        .unwrap();
    admin.patch("/inventory/products/twin", &json!({"name": "Twin"})).expect(200);
    admin.patch("/inventory/products/twin", &json!({"barcode": "333"})).expect(200);
    // The older product still has its barcode.
    admin.post("/inventory/products", &product("third", Some("111"))).refused(409, "DUPLICATE");
}

#[test]
fn skus_are_swapped_in_one_change() {
    let app = TestApp::start();
    let admin = app.admin();
    let sizes = json!([{"size": "S", "sku": "W-S"}, {"size": "M", "sku": "W-M"}, {"size": "L", "sku": "W-L"}]);
    admin.post("/inventory/products", &sized("W", &sizes)).expect(201);
    let swap = json!({"sizes": [{"size": "S", "sku": "W-M"}, {"size": "M", "sku": "W-S"}]});
    let swapped = admin.patch("/inventory/products/W", &swap).expect(200).json();
    let skus: Vec<_> = swapped["variants"].as_array().unwrap().iter().map(|one| (&one["size"], &one["sku"])).collect();
    assert_eq!(json!(skus), json!([["S", "W-M"], ["M", "W-S"], ["L", "W-L"]]));
    let sizes = json!([{"size": "M", "sku": "W-L"}, {"size": "L", "sku": "W"}, {"size": "XL", "sku": "W-XL"}]);
    admin.patch("/inventory/products/W", &json!({"sku": "W-S", "sizes": sizes})).expect(200);
    for (sku, size) in [("W", "L"), ("W-L", "M"), ("W-M", "S")] {
        let answer = admin.post("/inventory/availability", &json!({"items": [{"product_id": sku, "quantity": 1}]}));
        assert_eq!(answer.expect(200).json()["items"][0]["size"], size, "{sku}");
    }
    for taken in [
        json!([{"size": "S", "sku": "W-L"}]),
        json!([{"size": "S", "sku": "W-L"}, {"size": "M", "price": 3}]),
        json!([{"size": "S", "sku": "W-L"}, {"size": "M", "sku": "W-L"}]),
        json!([{"size": "S", "sku": "W-L"}, {"size": "M", "sku": "W-XL"}]),
    ] {
        let change = json!({"sizes": taken});
        app.without_effect(|| admin.patch("/inventory/products/W-S", &change)).refused(409, "DUPLICATE");
    }
}

#[test]
fn codes_without_a_visible_difference_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    admin.post("/inventory/products", &sized("tw1", &json!([{"size": "S"}]))).expect(201);
    let refused = |method: &str, path: &str, body: &Value, field: &str| {
        let problem = admin.send(method, path, Some(body)).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
    };
    let (products, tw1) = ("/inventory/products", "/inventory/products/tw1");
    for unseen in ["tw1\u{200b}", "tw1\u{ad}", "t\u{202e}w1", "tw1\u{2066}", "tw1\u{3164}", "tw1\u{feff}", "\u{200d}"] {
        refused("POST", products, &json!({"sku": unseen, "name": "Tw", "price": 1}), "sku");
        refused("POST", products, &product("other", Some(unseen)), "barcode");
        for field in ["sku", "barcode"] {
            let sizes = json!([{"size": "M", field: unseen}]);
            let of_size = format!("sizes[0].{field}");
            refused("POST", products, &sized("other", &sizes), &of_size);
            refused("PATCH", tw1, &json!({"sizes": sizes}), &of_size);
            refused("PATCH", tw1, &json!({field: unseen}), field);
        }
        refused("POST", "/stores", &json!({"code": unseen, "name": "Two"}), "code");
        let methods = json!({"code": "TWO", "name": "Two", "payment_methods": {unseen: "at_checkout"}});
        refused("POST", "/stores", &methods, "payment_methods");
    }
    // The SKU that a size gets by itself is a code, too.
    admin.post(products, &sized("wide", &json!([{"size": "\u{ff33}\u{200b}"}]))).expect(201);
    admin.post(products, &product("wide-S", None)).refused(409, "DUPLICATE");
    let same = json!({"sizes": [{"size": "S\u{3164}", "sku": "new"}]});
    let changed = admin.patch(tw1, &same).expect(200).json();
    assert_eq!(changed["variants"].as_array().unwrap().len(), 1);
}

#[test]
fn codes_that_look_the_same_are_the_same() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let products = "/inventory/products";
    let sizes = json!([{"size": "S", "barcode": "code-m²", "initial_stock": 9}]);
    let made = admin.post(products, &sized("می\u{200c}خواهم-ü", &sizes)).expect(201).json();
    assert_eq!(made["sku"], "می\u{200c}خواهم-ü", "it stays as it was written");
    for twin in ["میخواهم-ü", "می\u{200c}خواهم\u{ff0d}ü", "می\u{200d}خواهم-u\u{308}"] {
        admin.post(products, &product(twin, None)).refused(409, "DUPLICATE");
        admin.post(products, &sized("other", &json!([{"size": "S", "sku": twin}]))).refused(409, "DUPLICATE");
        assert_eq!(admin.get(&format!("{products}/{}", encoded(twin))).expect(200).json()["id"], made["id"]);
        let line = json!({"product_id": twin, "size": "s", "quantity": 1});
        mara.post("/cart/items", &line).expect(201);
        mara.post("/orders", &json!({"items": [line]})).expect(201);
        let items = json!([line, {"product_id": format!("{twin}-S"), "quantity": 1}]);
        let answer = admin.post("/inventory/availability", &json!({"items": items})).expect(200).json();
        assert_eq!((&answer["available"], answer["items"].as_array().unwrap().len()), (&json!(true), 2));
    }
    for twin in ["code-m2", "\u{ff43}ode-m\u{200d}²"] {
        admin.post(products, &product("other", Some(twin))).refused(409, "DUPLICATE");
    }
    let twice = json!([{"size": "S", "sku": "a½"}, {"size": "M", "sku": "\u{ff41}½"}]);
    admin.post(products, &sized("other", &twice)).refused(422, "VALIDATION_FAILED");
    // A product may change the form of its own code.
    let path = format!("{products}/{}", encoded("میخواهم-ü"));
    assert_eq!(admin.patch(&path, &json!({"sku": "میخواهم-ü"})).expect(200).json()["sku"], "میخواهم-ü");
    for round in 0..10 {
        let skus = [format!("race²-{round}"), format!("race2-{round}")];
        let mut statuses = race(2, |n| admin.post(products, &product(&skus[n], None)).status);
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
    for sku in ["ürün 7", "urun 7", "ÜRÜN 7", "12m²", "½-inch", "µm-5", "क्\u{200d}ष", "❤\u{fe0f}"] {
        admin.post(products, &product(sku, Some(sku))).expect(201);
    }
}

fn encoded(segment: &str) -> String {
    segment.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn a_text_that_is_needed_has_a_visible_character() {
    let app = TestApp::start();
    let admin = app.admin();
    app.product("rice", 1.0, 9);
    let address = json!({"full_name": "Mara", "phone": "12345", "line1": "1 Quay", "city": "Vik", "postal_code": "870",
                         "country": "IS"});
    let order = json!({"items": [{"product_id": "rice", "quantity": 1}]});
    let user = json!({"email": "ann@example.com", "password": "a long password"});
    let of_product = vec!["name", "category", "brand", "unit"];
    let bodies = [
        ("POST", "/inventory/products", product("dal", None), of_product.clone()),
        ("PATCH", "/inventory/products/rice", json!({}), of_product),
        ("POST", "/stores", json!({"code": "TWO", "name": "Two"}), vec!["name"]),
        ("PATCH", "/stores/1", json!({}), vec!["name"]),
        ("POST", "/addresses", address, vec!["full_name", "line1", "city", "postal_code", "country"]),
        ("POST", "/orders", order, vec!["customer_name", "customer_phone", "delivery_address"]),
        ("POST", "/auth/register", user.clone(), vec!["full_name"]),
        ("POST", "/users", user, vec!["full_name"]),
    ];
    for (method, path, body, fields) in bodies {
        for field in fields {
            for unseen in ["", " ", "\u{200b}", "\u{3164} \u{ad}"] {
                let mut body = body.clone();
                body[field] = json!(unseen);
                let problem = admin.send(method, path, Some(&body)).refused(422, "VALIDATION_FAILED");
                let expected = json!([{"field": field, "message": "must have a visible character"}]);
                assert_eq!(problem["errors"], expected, "{method} {path} {unseen:?}");
            }
        }
    }
    // The invisible letters inside a word of Persian are a part of it.
    let name = "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}";
    let renamed = admin.patch("/inventory/products/rice", &json!({"name": name})).expect(200).json();
    assert_eq!(renamed["name"], name);
}
