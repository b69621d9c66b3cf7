//! Products are created, changed and archived.

use super::fields;
use crate::common::{TestApp, Value, json};

#[test]
fn a_product_without_sizes_has_one_variant() {
    let app = TestApp::start();
    let body = json!({"sku": "rice", "name": "Basmati Rice 1kg", "description": "Long grain", "category": "Staples",
                      "brand": "India Gate", "barcode": "8901537000018", "price": 145, "mrp": 165.5,
                      "cost_price": 118.25, "unit": "1 kg", "min_stock_level": 10, "max_stock_level": 200,
                      "initial_stock": 50});
    let made = app.admin().post("/inventory/products", &body).expect(201);
    // The text of an amount has the decimals of the currency.
    assert!(made.text().contains("\"price\":145.00,\"mrp\":165.50,\"cost_price\":118.25"), "{}", made.text());
    let product = made.json();
    let (id, variant) = (product["id"].as_i64().unwrap(), &product["variants"][0]);
    let (created, updated) = (&product["created_at"], &product["updated_at"]);
    assert!(created.as_str().unwrap().ends_with('Z') && created == updated, "{product}");
    let expected = json!({
        "id": id, "sku": "rice", "name": "Basmati Rice 1kg", "description": "Long grain", "category": "Staples",
        "brand": "India Gate", "barcode": "8901537000018", "price": 145.0, "mrp": 165.5, "cost_price": 118.25,
        "unit": "1 kg", "has_sizes": false, "status": "active", "min_stock_level": 10, "max_stock_level": 200,
        "stock_quantity": 50, "reserved_quantity": 0, "available_quantity": 50, "stock_status": "in_stock",
        "low_sizes": [], "variants": [{"id": variant["id"], "sku": "rice", "size": null, "barcode": "8901537000018", "price": 145.0,
                      "min_stock_level": null, "status": "active", "stock_quantity": 50, "reserved_quantity": 0, "available_quantity": 50,
                      "stock_status": "in_stock"}],
        "created_at": created, "updated_at": updated,
    });
    assert_eq!(product, expected);
    for name in [id.to_string().as_str(), "rice"] {
        assert_eq!(app.admin().get(&format!("/inventory/products/{name}")).expect(200).json(), expected);
    }
}

