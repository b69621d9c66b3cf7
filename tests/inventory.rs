//! The catalogue and its stock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::process::{Place, Process};
use common::shop::Product;
use common::{Client, Reply, TestApp, Value, json};
use diesel::connection::SimpleConnection;

#[track_caller]
fn refused_field(reply: Reply, field: &str) {
    let problem = reply.refused(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["field"], field, "{problem}");
}

/// The fields of a value, in a given order.
fn fields<const N: usize>(value: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| value.get(name).unwrap_or_else(|| panic!("no {name} in {value}")).clone())
}

fn skus(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect()
}

fn change(movement_type: &str, quantity: i64) -> Value {
    json!({"quantity": quantity, "movement_type": movement_type, "reason": "test"})
}

fn put_stock(client: &Client, product: &Product, body: &Value) -> Reply {
    client.put(&format!("/inventory/products/{}/stock", product.id), body)
}

#[test]
fn a_product_without_sizes_has_one_variant() {
    let app = TestApp::start();
    let body = json!({"sku": "rice", "name": "Basmati Rice 1kg", "description": "Long grain", "category": "Staples",
                      "brand": "India Gate", "barcode": "8901537000017", "price": 145, "mrp": 165.5,
                      "cost_price": 118.25, "unit": "1 kg", "min_stock_level": 10, "max_stock_level": 200,
                      "initial_stock": 50});
    let made = app.admin().post("/inventory/products", &body).expect(201);
    // Money has the currency's decimals, in the text itself.
    assert!(made.text().contains("\"price\":145.00,\"mrp\":165.50,\"cost_price\":118.25"), "{}", made.text());
    let product = made.json();
    let (id, variant) = (product["id"].as_i64().unwrap(), &product["variants"][0]);
    let (created, updated) = (&product["created_at"], &product["updated_at"]);
    assert!(created.as_str().unwrap().ends_with('Z') && created == updated, "{product}");
    let expected = json!({
        "id": id, "sku": "rice", "name": "Basmati Rice 1kg", "description": "Long grain", "category": "Staples",
        "brand": "India Gate", "barcode": "8901537000017", "price": 145.0, "mrp": 165.5, "cost_price": 118.25,
        "unit": "1 kg", "has_sizes": false, "status": "active", "min_stock_level": 10, "max_stock_level": 200,
        "stock_quantity": 50, "reserved_quantity": 0, "available_quantity": 50, "stock_status": "in_stock",
        "low_sizes": [], "variants": [{"id": variant["id"], "sku": "rice", "size": null, "barcode": "8901537000017", "price": 145.0,
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
    let told: Vec<_> = variants
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
    assert_eq!(told, expected);
    let sized = |sizes: Value| json!({"sku": "new", "name": "New", "price": 1, "sizes": sizes});
    let admin = app.admin();
    refused_field(admin.post("/inventory/products", &sized(json!([]))), "sizes");
    let twice = sized(json!([{"size": "S", "initial_stock": 1}, {"size": "S", "initial_stock": 1}]));
    refused_field(admin.post("/inventory/products", &twice), "sizes[1].size");
    let mut beside = sized(json!([{"size": "S", "initial_stock": 1}]));
    beside["initial_stock"] = json!(5);
    refused_field(admin.post("/inventory/products", &beside), "initial_stock");
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
        refused_field(app.without_effect(|| create(refused)), "sku");
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
        refused_field(admin.post("/inventory/products", &crossed), "max_stock_level");
    });
    let most = json!({"sku": "most", "name": "Most", "price": 0, "initial_stock": 1_000_000_000_000_i64});
    assert_eq!(app.create_product(&most).body["stock_quantity"], 1_000_000_000_000_i64);
}

/// Five products, made one after the other.
fn shelf(app: &TestApp) {
    let product = |sku: &str, name: &str, category: &str, brand: &str, price: f64, levels: (i64, i64)| {
        let (stock, minimum) = levels;
        let mut body = json!({"sku": sku, "name": name, "brand": brand, "price": price, "initial_stock": stock,
                              "min_stock_level": minimum});
        if !category.is_empty() {
            body["category"] = json!(category);
        }
        app.create_product(&body)
    };
    product("p-rice", "Basmati Rice", "Staples", "India Gate", 145.0, (50, 10));
    product("p-dal", "Toor Dal", "Staples", "Tata", 172.0, (8, 8));
    product("p-salt", "salt 100%", "Staples", "Tata", 26.0, (0, 20));
    product("p-milk", "Milk_1L", "Dairy", "Amul", 66.0, (10, 4));
    let old = product("p-old", "Old Rice", "", "India Gate", 99.5, (5, 1));
    app.archive(&old);
}

#[test]
fn products_are_found_by_every_filter() {
    let app = TestApp::start();
    shelf(&app);
    let find = |query: &str| skus(&app.guest().get(&format!("/inventory/products?{query}")).expect(200).json());
    let all = ["p-rice", "p-dal", "p-salt", "p-milk"];
    assert_eq!(find(""), all, "archived ones are asked for by name");
    assert_eq!(find("status=active"), all);
    assert_eq!(find("status=archived"), ["p-old"]);
    assert_eq!(find("q=RICE"), ["p-rice"]);
    assert_eq!(find("q=tata"), ["p-dal", "p-salt"]);
    assert_eq!(find("q=P-DAL"), ["p-dal"]);
    assert_eq!(find("q=100%25"), ["p-salt"]);
    assert_eq!(find("q=%25"), ["p-salt"], "a percent sign is only a character");
    assert_eq!(find("q=_"), ["p-milk"]);
    assert_eq!(find("q=%5C"), [""; 0]);
    assert_eq!(find("q=%27%20OR%201%3D1%20--"), [""; 0]);
    assert_eq!(find("category=Staples"), ["p-rice", "p-dal", "p-salt"]);
    assert_eq!(find("category=staple"), [""; 0]);
    assert_eq!(find("brand=Tata"), ["p-dal", "p-salt"]);
    assert_eq!(find("stock_status=in_stock"), ["p-rice", "p-milk"]);
    assert_eq!(find("stock_status=low_stock"), ["p-dal"]);
    assert_eq!(find("stock_status=out_of_stock"), ["p-salt"]);
    assert_eq!(find("min_price=66"), ["p-rice", "p-dal", "p-milk"]);
    assert_eq!(find("max_price=66.00"), ["p-salt", "p-milk"]);
    assert_eq!(find("min_price=26.01&max_price=145"), ["p-rice", "p-milk"]);
    assert_eq!(find("category=Staples&brand=Tata&stock_status=low_stock&q=dal"), ["p-dal"]);
    assert_eq!(find("category=&brand=&q=&status="), all, "empty values come from forms");
    for refused in [
        "status=gone",
        "stock_status=some",
        "min_price=-1",
        "max_price=cheap",
        "min_price=1.001",
        "page=0",
        "limit=0",
        "limit=101",
        "sort=cost_price",
        "sort=price;drop",
    ] {
        app.guest().get(&format!("/inventory/products?{refused}")).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn products_are_sorted_both_ways_and_paged() {
    let app = TestApp::start();
    shelf(&app);
    let get = |query: &str| app.guest().get(&format!("/inventory/products?{query}")).expect(200).json();
    let sorts = [
        ("id", ["p-rice", "p-dal", "p-salt", "p-milk"]),
        ("created_at", ["p-rice", "p-dal", "p-salt", "p-milk"]),
        ("name", ["p-rice", "p-milk", "p-salt", "p-dal"]),
        ("sku", ["p-dal", "p-milk", "p-rice", "p-salt"]),
        ("price", ["p-salt", "p-milk", "p-rice", "p-dal"]),
        ("stock", ["p-salt", "p-dal", "p-milk", "p-rice"]),
    ];
    for (column, ascending) in sorts {
        assert_eq!(skus(&get(&format!("sort={column}"))), ascending, "{column}");
        let descending: Vec<&str> = ascending.into_iter().rev().collect();
        assert_eq!(skus(&get(&format!("sort=-{column}"))), descending, "-{column}");
    }
    let page = get("sort=price&page=2&limit=3");
    assert_eq!(skus(&page), ["p-dal"]);
    assert_eq!(fields(&page, ["total", "page", "limit", "pages"]), [json!(4), json!(2), json!(3), json!(2)]);
    let beyond = get("page=1000000000");
    assert_eq!((&beyond["items"], &beyond["total"]), (&json!([]), &json!(4)));
    let none = get("q=nothing+like+it");
    assert_eq!(none, json!({"items": [], "total": 0, "page": 1, "limit": 20, "pages": 0}));
}

#[test]
fn what_it_cost_is_told_to_those_who_may_read_the_inventory() {
    let app = TestApp::start();
    let body = json!({"sku": "rice", "name": "Rice", "price": 10, "cost_price": 7.5, "initial_stock": 1});
    app.create_product(&body);
    let readers = [(app.admin(), true), (app.staff(&["inventory:read"]), true)];
    let others = [
        (app.guest(), false),
        (app.customer("mara"), false),
        (app.staff(&["products:write", "inventory:update", "orders:read"]), false),
    ];
    for (client, sees) in readers.into_iter().chain(others) {
        let one = client.get("/inventory/products/rice").expect(200).json();
        let list = client.get("/inventory/products").expect(200).json()["items"][0].clone();
        let in_store = client.get(&format!("/inventory/products/{}/rice", app.store)).expect(200).json();
        for product in [one, list, in_store] {
            assert_eq!(product.get("cost_price"), sees.then_some(&json!(7.5)));
        }
    }
    // Who writes products without reading the inventory is not told either.
    let writer = app.staff(&["products:write"]);
    let new = json!({"sku": "dal", "name": "Dal", "price": 10, "cost_price": 8});
    assert_eq!(writer.post("/inventory/products", &new).expect(201).json().get("cost_price"), None);
    let patched = writer.patch("/inventory/products/rice", &json!({"cost_price": 8})).expect(200).json();
    assert_eq!(patched.get("cost_price"), None);
    assert_eq!(app.admin().get("/inventory/products/rice").json()["cost_price"], 8.0);
}

#[test]
fn names_in_a_path_that_name_nothing_are_404() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    let admin = app.admin();
    let absent = [
        "999999",
        "0",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999999",
        "-1",
        "1.5",
        "none",
        "RICE",
        "%00",
        "rice%0A",
        "%27",
        "%FF",
    ];
    for name in absent {
        let of = |rest: &str| format!("/inventory/products/{name}{rest}");
        let replies = [
            admin.get(&of("")),
            admin.patch(&of(""), &json!({"name": "x"})),
            admin.delete(&of("")),
            admin.get(&of("/availability/1")),
            admin.get(&of("/stock")),
            admin.put(&of("/stock"), &change("in", 1)),
            admin.get(&of("/movements")),
            admin.get(&format!("/inventory/products/{}/{name}", app.store)),
        ];
        for reply in replies {
            reply.refused(404, "PRODUCT_NOT_FOUND");
        }
    }
    for store in ["999999", "STORE-NONE", "9223372036854775808"] {
        admin.get(&format!("/inventory/products/{store}/{}", rice.id)).refused(404, "STORE_NOT_FOUND");
    }
    for store in [app.store.to_string().as_str(), common::shop::STORE] {
        for product in [rice.id.to_string().as_str(), "rice"] {
            let read = app.guest().get(&format!("/inventory/products/{store}/{product}")).expect(200).json();
            assert_eq!(read["id"], rice.id);
        }
    }
    // In a body a number is an id and a string is a SKU, also one of digits.
    let ask = |product: Value| {
        let items = json!([{"product_id": product, "quantity": 1}]);
        app.guest().post("/inventory/availability", &json!({"items": items}))
    };
    ask(json!(rice.id)).expect(200);
    ask(json!("rice")).expect(200);
    ask(json!(rice.id.to_string())).refused(404, "PRODUCT_NOT_FOUND");
    ask(json!(9_007_199_254_740_991_i64)).refused(404, "PRODUCT_NOT_FOUND");
    for wrong in [json!(0), json!(-1), json!(1.5), json!(9_007_199_254_740_992_i64), json!(null), json!([1])] {
        ask(wrong).refused(422, "VALIDATION_FAILED");
    }
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
        refused_field(staff.patch(&path, &json!({never: null})), never);
    }
    for unknown in [json!({"stock_quantity": 5}), json!({"initial_stock": 5}), json!({"id": 5})] {
        app.without_effect(|| staff.patch(&path, &unknown)).refused(422, "VALIDATION_FAILED");
    }
    refused_field(staff.patch(&path, &json!({"max_stock_level": 8})), "max_stock_level");
    refused_field(staff.patch(&path, &json!({"sizes": [{"size": "S"}]})), "sizes");
}

#[test]
fn sizes_are_added_and_priced_anew() {
    let app = TestApp::start();
    let tee = app.sized_product("tee", 30.0, &[("S", 3)]);
    let admin = app.admin();
    let path = format!("/inventory/products/{}", tee.id);
    let body = json!({"sizes": [{"size": "S", "price": 28}, {"size": "XL", "initial_stock": 7, "sku": "tee-x"}]});
    let patched = admin.patch(&path, &body).expect(200).json();
    let told: Vec<_> = patched["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| fields(variant, ["size", "sku", "price", "stock_quantity"]))
        .collect();
    let expected =
        [[json!("S"), json!("tee-S"), json!(28.0), json!(3)], [json!("XL"), json!("tee-x"), json!(30.0), json!(7)]];
    assert_eq!(told, expected);
    let back = admin.patch(&path, &json!({"sizes": [{"size": "S", "price": null}]})).expect(200).json();
    assert_eq!(back["variants"][0]["price"], 30.0);
    refused_field(admin.patch(&path, &json!({"sizes": [{"size": "S", "initial_stock": 5}]})), "sizes[0].initial_stock");
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
    let entries = admin.get("/audit?entity=Product&after=0").expect(200).json();
    let actions: Vec<&str> =
        entries["items"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["CREATE", "ARCHIVE", "UPDATE"]);
}

#[test]
fn one_quantity_is_there_or_it_tells_what_is_missing() {
    let app = TestApp::start();
    let rice = app.create_product(
        &json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 42, "min_stock_level": 42}),
    );
    let ask = |path: &str| app.guest().get(&format!("/inventory/products/{path}"));
    let told = |quantity: i64, available: bool, shortage: i64| {
        json!({"product_id": rice.id, "product_name": "Rice", "size": null, "requested_quantity": quantity,
               "available": available, "available_quantity": 42, "current_stock": 42, "shortage": shortage,
               "stock_status": "low_stock"})
    };
    assert_eq!(ask("rice/availability/42").expect(200).json(), told(42, true, 0));
    assert_eq!(ask("rice/availability/43").expect(200).json(), told(43, false, 1));
    assert_eq!(ask(&format!("{}/availability/50", rice.id)).expect(200).json(), told(50, false, 8));
    assert_eq!(ask("rice/availability/10000").expect(200).json(), told(10_000, false, 9_958));
    for refused in ["0", "-1", "1.5", "two", "10001", "99999999999999999999", "%20"] {
        refused_field(ask(&format!("rice/availability/{refused}")), "qty");
    }
    ask("rice/availability/1?size=M").refused(404, "SIZE_NOT_FOUND");
    app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let figures =
        |path: &str| fields(&ask(path).expect(200).json(), ["size", "available_quantity", "available", "shortage"]);
    assert_eq!(figures("tee/availability/7"), [json!(null), json!(7), json!(true), json!(0)], "all sizes together");
    assert_eq!(figures("tee/availability/7?size=M"), [json!("M"), json!(4), json!(false), json!(3)]);
    ask("tee/availability/1?size=XXL").refused(404, "SIZE_NOT_FOUND");
}

#[test]
fn what_is_reserved_is_on_hand_but_not_available() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let items = json!([{"product_id": rice.id, "quantity": 4}]);
    mara.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201);
    let product = admin.get("/inventory/products/rice").json();
    assert_eq!(
        fields(&product, ["stock_quantity", "reserved_quantity", "available_quantity"]),
        [json!(10), json!(4), json!(6)]
    );
    let asked = app.guest().get("/inventory/products/rice/availability/7").json();
    assert_eq!(
        fields(&asked, ["available", "available_quantity", "current_stock", "shortage"]),
        [json!(false), json!(6), json!(10), json!(1)]
    );
    assert_eq!(app.stock(&rice), (10, 4, 0));
    let short = put_stock(&admin, &rice, &change("out", 7)).refused(400, "INSUFFICIENT_STOCK");
    assert_eq!(
        fields(&short["stock_errors"][0], ["requested_quantity", "available_quantity", "shortage"]),
        [json!(7), json!(6), json!(1)]
    );
    put_stock(&admin, &rice, &change("adjustment", 3)).refused(409, "STOCK_BELOW_RESERVED");
    let counted = put_stock(&admin, &rice, &change("adjustment", 4)).expect(200).json();
    assert_eq!(
        fields(&counted, ["new_stock", "reserved_quantity", "available_quantity", "stock_status"]),
        [json!(4), json!(4), json!(0), json!("out_of_stock")]
    );
    let level = admin.get("/inventory").expect(200).json()["items"][0].clone();
    assert_eq!(
        fields(&level, ["stock_quantity", "reserved_quantity", "available_quantity"]),
        [json!(4), json!(4), json!(0)]
    );
    let summary = admin.get("/inventory/summary").json();
    assert_eq!(fields(&summary, ["total_units", "reserved_units", "out_of_stock"]), [json!(4), json!(4), json!(1)]);
    // Past its deadline it is free again in every figure, whether the job has run or not.
    app.advance(901);
    assert_eq!(app.stock(&rice), (4, 0, 0));
    let product = app.guest().get("/inventory/products/rice").json();
    assert_eq!(
        fields(&product, ["reserved_quantity", "available_quantity", "stock_status"]),
        [json!(0), json!(4), json!("in_stock")]
    );
    assert_eq!(admin.get("/inventory/summary").json()["reserved_units"], 0);
    put_stock(&admin, &rice, &change("adjustment", 1)).expect(200);
}

