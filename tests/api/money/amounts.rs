//! Amounts and quantities as they are read and written.

use super::text_of;
use crate::common::{Client, Reply, TestApp};

/// Replaces `"@"` in the body by raw text, because a JSON value of the test would become a double.
fn send(client: &Client, method: &str, path: &str, body: &str, raw: &str) -> Reply {
    client.send_bytes(method, path, "application/json", body.replace("\"@\"", raw).as_bytes())
}

const EXACT: [(&str, &str); 9] = [
    ("29.70", "29.70"),
    ("29.7", "29.70"),
    ("297e-1", "29.70"),
    ("\"29.70\"", "29.70"),
    ("29.700000000000003", "29.70"),
    ("\"29.700000000000003\"", "29.70"),
    ("0", "0.00"),
    ("9999999999999.99", "9999999999999.99"),
    ("\"10000000000000.00\"", "10000000000000.00"),
];

const REFUSED: [&str; 16] = [
    "9.9999999999999999999999999999",
    "999999999999999999999999999999999",
    "0.00000000000000000000000000001",
    "1e-30",
    "29.701",
    "29.70000001",
    "10000000000000.01",
    "1e400",
    "-1",
    "-0.01",
    "\"29.70 INR\"",
    "\" 29.70\"",
    "\"29,70\"",
    "\"\"",
    "true",
    "[29.70]",
];