#[test]
fn only_sku_name_and_price_are_needed_and_what_is_empty_is_null() {
    let app = TestApp::start();
    let product = app.create_product(&json!({"sku": "salt", "name": "Salt", "price": 26})).body;
    let empty = ["description", "category", "brand", "barcode", "mrp", "cost_price", "unit", "max_stock_level"];
    for name in empty {
        assert_eq!(product.get(name), Some(&json!(null)), "{name}");
    }
    assert_eq!(fields(&product, ["min_stock_level", "stock_quantity"]), [json!(0), json!(0)]);
    assert_eq!(product["stock_status"], "out_of_stock");
    for missing in ["sku", "name", "price"] {
        let mut body = json!({"sku": "new", "name": "New", "price": 1});
        body.as_object_mut().unwrap().remove(missing);
        app.without_effect(|| app.admin().post("/inventory/products", &body)).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn every_size_is_a_variant_with_its_own_stock_sku_barcode_and_price() {
    let app = TestApp::start();
    let body = json!({"sku": "tee-red", "name": "T-Shirt Red", "price": 30, "barcode": "of all", "min_stock_level": 4,
        "sizes": [{"size": "S", "initial_stock": 3}, {"size": "M", "sku": "tee-medium", "initial_stock": 0},
                  {"size": "L", "initial_stock": 100, "price": 32.5, "barcode": "890"}]});
    let tee = app.create_product(&body);
    assert_eq!(
        fields(&tee.body, ["has_sizes", "stock_quantity", "available_quantity", "stock_status"]),
        [json!(true), json!(103), json!(103), json!("out_of_stock")]
    );
    let variants = tee.body["variants"].as_array().unwrap();
    let shown: Vec<_> = variants
        .iter()
        .map(|variant| fields(variant, ["size", "sku", "barcode", "price", "stock_quantity", "stock_status"]))
        .collect();
    let row = |size, sku, barcode: Value, price, stock, status| {
        [json!(size), json!(sku), barcode, json!(price), json!(stock), json!(status)]
    };
    let expected = [
        row("S", "tee-red-S", json!(null), 30.0, 3, "low_stock"),
        row("M", "tee-medium", json!(null), 30.0, 0, "out_of_stock"),
        row("L", "tee-red-L", json!("890"), 32.5, 100, "in_stock"),
    ];
    assert_eq!(shown, expected);
    let sized = |sizes: Value| json!({"sku": "new", "name": "New", "price": 1, "sizes": sizes});
    let admin = app.admin();
    admin.post("/inventory/products", &sized(json!([]))).refused_field("sizes");
    let twice = sized(json!([{"size": "S", "initial_stock": 1}, {"size": "S", "initial_stock": 1}]));
    admin.post("/inventory/products", &twice).refused_field("sizes[1].size");
    let mut beside = sized(json!([{"size": "S", "initial_stock": 1}]));
    beside["initial_stock"] = json!(5);
    admin.post("/inventory/products", &beside).refused_field("initial_stock");
    let taken = sized(json!([{"size": "S", "sku": "tee-medium", "initial_stock": 1}]));
    app.without_effect(|| admin.post("/inventory/products", &taken)).refused(409, "DUPLICATE");
}

#[test]
fn skus_that_a_path_could_not_name_are_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let create = |sku: &str| admin.post("/inventory/products", &json!({"sku": sku, "name": "New", "price": 1}));
    let too_long = "x".repeat(101);
    for refused in ["", " ", "123", "007", "low-stock", "stock", "movements", "a/b", ".", "..", "tab\there", &too_long]
    {
        app.without_effect(|| create(refused)).refused_field("sku");
    }
    let longest = "x".repeat(100);
    for good in ["1a", "low-stock-2", "Ärmel größe", "50%", "a?b#c", &longest] {
        let made = create(good).expect(201).json();
        let path: String = good.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let read = app.admin().get(&format!("/inventory/products/{path}")).expect(200).json();
        assert_eq!(read["id"], made["id"], "{good}");
        assert_eq!(read["sku"], good);
    }
    create("1a").refused(409, "DUPLICATE");
    // Another store has SKUs of its own.
    app.other_store("STORE-TWO");
    app.product_in("STORE-TWO", "1a", 5.0, 1);
    assert_ne!(app.guest().in_store("STORE-TWO").get("/inventory/products/1a").json()["name"], "New");
}

#[test]
fn what_can_not_be_a_price_or_a_level_is_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    let wrong = [
        ("price", json!(-1)),
        ("price", json!(1.005)),
        ("price", json!("10 INR")),
        ("price", json!(1e16)),
        ("mrp", json!(-0.01)),
        ("cost_price", json!(0.001)),
        ("initial_stock", json!(-1)),
        ("initial_stock", json!(1.5)),
        ("initial_stock", json!(1_000_000_000_001_i64)),
        ("min_stock_level", json!(-1)),
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!("x".repeat(256))),
        ("category", json!("")),
        ("stock_quantity", json!(5)),
        ("status", json!("active")),
    ];
    app.without_effect(|| {
        for (name, value) in wrong {
            let mut body = json!({"sku": "new", "name": "New", "price": 1});
            body[name] = value.clone();
            let problem = admin.post("/inventory/products", &body).refused(422, "VALIDATION_FAILED");
            assert!(problem.to_string().contains(name), "{name} {value}: {problem}");
        }
        let crossed = json!({"sku": "new", "name": "New", "price": 1, "min_stock_level": 5, "max_stock_level": 4});
        admin.post("/inventory/products", &crossed).refused_field("max_stock_level");
    });
    let most = json!({"sku": "most", "name": "Most", "price": 0, "initial_stock": 1_000_000_000_000_i64});
    assert_eq!(app.create_product(&most).body["stock_quantity"], 1_000_000_000_000_i64);
}