#[test]
fn demand_is_summed_over_the_lines_and_what_is_short_has_alternatives() {
    let app = TestApp::start();
    let staple = |sku: &str, stock: i64| {
        app.create_product(
            &json!({"sku": sku, "name": sku, "price": 10, "initial_stock": stock, "category": "Staples"}),
        )
    };
    let (rice, dal, flour) = (staple("rice", 10), staple("dal", 30), staple("flour", 40));
    staple("none", 0);
    let gone = staple("gone", 99);
    app.archive(&gone);
    app.product("soap", 5.0, 500);
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 3)]);
    let ask = |items: Value| app.guest().post("/inventory/availability", &json!({"items": items}));
    let answer = ask(json!([
        {"product_id": rice.id, "quantity": 6},
        {"product_id": "rice", "quantity": 7},
        {"product_id": tee.id, "quantity": 3, "size": "S"},
        {"product_id": "tee", "quantity": 4, "size": "M"},
        {"product_id": dal.id, "quantity": 30},
    ]))
    .expect(200)
    .json();
    assert_eq!(answer["available"], false);
    let lines = answer["items"].as_array().unwrap();
    let told: Vec<_> = lines
        .iter()
        .map(|line| fields(line, ["requested_quantity", "available", "max_fulfillable", "shortage", "current_stock"]))
        .collect();
    let row = |requested, available, most, shortage, stock| {
        [json!(requested), json!(available), json!(most), json!(shortage), json!(stock)]
    };
    let expected = [
        row(6, true, 6, 0, 10),
        row(7, false, 4, 3, 10),
        row(3, true, 3, 0, 3),
        row(4, false, 3, 1, 3),
        row(30, true, 30, 0, 30),
    ];
    assert_eq!(told, expected);
    // Others of its category that there are some of, and none for what has no category.
    let instead = lines[1]["alternatives"].as_array().unwrap();
    let offered: Vec<_> =
        instead.iter().map(|other| fields(other, ["product_id", "sku", "available_quantity"])).collect();
    assert_eq!(offered, [[json!(flour.id), json!("flour"), json!(40)], [json!(dal.id), json!("dal"), json!(30)]]);
    for line in [0, 2, 3, 4] {
        assert_eq!(lines[line]["alternatives"], json!([]), "line {line}");
    }
    let fine = ask(json!([{"product_id": "rice", "quantity": 10}])).expect(200).json();
    let expected = json!({"available": true, "items": [{
        "product_id": rice.id, "product_name": "rice", "size": null, "requested_quantity": 10, "available": true,
        "available_quantity": 10, "current_stock": 10, "shortage": 0, "stock_status": "in_stock",
        "max_fulfillable": 10, "alternatives": []}]});
    assert_eq!(fine, expected);
    let unsold = ask(json!([{"product_id": "gone", "quantity": 1}])).expect(200).json();
    assert_eq!(fields(&unsold["items"][0], ["available", "max_fulfillable"]), [json!(false), json!(0)]);
    ask(json!([{"product_id": "rice", "quantity": 1}, {"product_id": "missing", "quantity": 1}]))
        .refused(404, "PRODUCT_NOT_FOUND");
    ask(json!([{"product_id": "rice", "quantity": 1, "size": "M"}])).refused(404, "SIZE_NOT_FOUND");
    ask(json!([{"product_id": "tee", "quantity": 1, "size": "XXL"}])).refused(404, "SIZE_NOT_FOUND");
    refused_field(ask(json!([])), "items");
    refused_field(ask(json!([{"product_id": "rice", "quantity": 0}])), "items[0].quantity");
}