#[test]
fn every_amount_is_exact_or_refused() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    let admin = app.admin();
    let store = format!("/stores/{}", app.store);
    let product = format!("/inventory/products/{}", rice.id);
    let places: [(&str, &str, &str, &str); 4] = [
        ("PATCH", &product, r#"{"price":"@"}"#, "price"),
        ("PATCH", &product, r#"{"mrp":"@"}"#, "mrp"),
        ("PATCH", &product, r#"{"cost_price":"@"}"#, "cost_price"),
        ("PATCH", &store, r#"{"shipping_flat_rate":"@"}"#, "shipping_flat_rate"),
    ];
    for (method, path, body, field) in places {
        for (given, shown) in EXACT {
            let reply = send(&admin, method, path, body, given).expect(200);
            assert_eq!(text_of(&reply, field), shown, "{body} with {given}");
        }
        for refused in REFUSED {
            let problem = send(&admin, method, path, body, refused).refused(422, "VALIDATION_FAILED");
            assert!(problem["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{refused}: {problem}");
        }
    }
}

#[test]
fn amounts_that_are_compared_are_read_in_the_same_way() {
    let app = TestApp::start();
    let rice = app.product("rice", 29.70, 50);
    let mara = app.customer("mara");
    let order = r#"{"items":[{"product_id":"rice","quantity":1,"unit_price":"@"}]}"#;
    for given in ["29.70", "\"29.70\"", "29.700000000000003"] {
        send(&mara, "POST", "/orders", order, given).expect(201);
    }
    send(&mara, "POST", "/orders", order, "29.71").refused(409, "PRICE_CHANGED");
    let address = mara.address();
    let checkout = format!(r#"{{"shipping_address_id":{address},"expected_total":"@"}}"#);
    for refused in ["29.701", "29.7000000000000000003", "\"x\"", "1e30"] {
        let problem = send(&mara, "POST", "/orders", order, refused).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "items[0].unit_price", "{refused}");
        let problem = send(&mara, "POST", "/checkout", &checkout, refused).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "expected_total", "{refused}");
    }
    for given in ["29.70", "\"29.7\"", "29.699999999999996"] {
        mara.add_to_cart(&rice, 1);
        send(&mara, "POST", "/checkout", &checkout, given).expect(201);
    }
    let placed = mara.order_now(&rice, 1).expect(201).json();
    let (confirm, refund) =
        (format!("/orders/{}/payment/confirm", placed["id"]), format!("/orders/{}/refund", placed["id"]));
    let body = r#"{"payment_reference":"pay","amount":"@"}"#;
    send(&app.admin(), "POST", &confirm, body, "\"29.7\"").expect(200);
    let body = r#"{"refund_reference":"back","amount":"@"}"#;
    let refunded = send(&app.admin(), "POST", &refund, body, "\"9.90\"").expect(200);
    assert_eq!(text_of(&refunded, "refunded_amount"), "9.90");
    for (query, found) in [
        ("min_price=29.70", 1),
        ("min_price=29.700000000000003", 1),
        ("min_price=29.71", 0),
        ("max_price=29.70", 1),
        ("max_price=2.97e1", 1),
        ("max_price=29.69", 0),
    ] {
        assert_eq!(mara.get(&format!("/inventory/products?{query}")).expect(200).json()["total"], found, "{query}");
    }
    for query in ["min_price=29.701", "min_price=9.9999999999999999999999999999", "max_price=-1", "max_price=%2229%22"]
    {
        mara.get(&format!("/inventory/products?{query}")).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn a_tax_rate_is_exact_or_refused() {
    let app = TestApp::start();
    let store = format!("/stores/{}", app.store);
    for (given, shown) in [("5", "5"), ("\"12.50\"", "12.5"), ("0.30000000000000004", "0.3"), ("1e1", "10")] {
        let reply = send(&app.admin(), "PATCH", &store, r#"{"tax_rate":"@"}"#, given).expect(200);
        assert_eq!(text_of(&reply, "tax_rate"), shown, "{given}");
    }
    for refused in ["100.0001", "5.00001", "9.9999999999999999999999999999", "-5", "\"5 %\"", "null"] {
        send(&app.admin(), "PATCH", &store, r#"{"tax_rate":"@"}"#, refused).refused(422, "VALIDATION_FAILED");
    }
}

#[test]
fn a_quantity_is_an_integer_in_every_spelling() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 1_000);
    let mara = app.customer("mara");
    let stock = format!("/inventory/products/{}/stock", rice.id);
    let line = mara.add_to_cart(&rice, 1).json()["items"][0]["id"].clone();
    let path = format!("/cart/items/{line}");
    for one in ["1", "1.0", "1e0", "10e-1"] {
        assert_eq!(send(&mara, "PUT", &path, r#"{"quantity":"@"}"#, one).expect(200).json()["total_items"], 1);
        send(&mara, "POST", "/orders", r#"{"items":[{"product_id":"rice","quantity":"@"}]}"#, one).expect(201);
        let body = r#"{"quantity":"@","movement_type":"in","reason":"found"}"#;
        send(&app.admin(), "PUT", &stock, body, one).expect(200);
        let body = r#"{"items":[{"product_id":"rice","quantity":"@"}],"reference_id":"job"}"#;
        send(&app.admin(), "POST", "/reservations", body, one).expect(201);
    }
    app.without_effect(|| {
        for refused in ["1.5", "0", "-1", "1.0000000000000002", "1.00000000000000000000001", "\"1\"", "1e9", "1e400"] {
            let refused_at = |method, path: &str, body: &str| {
                send(&app.admin(), method, path, body, refused).refused(422, "VALIDATION_FAILED");
            };
            send(&mara, "PUT", &path, r#"{"quantity":"@"}"#, refused).refused(422, "VALIDATION_FAILED");
            refused_at("POST", "/orders", r#"{"items":[{"product_id":"rice","quantity":"@"}]}"#);
            refused_at(
                "POST",
                "/reservations",
                r#"{"items":[{"product_id":"rice","quantity":"@"}],"reference_id":"j"}"#,
            );
            if refused != "1e9" {
                refused_at("PUT", &stock, r#"{"quantity":"@","movement_type":"in","reason":"found"}"#);
            }
        }
    });
}

#[test]
fn a_repeated_request_may_spell_its_numbers_in_another_way() {
    let app = TestApp::start();
    app.product("rice", 52.0, 10);
    let mara = app.customer("mara").with_key("once");
    let body = r#"{"items":[{"product_id":"rice","quantity":1,"unit_price":"@"}]}"#;
    let first = send(&mara, "POST", "/orders", body, "52.00").expect(201);
    for same in ["52", "5.2e1"] {
        let again = send(&mara, "POST", "/orders", body, same).expect(201);
        assert_eq!((again.header("idempotent-replayed"), &again.bytes), ("true", &first.bytes), "{same}");
    }
    send(&mara, "POST", "/orders", body, "52.01").refused(422, "IDEMPOTENCY_KEY_REUSED");
}
