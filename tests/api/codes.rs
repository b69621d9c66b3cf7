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