#[test]
fn alternatives_cost_the_same_in_a_large_category() {
    let app = TestApp::start();
    let staple = |index: i64, stock: i64| {
        let sku = format!("staple-{index}");
        app.create_product(
            &json!({"sku": sku, "name": sku, "price": 10, "initial_stock": stock, "category": "Staples"}),
        )
    };
    let first: Vec<_> = (0..51).map(|index| staple(index, index)).collect();
    let beyond = staple(51, 999);
    let short =
        json!({"items": [{"product_id": first[50].id, "quantity": 51}, {"product_id": first[49].id, "quantity": 50}]});
    let answer = app.guest().post("/inventory/availability", &short).expect(200).json();
    let offered = |line: usize| -> Vec<i64> {
        let others = answer["items"][line]["alternatives"].as_array().unwrap();
        others.iter().map(|other| other["available_quantity"].as_i64().unwrap()).collect()
    };
    // Only the first fifty of a category are looked at, and a line is no alternative to itself.
    assert_eq!(offered(0), [49, 48, 47, 46, 45]);
    assert_eq!(offered(1), [48, 47, 46, 45, 44]);
    assert!(!answer.to_string().contains(&beyond.sku));
}

#[test]
fn stock_comes_in_goes_out_and_is_counted() {
    let app = TestApp::start();
    let rice = app.create_product(
        &json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 10, "min_stock_level": 5}),
    );
    let clerk = app.staff(&["inventory:update"]);
    let mut last = 0;
    let mut done = |movement_type: &str, quantity: i64, before: i64, after: i64, status: &str| {
        let mut body = change(movement_type, quantity);
        body["reference_id"] = json!("PO-7");
        let answer = put_stock(&clerk, &rice, &body).expect(200).json();
        let movement = answer["movement_id"].as_i64().unwrap();
        let expected = json!({"success": true, "product_id": rice.id, "previous_stock": before, "new_stock": after,
                              "reserved_quantity": 0, "available_quantity": after, "stock_status": status,
                              "movement_id": movement, "message": answer["message"]});
        assert_eq!(answer, expected);
        assert!(answer["message"].is_string() && movement > last);
        last = movement;
    };
    done("in", 5, 10, 15, "in_stock");
    done("out", 10, 15, 5, "low_stock");
    done("out", 5, 5, 0, "out_of_stock");
    done("adjustment", 7, 0, 7, "in_stock");
    done("adjustment", 7, 7, 7, "in_stock");
    done("adjustment", 0, 7, 0, "out_of_stock");
    done("in", 1_000_000_000_000, 0, 1_000_000_000_000, "in_stock");
    assert_eq!(app.stock(&rice), (1_000_000_000_000, 0, 0), "none of them changes what was sold");
    app.without_effect(|| {
        refused_field(put_stock(&clerk, &rice, &change("in", 1)), "quantity");
        put_stock(&clerk, &rice, &change("adjustment", 1_000_000_000_001)).refused(422, "VALIDATION_FAILED");
    });
}