#[test]
fn a_patch_changes_what_it_names_and_null_empties() {
    let app = TestApp::start();
    let body = json!({"sku": "rice", "name": "Rice", "description": "Long", "category": "Staples", "price": 10,
                      "mrp": 12, "cost_price": 7, "min_stock_level": 5, "max_stock_level": 50, "initial_stock": 9});
    let rice = app.create_product(&body);
    let staff = app.staff(&["products:write", "inventory:read"]);
    let path = format!("/inventory/products/{}", rice.id);
    let without_time = |product: &Value| {
        let mut product = product.clone();
        product.as_object_mut().unwrap().remove("updated_at");
        product
    };
    let mut expected = without_time(&rice.body);
    let changes = [
        ("name", json!("Basmati")),
        ("description", json!(null)),
        ("category", json!("Grain")),
        ("brand", json!("Tata")),
        ("unit", json!("1 kg")),
        ("mrp", json!(null)),
        ("cost_price", json!(6.5)),
        ("max_stock_level", json!(null)),
        ("min_stock_level", json!(9)),
    ];
    for (name, value) in changes {
        let patched = staff.patch(&path, &json!({name: value})).expect(200).json();
        expected[name] = value;
        if name == "min_stock_level" {
            expected["stock_status"] = json!("low_stock");
            expected["variants"][0]["stock_status"] = json!("low_stock");
        }
        assert_eq!(without_time(&patched), expected, "{name}");
    }
    let priced = staff.patch(&path, &json!({"price": 11.5})).expect(200).json();
    assert_eq!((&priced["price"], &priced["variants"][0]["price"]), (&json!(11.5), &json!(11.5)));
    for never in ["name", "price", "status", "min_stock_level"] {
        staff.patch(&path, &json!({never: null})).refused_field(never);
    }
    for unknown in [json!({"stock_quantity": 5}), json!({"initial_stock": 5}), json!({"id": 5})] {
        app.without_effect(|| staff.patch(&path, &unknown)).refused(422, "VALIDATION_FAILED");
    }
    staff.patch(&path, &json!({"max_stock_level": 8})).refused_field("max_stock_level");
    staff.patch(&path, &json!({"sizes": [{"size": "S"}]})).refused_field("sizes");
}

#[test]
fn sizes_are_added_and_priced_anew() {
    let app = TestApp::start();
    let tee = app.sized_product("tee", 30.0, &[("S", 3)]);
    let admin = app.admin();
    let path = format!("/inventory/products/{}", tee.id);
    let body = json!({"sizes": [{"size": "S", "price": 28}, {"size": "XL", "initial_stock": 7, "sku": "tee-x"}]});
    let patched = admin.patch(&path, &body).expect(200).json();
    let shown: Vec<_> = patched["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| fields(variant, ["size", "sku", "price", "stock_quantity"]))
        .collect();
    let expected =
        [[json!("S"), json!("tee-S"), json!(28.0), json!(3)], [json!("XL"), json!("tee-x"), json!(30.0), json!(7)]];
    assert_eq!(shown, expected);
    let back = admin.patch(&path, &json!({"sizes": [{"size": "S", "price": null}]})).expect(200).json();
    assert_eq!(back["variants"][0]["price"], 30.0);
    admin.patch(&path, &json!({"sizes": [{"size": "S", "initial_stock": 5}]})).refused_field("sizes[0].initial_stock");
    admin.patch(&path, &json!({"sizes": [{"size": "M", "sku": "tee-x"}]})).refused(409, "DUPLICATE");
}

#[test]
fn an_archived_product_is_not_sold_but_its_history_stays() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let order = mara.buy(&rice, 2);
    let archived = admin.delete("/inventory/products/rice").expect(200).json();
    assert_eq!(fields(&archived, ["status", "stock_quantity"]), [json!("archived"), json!(3)]);
    assert_eq!(admin.delete("/inventory/products/rice").expect(200).json(), archived, "archiving twice is once");
    app.guest().get("/inventory/products/rice").expect(200);
    let asked = app.guest().get("/inventory/products/rice/availability/1").expect(200).json();
    assert_eq!(asked["available"], false);
    mara.post("/cart/items", &json!({"product_id": "rice", "quantity": 1})).refused(409, "PRODUCT_UNAVAILABLE");
    let movements = admin.get("/inventory/products/rice/movements").expect(200).json();
    assert_eq!(movements["total"], 2);
    assert_eq!(mara.get(&format!("/orders/{}", order["id"])).expect(200).json()["items"][0]["sku"], "rice");
    let back = admin.patch("/inventory/products/rice", &json!({"status": "active"})).expect(200).json();
    assert_eq!(back["status"], "active");
    mara.buy(&rice, 1);
    app.relay_feed();
    let entries = admin.get("/audit?entity=Product&after=0").expect(200).json();
    let actions: Vec<&str> =
        entries["items"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["CREATE", "ARCHIVE", "UPDATE"]);
}
