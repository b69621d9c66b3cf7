//! Searches and sorts work for every script, independent of the locale of the database server.

mod names;
mod orders;

use crate::common::{Client, TestApp, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::Value;
use stockroom::jobs::fill_folded_text::fill_folded_text;

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The values of one field in the items that a query finds.
fn find(client: &Client, list: &str, query: &str, field: &str) -> Vec<String> {
    let page = client.get(&format!("{list}?q={}", encode(query))).expect(200).json();
    assert_eq!(page["total"].as_u64().unwrap(), page["items"].as_array().unwrap().len() as u64, "{page}");
    page["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

fn create(app: &TestApp, sku: &str, name: &str, more: &Value) {
    let mut body = json!({"sku": sku, "name": name, "price": 10});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.create_product(&body);
}

#[test]
fn products_are_found_in_any_case_and_without_accents() {
    let app = TestApp::start();
    for (sku, name) in
        [("apples", "Äpfel rot"), ("milk", "Молоко"), ("tree", "Ёлка"), ("coffee", "Café ΚΑΦΕΣ"), ("street", "Straße")]
    {
        create(&app, sku, name, &json!({}));
    }
    let guest = app.guest();
    for (query, sku) in [
        ("äpfel", "apples"),
        ("ÄPFEL", "apples"),
        ("apfel", "apples"),
        ("A\u{308}pfel", "apples"),
        ("молоко", "milk"),
        ("МОЛОКО", "milk"),
        ("елка", "tree"),
        ("cafe", "coffee"),
        ("καφές", "coffee"),
        ("strasse", "street"),
        ("  äpfel  ", "apples"),
        ("rot  äpfel", "apples"),
    ] {
        assert_eq!(find(&guest, "/inventory/products", query, "sku"), [sku], "{query}");
    }
    assert_eq!(find(&guest, "/inventory/products", "äpfel grün", "sku"), [""; 0], "every word must occur");
    assert_eq!(find(&guest, "/inventory/products", " \t", "sku").len(), 5, "no words ask for nothing");
}

#[test]
fn a_product_is_found_by_its_sizes_and_by_what_it_becomes() {
    let app = TestApp::start();
    create(&app, "tee", "Tee", &json!({"brand": "Ökö", "sizes": [{"size": "S", "barcode": "4006381"}, {"size": "M"}]}));
    let guest = app.guest();
    let skus = |query: &str| find(&guest, "/inventory/products", query, "sku");
    for query in ["TEE-s", "4006381", "oko tee-m", "M-EET"] {
        assert_eq!(skus(query).len(), usize::from(query != "M-EET"), "{query}");
    }
    let sizes = json!([{"size": "s", "barcode": null, "sku": "tee-klein"}]);
    app.admin().patch("/inventory/products/tee", &json!({"name": "Größe", "sizes": sizes})).expect(200);
    for (query, found) in [("4006381", 0), ("tee-s", 0), ("KLEIN", 1), ("GRÖSSE", 1), ("tee-m", 1)] {
        assert_eq!(skus(query).len(), found, "{query}");
    }
}

#[test]
fn products_are_sorted_by_letters_then_by_accents() {
    let app = TestApp::start();
    for (sku, name) in [("d", "zebra"), ("b", "Äpfel"), ("c", "birne"), ("a", "apfel"), ("e", "Молоко"), ("f", "йод")]
    {
        create(&app, sku, name, &json!({}));
    }
    let skus = |sort: &str| -> Vec<String> {
        let page = app.guest().get(&format!("/inventory/products?sort={sort}")).expect(200).json();
        page["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(skus("name"), ["a", "b", "c", "d", "f", "e"]);
    assert_eq!(skus("-name"), ["e", "f", "d", "c", "b", "a"]);
}

#[test]
fn orders_are_found_by_number_customer_and_address() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 100);
    let mara = app.customer("mara");
    let address = json!({"full_name": "Мара Иванова", "phone": "+91 98450-12345", "line1": "12 Lake Road",
                         "city": "Bengaluru", "postal_code": "560001", "country": "IN"});
    let address = mara.post("/addresses", &address).expect(201).id();
    mara.add_to_cart(&rice, 1);
    let sent = mara.checkout_to(address).expect(201).json();
    let body = json!({"items": [{"product_id": "rice", "quantity": 1}], "customer_name": "Zoë Ødegård",
                      "customer_phone": "0800 555"});
    let named = app.staff(&["orders:create"]).post("/orders", &body).expect(201).json();
    let number = |order: &Value| order["order_number"].as_str().unwrap().to_owned();
    let admin = app.admin();
    for (query, order) in [
        (number(&sent).as_str(), &sent),
        (&number(&sent).to_lowercase(), &sent),
        (&format!("  {} ", number(&named).to_lowercase()), &named),
        ("ИВАНОВА мара", &sent),
        ("9845012345", &sent),
        ("98450-12345", &sent),
        ("odegard ZOE", &named),
        ("0800555", &named),
    ] {
        assert_eq!(find(&admin, "/orders", query, "order_number"), [number(order)], "{query}");
    }
    assert_eq!(find(&mara, "/orders/me", "иванова", "order_number"), [number(&sent)]);
    assert_eq!(find(&admin, "/orders", "иванова odegard", "order_number"), [""; 0]);
}

#[test]
fn accounts_are_found_and_sorted_by_name() {
    let app = TestApp::start();
    let admin = app.admin();
    for (email, name) in [("one@example.com", "Żaneta Ąbc"), ("two@example.com", "ölaf"), ("three@example.com", "Otto")]
    {
        let body = json!({"email": email, "password": "a long password", "full_name": name, "role": "customer"});
        admin.post("/users", &body).expect(201);
    }
    assert_eq!(find(&admin, "/users", "abc ZANETA", "email"), ["one@example.com"]);
    assert_eq!(find(&admin, "/users", "ÖLAF two@", "email"), ["two@example.com"]);
    let page = admin.get("/users?role=customer&sort=full_name").expect(200).json();
    let emails: Vec<_> = page["items"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["two@example.com", "three@example.com", "one@example.com"]);
    let two = page["items"][0]["id"].clone();
    admin.patch(&format!("/users/{two}"), &json!({"full_name": "Ýrsa"})).expect(200);
    assert_eq!(find(&admin, "/users", "yrsa", "email"), ["two@example.com"]);
    assert_eq!(find(&admin, "/users", "olaf", "email"), [""; 0]);
}

/// A database of an older version: no text is folded yet, and a product has a size twice.
#[test]
fn rows_from_before_are_found_once_they_are_folded() {
    let app = TestApp::start();
    create(
        &app,
        "tee",
        "Äpfel",
        &json!({"sizes": [{"size": "É", "initial_stock": 3}, {"size": "e2", "initial_stock": 3}]}),
    );
    let mara = app.customer("mara");
    let order =
        mara.post("/orders", &json!({"items": [{"product_id": "tee", "quantity": 1, "size": "é"}]})).expect(201);
    let number = order.json()["order_number"].as_str().unwrap().to_owned();
    app.admin().post("/suppliers", &json!({"code": "acme", "name": "Ácme"})).expect(201);
    let mut conn = app.connection();
    conn.batch_execute(
        "UPDATE variants SET size_key = NULL; UPDATE variants SET size = 'é' WHERE size = 'e2'; \
         UPDATE products SET search_text = NULL, name_key = NULL; \
         DELETE FROM order_search; DELETE FROM order_search_positions; \
         UPDATE users SET search_text = NULL, name_key = NULL; UPDATE stores SET name_key = NULL; \
         UPDATE suppliers SET search_text = NULL, name_key = NULL",
    )
    .unwrap();
    assert_eq!(find(&app.guest(), "/inventory/products", "apfel", "sku"), [""; 0]);
    // Two sizes, a product, an order, a supplier and the accounts that the test used.
    assert!(fill_folded_text(&mut conn).unwrap() >= 7);
    assert_eq!(fill_folded_text(&mut conn).unwrap(), 0);
    assert_eq!(find(&app.guest(), "/inventory/products", "apfel", "sku"), ["tee"]);
    assert_eq!(find(&app.admin(), "/orders", &number.to_lowercase(), "order_number"), [number]);
    assert_eq!(find(&app.admin(), "/users", "MARA", "email"), ["mara@example.com"]);
    assert_eq!(find(&app.admin(), "/suppliers", "acme", "code"), ["ACME"]);
    let keys = "SELECT FROM products p, suppliers s, stores t, users u \
                WHERE p.name_key <> '' AND s.name_key <> '' AND t.name_key <> '' AND u.name_key <> ''";
    assert!(diesel::sql_query(keys).execute(&mut conn).unwrap() > 0);
    let buy = |item: Value| mara.post("/orders", &json!({"items": [item]}));
    let items = buy(json!({"product_id": "tee", "quantity": 1, "size": "É"})).expect(201).json()["items"].clone();
    assert_eq!(items[0]["sku"], "tee-É");
    // The duplicate size is still found by its SKU.
    let items = buy(json!({"product_id": "tee-e2", "quantity": 1})).expect(201).json()["items"].clone();
    assert_eq!(items[0]["size"], "é");
}

#[test]
fn orders_are_found_by_their_phone_in_every_spelling() {
    let app = TestApp::start();
    app.product("rice", 10.0, 100);
    let staff = app.staff(&["orders:create"]);
    let place = |more: &Value| {
        let mut body = json!({"items": [{"product_id": "rice", "quantity": 1}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        staff.post("/orders", &body).expect(201).json()["order_number"].as_str().unwrap().to_owned()
    };
    let grouped = place(&json!({"customer_phone": "098-765 4321"}));
    let arabic = place(&json!({"customer_phone": "\u{661}\u{662}-\u{663}\u{664}\u{665}"}));
    let named = place(&json!({"customer_name": "Club 50-50"}));
    let mara = app.customer("mara");
    let address = json!({"full_name": "Mara", "phone": "+354 555-12 34", "line1": "1 Quay", "city": "Vik",
                         "postal_code": "870", "country": "IS"});
    let address = mara.post("/addresses", &address).expect(201).id();
    mara.add_to_cart(&app.product("salt", 1.0, 9), 1);
    let sent = mara.checkout_to(address).expect(201).json()["order_number"].as_str().unwrap().to_owned();
    let admin = app.admin();
    for (query, number) in [
        ("0987654321", &grouped),
        ("098 765 4321", &grouped),
        ("098-765 4321", &grouped),
        ("0987-654321", &grouped),
        ("098-765-4321", &grouped),
        ("098.765.4321", &grouped),
        ("(098) 765-4321", &grouped),
        ("098-7654321", &grouped),
        ("765-4321", &grouped),
        ("765/4321", &grouped),
        ("+098765", &grouped),
        ("098\u{2011}765\u{2011}4321", &grouped),
        ("\u{2066}098-7654321\u{2069}", &grouped),
        ("\u{660}\u{669}\u{668}\u{667}\u{666}\u{665}", &grouped),
        ("\u{ff10}\u{ff19}\u{ff18}\u{ff17}-\u{ff16}\u{ff15}", &grouped),
        ("12345", &arabic),
        ("\u{661}\u{662}\u{663}\u{664}\u{665}", &arabic),
        ("5551234", &sent),
        ("555-1234", &sent),
        ("+354-555", &sent),
        // A national number finds an international one.
        ("05551234", &sent),
        ("0 555 1234", &sent),
        ("00354 5551234", &sent),
        ("50-50", &named),
        (&grouped, &grouped),
    ] {
        assert_eq!(&find(&admin, "/orders", query, "order_number"), std::slice::from_ref(number), "{query}");
    }
    // A part of an order number can look like a phone. It is still compared as it is.
    assert_eq!(find(&admin, "/orders", &grouped[3..13], "order_number").len(), 4);
    for (query, count) in [("0987-654322", 0), ("098-4321", 0), ("Club 50-51", 0), ("-", 4)] {
        assert_eq!(find(&admin, "/orders", query, "order_number").len(), count, "{query}");
    }
}