#[test]
fn a_stock_change_that_can_not_be_is_refused_without_a_trace() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let clerk = app.staff(&["inventory:update"]);
    let with = |movement_type: &str, quantity: i64, name: &str, value: Value| {
        let mut body = change(movement_type, quantity);
        body[name] = value;
        body
    };
    app.without_effect(|| {
        let short = put_stock(&clerk, &rice, &change("out", 11)).refused(400, "INSUFFICIENT_STOCK");
        let expected = json!([{"product_id": rice.id, "sku": "rice", "product_name": "Rice", "size": null,
            "requested_quantity": 11, "available_quantity": 10, "shortage": 1,
            "message": "Insufficient stock for 'Rice'. Available: 10, Requested: 11"}]);
        assert_eq!(short["stock_errors"], expected);
        assert_eq!(short["detail"], expected[0]["message"]);
        let stale = put_stock(&clerk, &rice, &with("in", 1, "expected_stock", json!(9)));
        assert_eq!(stale.refused(409, "STALE_STOCK")["current_stock"], 10);
        for (movement_type, quantity) in [("in", 0), ("out", 0), ("in", -1), ("out", -1), ("adjustment", -1)] {
            refused_field(put_stock(&clerk, &rice, &change(movement_type, quantity)), "quantity");
        }
        for wrong in [json!(1.5), json!("1"), json!(null), json!(1e13)] {
            refused_field(put_stock(&clerk, &rice, &with("in", 1, "quantity", wrong)), "quantity");
        }
        refused_field(put_stock(&clerk, &rice, &change("steal", 1)), "movement_type");
        refused_field(put_stock(&clerk, &rice, &with("in", 1, "reason", json!(""))), "reason");
        refused_field(put_stock(&clerk, &rice, &with("in", 1, "sold", json!(1))), "sold");
        put_stock(&clerk, &rice, &json!({"quantity": 1, "movement_type": "in"})).refused(422, "VALIDATION_FAILED");
        put_stock(&clerk, &rice, &with("in", 1, "size", json!("M"))).refused(404, "SIZE_NOT_FOUND");
        put_stock(&clerk, &rice, &with("in", 1, "location_id", json!(999_999))).refused(404, "LOCATION_NOT_FOUND");
        put_stock(&clerk, &tee, &change("in", 1)).refused(422, "SIZE_REQUIRED");
        put_stock(&clerk, &tee, &with("in", 1, "size", json!("XXL"))).refused(404, "SIZE_NOT_FOUND");
        let short = put_stock(&clerk, &tee, &with("out", 5, "size", json!("M"))).refused(400, "INSUFFICIENT_STOCK");
        assert_eq!(
            fields(&short["stock_errors"][0], ["sku", "size", "available_quantity"]),
            [json!("tee-M"), json!("M"), json!(4)]
        );
    });
    let right = put_stock(&clerk, &rice, &with("out", 4, "expected_stock", json!(10))).expect(200).json();
    assert_eq!(right["new_stock"], 6);
    let of_size = put_stock(&clerk, &tee, &with("out", 4, "size", json!("M"))).expect(200).json();
    assert_eq!(fields(&of_size, ["previous_stock", "new_stock", "available_quantity"]), [json!(4), json!(0), json!(0)]);
    assert_eq!(app.stock(&tee), (3, 0, 0), "without a size the sizes are summed");
}

