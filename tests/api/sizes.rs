//! Sizes: their SKUs and names, their low stock, and sizes that are off sale.

use crate::common::{Reply, TestApp, json, race};
use serde_json::Value;

const TEE: &str = "/inventory/products/tee";

/// A shirt with a minimum of 5 whose size S is sold out.
fn shirt(app: &TestApp) -> Value {
    let sizes = json!([{"size": "S", "initial_stock": 0}, {"size": "M", "initial_stock": 20, "price": 25},
                       {"size": "L", "initial_stock": 9, "min_stock_level": 9, "price": 40}]);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 30, "min_stock_level": 5, "sizes": sizes})).body
}

fn skus(reply: &Reply) -> Vec<String> {
    let page = reply.json();
    page["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_product_is_as_low_as_its_lowest_size_on_sale() {
    let app = TestApp::start();
    let made = shirt(&app);
    app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 1, "initial_stock": 50}));
    let status = |product: &Value| (product["stock_status"].clone(), product["low_sizes"].clone());
    assert_eq!(status(&made), (json!("out_of_stock"), json!(["S", "L"])));
    let of_sizes: Vec<_> = made["variants"].as_array().unwrap().iter().map(|v| v["stock_status"].clone()).collect();
    assert_eq!(of_sizes, ["out_of_stock", "in_stock", "low_stock"]);
    assert_eq!(made["variants"][2]["min_stock_level"], 9);

    let reader = app.staff(&["inventory:read"]);
    let low = reader.get("/inventory/products/low-stock").expect(200);
    assert_eq!((skus(&low), low.json()["total"].clone()), (vec!["tee".to_owned()], json!(1)));
    assert_eq!(low.json()["items"][0]["low_sizes"], json!(["S", "L"]));
    let summary = reader.get("/inventory/summary").expect(200).json();
    let counts = ["in_stock", "low_stock", "out_of_stock"].map(|name| summary[name].clone());
    assert_eq!(counts, [1, 0, 1]);
    let named: Vec<_> = summary["low_variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            ["sku", "size", "available_quantity", "min_stock_level", "stock_status"].map(|name| row[name].clone())
        })
        .collect();
    let rows = [
        [json!("tee-S"), json!("S"), json!(0), json!(5), json!("out_of_stock")],
        [json!("tee-L"), json!("L"), json!(9), json!(9), json!("low_stock")],
    ];
    assert_eq!(named, rows);
    let by_status = |status: &str| skus(&app.guest().get(&format!("/inventory/products?stock_status={status}")));
    assert_eq!((by_status("out_of_stock"), by_status("in_stock")), (vec!["tee".into()], vec!["rice".into()]));

    // A size that is off sale does not count.
    let admin = app.admin();
    let off = admin.patch(TEE, &json!({"sizes": [{"size": "S", "status": "archived"}]})).expect(200).json();
    assert_eq!(status(&off), (json!("low_stock"), json!(["L"])));
    assert_eq!(by_status("low_stock"), ["tee"]);
    let raised = admin.patch(TEE, &json!({"sizes": [{"size": "L", "min_stock_level": null}]})).expect(200).json();
    assert_eq!(status(&raised), (json!("in_stock"), json!([])));
    assert_eq!(skus(&reader.get("/inventory/products/low-stock")), [""; 0]);
    // A product without a size on sale has no stock to sell.
    let sizes = json!([{"size": "M", "status": "archived"}, {"size": "L", "status": "archived"}]);
    let gone = admin.patch(TEE, &json!({"sizes": sizes})).expect(200).json();
    assert_eq!(status(&gone), (json!("out_of_stock"), json!([])));
    assert_eq!(by_status("out_of_stock"), ["tee"]);
    assert_eq!(reader.get("/inventory/summary").expect(200).json()["out_of_stock"], 1);
}

#[test]
fn archived_products_are_found_by_their_stock_too() {
    let app = TestApp::start();
    let old =
        app.create_product(&json!({"sku": "old", "name": "Old", "price": 1, "initial_stock": 3, "min_stock_level": 7}));
    app.create_product(&json!({"sku": "new", "name": "New", "price": 1, "initial_stock": 3, "min_stock_level": 1}));
    app.archive(&old);
    let find = |query: &str| skus(&app.guest().get(&format!("/inventory/products?{query}")).expect(200));
    assert_eq!(find("status=archived&stock_status=low_stock"), ["old"]);
    assert_eq!(find("status=active&stock_status=low_stock"), [""; 0]);
    assert_eq!(find("status=active&stock_status=in_stock"), ["new"]);
}