#[test]
fn stock_is_told_by_size_and_by_location() {
    let app = TestApp::start();
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let mara = app.customer("mara");
    mara.add_size_to_cart(&tee, "M", 1);
    mara.checkout().expect(201);
    let reader = app.staff(&["inventory:read"]);
    let figures = ["available_quantity", "reserved_quantity", "sold_quantity", "stock_quantity"];
    let read = |query: &str| reader.get(&format!("/inventory/products/tee/stock{query}")).expect(200).json();
    let whole = read("");
    assert_eq!(fields(&whole, figures), [json!(6), json!(0), json!(1), json!(6)]);
    let places = whole["locations"].as_array().unwrap();
    assert_eq!((places.len(), &places[0]["code"]), (1, &json!("main")));
    assert_eq!(fields(&places[0], figures), [json!(6), json!(0), json!(1), json!(6)]);
    let of_m = read("?size=M");
    assert_eq!(fields(&of_m, figures), [json!(3), json!(0), json!(1), json!(3)]);
    assert_eq!(fields(&of_m["locations"][0], figures), [json!(3), json!(0), json!(1), json!(3)]);
    assert_eq!(fields(&read("?size=S"), figures), [json!(3), json!(0), json!(0), json!(3)]);
    reader.get("/inventory/products/tee/stock?size=XXL").refused(404, "SIZE_NOT_FOUND");
}