#[test]
fn prices_of_sizes_are_filtered_and_sorted_by() {
    let app = TestApp::start();
    shirt(&app);
    for (sku, price) in [("cheap", 10), ("middle", 33), ("dear", 90)] {
        app.product(sku, f64::from(price), 1);
    }
    let find = |query: &str| skus(&app.guest().get(&format!("/inventory/products?{query}")).expect(200));
    assert_eq!(find("min_price=40&sort=id"), ["tee", "dear"]);
    assert_eq!(find("max_price=25&sort=id"), ["tee", "cheap"]);
    assert_eq!(find("min_price=31&max_price=39"), ["middle"], "no size costs that");
    assert_eq!(find("min_price=30&max_price=30"), ["tee"]);
    assert_eq!(find("sort=price"), ["cheap", "tee", "middle", "dear"], "by its cheapest size");
    assert_eq!(find("sort=-price"), ["dear", "tee", "middle", "cheap"], "by its dearest size");
    app.admin().patch(TEE, &json!({"sizes": [{"size": "L", "status": "archived"}]})).expect(200);
    assert_eq!(find("min_price=40"), ["dear"]);
    app.admin().patch(TEE, &json!({"price": 95})).expect(200);
    assert_eq!(find("sort=-price"), ["tee", "dear", "middle", "cheap"]);
}

#[test]
fn a_sku_of_a_size_names_it_everywhere() {
    let app = TestApp::start();
    let made = shirt(&app);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let medium = &made["variants"][1];
    assert_eq!(admin.get("/inventory/products/tee-M").expect(200).json()["id"], made["id"]);
    let cart = mara.post("/cart/items", &json!({"product_id": "tee-M", "quantity": 1})).expect(201).json();
    assert_eq!(cart["items"][0]["sku"], "tee-M");
    let cart = mara.post("/cart/items", &json!({"product_id": "tee", "size": " m", "quantity": 1})).expect(201).json();
    assert_eq!((cart["items"].as_array().unwrap().len(), &cart["items"][0]["quantity"]), (1, &json!(2)));
    let order = mara.post("/orders", &json!({"items": [{"product_id": "tee-M", "quantity": 2}]})).expect(201).json();
    assert_eq!((&order["items"][0]["variant_id"], &order["items"][0]["size"]), (&medium["id"], &json!("M")));
    let items = json!([{"product_id": "tee-M", "quantity": 1}]);
    let reserved = admin.post("/reservations", &json!({"items": items, "reference_id": "r"})).expect(201).json();
    assert_eq!(reserved["items"][0]["size"], "M");
    let stock = json!({"quantity": 3, "movement_type": "in", "reason": "found"});
    let changed = admin.put("/inventory/products/tee-M/stock", &stock).expect(200).json();
    assert_eq!((&changed["previous_stock"], &changed["new_stock"]), (&json!(18), &json!(21)));
    let stock = admin.get("/inventory/products/tee-M/stock").expect(200).json();
    assert_eq!(["stock_quantity", "reserved_quantity", "sold_quantity"].map(|name| stock[name].clone()), [21, 1, 2]);
    assert_eq!(stock["locations"][0]["stock_quantity"], 21);
    let one = app.guest().get("/inventory/products/tee-M/availability/21").expect(200).json();
    assert_eq!((&one["size"], &one["available"], &one["shortage"]), (&json!("M"), &json!(false), &json!(1)));
    let items = json!([{"product_id": "tee-M", "quantity": 19}, {"product_id": "tee", "size": "M", "quantity": 2}]);
    let several = app.guest().post("/inventory/availability", &json!({"items": items})).expect(200).json();
    let available: Vec<_> = several["items"].as_array().unwrap().iter().map(|line| line["available"].clone()).collect();
    assert_eq!(available, [true, false], "they ask for one variant");
    let moves = |path: &str| admin.get(&format!("/inventory/products/{path}/movements")).expect(200).json();
    assert_eq!((moves("tee-M")["total"].clone(), moves("tee")["total"].clone()), (json!(4), json!(5)));
    assert_eq!(moves("tee-L")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn another_size_than_its_own_does_not_go_with_a_sku() {
    let app = TestApp::start();
    shirt(&app);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let line = json!({"product_id": "tee-M", "size": "L", "quantity": 1});
    mara.post("/cart/items", &line).refused(404, "SIZE_NOT_FOUND");
    mara.post("/orders", &json!({"items": [line]})).refused(404, "SIZE_NOT_FOUND");
    let reservation = json!({"items": [line], "reference_id": "r"});
    admin.post("/reservations", &reservation).refused(404, "SIZE_NOT_FOUND");
    app.guest().post("/inventory/availability", &json!({"items": [line]})).refused(404, "SIZE_NOT_FOUND");
    app.guest().get("/inventory/products/tee-M/availability/1?size=L").refused(404, "SIZE_NOT_FOUND");
    let stock = json!({"quantity": 3, "movement_type": "in", "reason": "found", "size": "L"});
    admin.put("/inventory/products/tee-M/stock", &stock).refused(404, "SIZE_NOT_FOUND");
    mara.post("/cart/items", &json!({"product_id": "tee", "quantity": 1})).refused(422, "SIZE_REQUIRED");
    mara.post("/cart/items", &json!({"product_id": "tee-XL", "quantity": 1})).refused(404, "PRODUCT_NOT_FOUND");
    mara.post("/cart/items", &json!({"product_id": "tee", "size": "  ", "quantity": 1}))
        .refused(422, "VALIDATION_FAILED");
}

#[test]
fn a_size_is_the_same_in_any_case_and_with_blanks() {
    let app = TestApp::start();
    let admin = app.admin();
    let body = |sizes: Value| json!({"sku": "tee", "name": "Tee", "price": 30, "sizes": sizes});
    for twice in [json!([{"size": "s"}, {"size": "S"}]), json!([{"size": "2 XL"}, {"size": " 2xl"}])] {
        admin.post("/inventory/products", &body(twice)).refused(422, "VALIDATION_FAILED");
    }
    let made =
        admin.post("/inventory/products", &body(json!([{"size": " S ", "initial_stock": 4}]))).expect(201).json();
    assert_eq!((&made["variants"][0]["size"], &made["variants"][0]["sku"]), (&json!("S"), &json!("tee-S")));
    let patched = admin.patch(TEE, &json!({"sizes": [{"size": "s", "price": 28}]})).expect(200).json();
    assert_eq!((patched["variants"].as_array().unwrap().len(), &patched["variants"][0]["price"]), (1, &json!(28.0)));
    admin.patch(TEE, &json!({"sizes": [{"size": "s"}, {"size": " S"}]})).refused(422, "VALIDATION_FAILED");
    let stock = json!({"quantity": 1, "movement_type": "in", "reason": "found", "size": "s"});
    admin.put("/inventory/products/tee/stock", &stock).expect(200);
    assert_eq!(admin.get("/inventory/products/tee/stock?size=%20s").expect(200).json()["stock_quantity"], 5);
    // Accents make another size.
    let sizes = json!([{"size": "ko"}, {"size": "kö"}, {"size": "Å"}, {"size": "A"}]);
    let other = json!({"sku": "rings", "name": "Rings", "price": 30, "sizes": sizes});
    assert_eq!(admin.post("/inventory/products", &other).expect(201).json()["variants"].as_array().unwrap().len(), 4);
    let changed = admin.patch("/inventory/products/rings", &json!({"sizes": [{"size": "KÖ", "price": 9}]}));
    let prices = changed.expect(200).json()["variants"].clone();
    assert_eq!([&prices[0]["price"], &prices[1]["price"]], [&json!(30.0), &json!(9.0)]);
    // Two concurrent requests add a size once.
    for round in 0..10 {
        let sizes = [format!("x{round}"), format!("X {round}")];
        race(2, |n| admin.patch(TEE, &json!({"sizes": [{"size": sizes[n]}]})).expect(200));
    }
    let sizes = admin.get(TEE).expect(200).json()["variants"].as_array().unwrap().len();
    assert_eq!(sizes, 11);
}

#[test]
fn a_size_off_sale_is_not_sold_and_keeps_its_stock() {
    let app = TestApp::start();
    let made = shirt(&app);
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let address = mara.address();
    let items = json!([{"product_id": "tee-M", "quantity": 1}]);
    let cart = mara.post("/cart/items", &items[0]).expect(201).json();
    let held = mara.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201).json();
    let reserved = admin.post("/reservations", &json!({"items": items, "reference_id": "r"})).expect(201).json();

    let off = admin.patch(TEE, &json!({"sizes": [{"size": "m", "status": "archived"}]})).expect(200).json();
    let medium = &off["variants"][1];
    assert_eq!((&medium["status"], &medium["stock_quantity"]), (&json!("archived"), &json!(20)));
    assert_eq!((&off["status"], &off["stock_quantity"]), (&made["status"], &made["stock_quantity"]));
    mara.post("/cart/items", &items[0]).refused(409, "PRODUCT_UNAVAILABLE");
    mara.post("/orders", &json!({"items": items})).refused(409, "PRODUCT_UNAVAILABLE");
    mara.checkout_to(address).refused(409, "PRODUCT_UNAVAILABLE");
    admin.post("/reservations", &json!({"items": items, "reference_id": "s"})).refused(409, "PRODUCT_UNAVAILABLE");
    let shown = mara.get("/cart").expect(200).json();
    assert_eq!(shown["problems"][0]["code"], "PRODUCT_UNAVAILABLE");
    assert_eq!(shown["problems"][0]["item_id"], cart["items"][0]["id"]);
    let line = app.guest().get("/inventory/products/tee/availability/1?size=M").expect(200).json();
    assert_eq!((&line["available"], &line["available_quantity"]), (&json!(false), &json!(18)));
    let whole = app.guest().get("/inventory/products/tee/availability/10").expect(200).json();
    assert_eq!((&whole["available"], &whole["shortage"]), (&json!(false), &json!(1)), "nine of L are left");
    mara.post("/orders", &json!({"items": [{"product_id": "tee-L", "quantity": 1}]})).expect(201);

    // Earlier holds stay, and the stock is still counted.
    admin.post(&format!("/orders/{}/payment/confirm", held["id"]), &json!({"payment_reference": "p"})).expect(200);
    admin.post_nothing(&format!("/reservations/{}/confirm", reserved["id"])).expect(200);
    let stock = json!({"quantity": 2, "movement_type": "in", "reason": "found", "size": "M"});
    assert_eq!(admin.put("/inventory/products/tee/stock", &stock).expect(200).json()["new_stock"], 20);

    let on = admin.patch(TEE, &json!({"sizes": [{"size": "M", "status": "active"}]})).expect(200).json();
    assert_eq!(on["variants"][1]["status"], "active");
    mara.checkout_to(address).expect(201);
}

#[test]
fn deleting_by_a_sku_of_a_size_takes_that_size_off_sale() {
    let app = TestApp::start();
    shirt(&app);
    let off = app.admin().delete("/inventory/products/tee-M").expect(200).json();
    let statuses: Vec<_> =
        off["variants"].as_array().unwrap().iter().map(|variant| variant["status"].clone()).collect();
    assert_eq!(
        (&off["status"], statuses),
        (&json!("active"), vec![json!("active"), json!("archived"), json!("active")])
    );
    assert_eq!(app.admin().delete(TEE).expect(200).json()["status"], "archived");
}

#[test]
fn what_can_not_become_of_a_size_is_refused() {
    let app = TestApp::start();
    shirt(&app);
    for (sizes, field) in [
        (json!([{"size": "XXL", "status": "archived"}]), "sizes[0].status"),
        (json!([{"size": "M", "status": "gone"}]), "sizes[0].status"),
        (json!([{"size": "M", "initial_stock": 1}]), "sizes[0].initial_stock"),
        (json!([{"size": "M", "min_stock_level": -1}]), "sizes[0].min_stock_level"),
        (json!([{"size": "M", "sku": null}]), "sizes[0].sku"),
        (json!([{"size": ""}]), "sizes[0].size"),
    ] {
        let problem = app.admin().patch(TEE, &json!({"sizes": sizes})).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
}