#[test]
fn each_location_has_stock_of_its_own() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let attic = app.add_location("attic");
    let admin = app.admin();
    let mut body = change("in", 5);
    body["location_id"] = json!(attic);
    let added = put_stock(&admin, &rice, &body).expect(200).json();
    assert_eq!(fields(&added, ["previous_stock", "new_stock", "available_quantity"]), [json!(0), json!(5), json!(5)]);
    let stock = admin.get("/inventory/products/rice/stock").json();
    assert_eq!(stock["stock_quantity"], 15);
    let places: Vec<_> =
        stock["locations"].as_array().unwrap().iter().map(|one| fields(one, ["code", "stock_quantity"])).collect();
    assert_eq!(places, [[json!("main"), json!(10)], [json!("attic"), json!(5)]]);
    let levels = admin.get("/inventory").expect(200).json();
    let rows: Vec<_> = levels["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| fields(one, ["location_code", "stock_quantity"]))
        .collect();
    assert_eq!((rows, &levels["total"]), (places, &json!(2)));
    assert_eq!(app.guest().get("/inventory/products/rice/availability/15").json()["available"], true);
}

#[test]
fn a_cancel_gives_units_back_to_where_they_came_from() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 12);
    assert_eq!(app.stock_by_place(&rice), [("main".into(), 0), ("attic".into(), 3)]);
    mara.cancel(&order).expect(200);
    assert_eq!(app.stock_by_place(&rice), [("main".into(), 10), ("attic".into(), 5)]);
    app.audit();
}

#[test]
fn the_ledger_is_a_chain_that_ends_at_the_level() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 100);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let order = mara.buy(&rice, 5);
    let mut received = change("in", 20);
    received["reference_id"] = json!("PO-7");
    put_stock(&admin, &rice, &received).expect(200);
    put_stock(&admin, &rice, &change("out", 15)).expect(200);
    put_stock(&admin, &rice, &change("adjustment", 90)).expect(200);
    mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    let list = |query: &str| admin.get(&format!("/inventory/products/rice/movements?{query}")).expect(200).json();
    let ledger = list("after=0");
    let told: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            fields(
                row,
                ["kind", "stock_delta", "reserved_delta", "sold_delta", "stock_after", "reserved_after", "sold_after"],
            )
        })
        .collect();
    let row = |kind: &str, stock: i64, sold: i64, stock_after: i64, sold_after: i64| {
        [json!(kind), json!(stock), json!(0), json!(sold), json!(stock_after), json!(0), json!(sold_after)]
    };
    let expected = [
        row("receive", 100, 0, 100, 0),
        row("fulfil", -5, 5, 95, 5),
        row("receive", 20, 0, 115, 5),
        row("remove", -15, 0, 100, 5),
        row("adjust", -10, 0, 90, 5),
        row("restore", 5, -5, 95, 0),
    ];
    assert_eq!(told, expected);
    assert_eq!(app.stock(&rice), (95, 0, 0));
    let newest = list("limit=2");
    assert_eq!(newest["items"][0], ledger["items"][5], "newest first without a row to start from");
    assert_eq!(fields(&newest, ["total", "pages"]), [json!(6), json!(3)]);
    let kinds = |query: &str| -> Vec<String> {
        list(query)["items"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("kind=receive").len(), 2);
    assert_eq!(kinds("reference_id=PO-7"), ["receive"]);
    let number = order["order_number"].as_str().unwrap();
    assert_eq!(kinds(&format!("after=0&reference_id={number}")), ["fulfil", "restore"]);
    let third = &ledger["items"][2];
    assert_eq!(kinds(&format!("after={}&limit=2", third["id"])), ["remove", "adjust"]);
    let moment = third["created_at"].as_str().unwrap();
    assert_eq!(kinds(&format!("after=0&from={moment}")).len(), 4);
    assert_eq!(kinds(&format!("after=0&to={moment}")).len(), 2);
    assert_eq!(
        fields(third, ["reason", "reference_id", "actor"]),
        [json!("test"), json!("PO-7"), json!(format!("user:{}", admin.user.unwrap()))]
    );
    for refused in ["kind=stolen", "after=-1", "after=x", "from=yesterday", "limit=101"] {
        admin.get(&format!("/inventory/movements?{refused}")).refused(422, "VALIDATION_FAILED");
    }
    app.product("dal", 10.0, 1);
    assert_eq!(admin.get("/inventory/movements").expect(200).json()["total"], 7, "of the whole store");
    assert_eq!(list("")["total"], 6, "of the product");
    // A stock change's entry in the audit is its movement.
    let audited = admin.get("/audit?entity=Inventory").expect(200).json();
    assert_eq!(audited["total"], 7);
}

#[test]
fn low_stock_is_worst_first() {
    let app = TestApp::start();
    shelf(&app);
    let low = app.staff(&["inventory:read"]).get("/inventory/products/low-stock").expect(200).json();
    assert_eq!(skus(&low), ["p-salt", "p-dal"]);
    assert_eq!(low["total"], 2);
}

#[test]
fn the_summary_adds_up() {
    let app = TestApp::start();
    let create = |sku: &str, category: Value, price: f64, cost: Value, levels: (i64, i64)| {
        let body = json!({"sku": sku, "name": sku, "category": category, "price": price, "cost_price": cost,
                          "initial_stock": levels.0, "min_stock_level": levels.1});
        app.create_product(&body)
    };
    create("rice", json!("Staples"), 10.0, json!(7.5), (50, 10));
    create("dal", json!("Staples"), 20.0, json!(15), (5, 5));
    create("soap", json!(null), 30.0, json!(null), (2, 0));
    create("salt", json!("Spices"), 40.0, json!(1), (0, 3));
    let sizes = json!([{"size": "S", "initial_stock": 3}, {"size": "L", "initial_stock": 2, "price": 33}]);
    app.create_product(
        &json!({"sku": "tee", "name": "tee", "category": "Clothing", "price": 30, "cost_price": 16, "sizes": sizes}),
    );
    app.archive(&create("old", json!("Staples"), 99.0, json!(98), (7, 0)));
    let reader = app.staff(&["inventory:read"]);
    let reply = reader.get("/inventory/summary").expect(200);
    // 50 × 7.50 + 5 × 15 + 5 × 16, and 50 × 10 + 5 × 20 + 2 × 30 + 3 × 30 + 2 × 33.
    assert!(reply.text().contains("\"stock_value\":530.00,\"retail_value\":816.00"), "{}", reply.text());
    let category = |name: Value, products: i64, units: i64, stock: f64, retail: f64| json!({"category": name, "products": products, "total_units": units, "stock_value": stock, "retail_value": retail});
    let expected = json!({
        "total_products": 5, "total_units": 62, "reserved_units": 0, "in_stock": 3, "low_stock": 1, "out_of_stock": 1,
        "stock_value": 530.0, "retail_value": 816.0,
        "by_category": [category(json!("Clothing"), 1, 5, 80.0, 156.0), category(json!("Spices"), 1, 0, 0.0, 0.0),
                        category(json!("Staples"), 2, 55, 450.0, 600.0), category(json!(null), 1, 2, 0.0, 60.0)],
    });
    let mut summary = reply.json();
    assert_eq!(reader.get("/inventory/inventory/summary").expect(200).json(), summary);
    let low = summary.as_object_mut().unwrap().remove("low_variants").unwrap();
    assert_eq!(summary, expected);
    let told: Vec<_> = low.as_array().unwrap().iter().map(|row| fields(row, ["sku", "stock_status"])).collect();
    assert_eq!(told, [["salt", "out_of_stock"], ["dal", "low_stock"]]);
}

#[test]
fn levels_are_one_row_per_variant_and_location() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    let tee = app.sized_product("tee", 30.0, &[("S", 3), ("M", 4)]);
    let reader = app.staff(&["inventory:read"]);
    let levels = reader.get("/inventory?limit=2").expect(200).json();
    assert_eq!(fields(&levels, ["total", "pages"]), [json!(3), json!(2)]);
    let next = reader.get("/inventory?limit=2&page=2").expect(200).json();
    let rows: Vec<&Value> = [&levels, &next].into_iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    let told: Vec<_> =
        rows.iter().map(|row| fields(row, ["product_id", "sku", "size", "stock_quantity", "sold_quantity"])).collect();
    let row = |product: &Product, sku: &str, size: Value, stock: i64| {
        [json!(product.id), json!(sku), size, json!(stock), json!(0)]
    };
    let expected =
        [row(&rice, "rice", json!(null), 10), row(&tee, "tee-S", json!("S"), 3), row(&tee, "tee-M", json!("M"), 4)];
    assert_eq!(told, expected);
    assert!(rows.iter().all(|row| row["location_code"] == "main" && row["updated_at"].is_string()));
}

#[test]
fn verify_is_clean_and_tells_damage() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 10);
    app.customer("mara").buy(&rice, 3);
    let reader = app.staff(&["inventory:read"]);
    let clean = reader.get("/inventory/verify").expect(200).json();
    assert_eq!(fields(&clean, ["ok", "violations"]), [json!(true), json!([])]);
    assert!(clean["checked"].as_i64().unwrap() >= 8, "{clean}");
    let spoil = |by: &str| {
        app.connection()
            .batch_execute(&format!("UPDATE stock_levels SET stock_quantity = stock_quantity {by}"))
            .unwrap()
    };
    spoil("+ 1");
    let broken = reader.get("/inventory/verify").expect(200).json();
    assert_eq!((&broken["ok"], broken["violations"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(broken["violations"][0]["rule"], "a stock level equals the sum of its movements");
    spoil("- 1");
    assert_eq!(reader.get("/inventory/verify").json(), clean);
}

#[test]
fn the_demo_store_is_as_the_contract_says() {
    let place = Place::new();
    let server = Process::serve(&place);
    let guest = server.client();
    let login = json!({"email": "admin@example.com", "password": "stockroom-demo"});
    let session = guest.post("/auth/login", &login).expect(200).json();
    let admin = guest.clone().with_token(session["access_token"].as_str().unwrap());
    let customer = json!({"email": "customer@example.com", "password": "stockroom-demo"});
    assert_eq!(guest.post("/auth/login", &customer).expect(200).json()["user"]["role"], "customer");
    let store = guest.get("/stores/STORE-DEMO").expect(200).json();
    let settings = fields(&store, ["currency", "tax_rate", "shipping_flat_rate", "hold_cart_items", "guest_orders"]);
    assert_eq!(settings[0], "INR");
    assert_eq!((settings[1].as_f64(), settings[2].as_f64()), (Some(0.0), Some(0.0)));
    assert_eq!((&settings[3], &settings[4]), (&json!(false), &json!(true)));
    let products = guest.get("/inventory/products?limit=100").expect(200).json();
    let told: Vec<_> = products["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| fields(product, ["sku", "name", "stock_quantity", "stock_status"]))
        .collect();
    let expected = [
        ("prod_001", "Basmati Rice 1kg", 50, "in_stock"),
        ("prod_002", "Toor Dal 1kg", 30, "in_stock"),
        ("prod_003", "Sunflower Oil 1L", 25, "in_stock"),
        ("prod_004", "Turmeric Powder 100g", 40, "in_stock"),
        ("prod_005", "Onions 1kg", 2, "low_stock"),
        ("prod_006", "Tomatoes 1kg", 0, "out_of_stock"),
        ("prod_007", "Wheat Flour 2kg", 15, "in_stock"),
        ("prod_008", "Sugar 1kg", 60, "in_stock"),
        ("prod_009", "Salt 1kg", 80, "in_stock"),
        ("prod_010", "Milk 1L", 10, "in_stock"),
        ("tee-red", "T-Shirt Red", 300, "in_stock"),
    ];
    assert_eq!(told, expected.map(|(sku, name, stock, status)| [json!(sku), json!(name), json!(stock), json!(status)]));
    assert_eq!(skus(&admin.get("/inventory/products/low-stock").expect(200).json()), ["prod_006", "prod_005"]);
    let tee = guest.get("/inventory/products/tee-red").expect(200).json();
    let sizes: Vec<_> = tee["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| fields(one, ["size", "price", "stock_quantity"]))
        .collect();
    assert_eq!(sizes, ["S", "M", "L"].map(|size| [json!(size), json!(30.0), json!(100)]));
    for product in products["items"].as_array().unwrap() {
        let [brand, category, price, mrp, minimum] =
            fields(product, ["brand", "category", "price", "mrp", "min_stock_level"]);
        assert!(brand.is_string() && category.is_string(), "{product}");
        assert!(mrp.as_f64().unwrap() >= price.as_f64().unwrap() && minimum.as_i64().unwrap() > 0, "{product}");
    }
    assert_eq!(admin.get("/inventory/verify").expect(200).json()["ok"], true);
    let order = json!({"items": [{"product_id": "prod_001", "quantity": 2}]});
    assert_eq!(guest.post("/orders", &order).expect(201).json()["total_amount"], 290.0);
    assert_eq!(server.terminate().code(), Some(0));
}
