//! Bodies, their fields and their encodings.

use super::Shop;
use crate::common::{Client, Value, json};

#[test]
fn fields_that_a_call_does_not_take_are_refused() {
    let shop = Shop::open();
    let (rice, address) = (shop.rice, shop.address);
    let with = |body: &Value, name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let item = json!({"product_id": rice, "quantity": 1});
    let order = json!({"items": [item]});
    let extras = [
        ("price", json!(0.01)),
        ("status", json!("delivered")),
        ("user_id", json!(1)),
        ("total", json!(0)),
        ("total_amount", json!(0)),
        ("payment_status", json!("paid")),
        ("id", json!(1)),
        ("nonsense", json!(null)),
        ("tax_amount", json!(0)),
        ("__proto__", json!({})),
    ];
    for (name, value) in extras {
        let send = |method: &str, path: &str, body: Value| {
            let shown = shop.refused(|| shop.mara.send(method, path, Some(&body)), 422, "VALIDATION_FAILED");
            assert!(shown.to_string().contains(name), "{name} is not named in {shown}");
        };
        send("POST", "/cart/items", with(&item, name, value.clone()));
        send("PUT", &format!("/cart/items/{}", shop.line), with(&json!({"quantity": 1}), name, value.clone()));
        send("POST", "/orders", with(&order, name, value.clone()));
        send("POST", "/orders", json!({"items": [with(&item, name, value.clone())]}));
        send("POST", "/checkout", with(&json!({"shipping_address_id": address}), name, value.clone()));
        send("POST", "/checkout/preview", with(&json!({"shipping_address_id": address}), name, value.clone()));
        send("POST", &format!("/orders/{}/cancel", shop.order), json!({name: value}));
    }
    // Only staff give discounts.
    shop.refused(|| shop.mara.post("/orders", &with(&order, "discount_amount", json!(5))), 403, "FORBIDDEN");
    let admin = |method: &str, path: &str, body: Value| {
        shop.refused(|| shop.admin.send(method, path, Some(&body)), 422, "VALIDATION_FAILED");
    };
    admin("PUT", &format!("/orders/{}", shop.order), json!({"total_amount": 1}));
    admin("PUT", &format!("/orders/{}", shop.order), json!({"user_id": 1}));
    admin("PATCH", &format!("/inventory/products/{rice}"), json!({"stock_quantity": 1}));
    admin("PATCH", &format!("/inventory/products/{rice}"), json!({"reserved_quantity": 1}));
    admin("PATCH", &format!("/stores/{}", shop.app.store), json!({"id": 9}));
    let register = json!({"email": "eve@example.com", "password": "correct horse battery", "role": "admin"});
    shop.refused(|| shop.app.guest().post("/auth/register", &register), 422, "VALIDATION_FAILED");
}

#[test]
fn bodies_that_are_no_json() {
    let shop = Shop::open();
    let send = |kind: &str, body: &[u8]| shop.mara.send_bytes("POST", "/cart/items", kind, body);
    let good = json!({"product_id": shop.rice, "quantity": 1}).to_string();
    let mut invalid_utf8 = good.clone().into_bytes();
    invalid_utf8.splice(1..1, b"\"size\":\"\xff\xfe\",".iter().copied());
    let cut = &good.as_bytes()[..good.len() - 1];
    let twice = format!("{good}{good}");
    let deep = "[".repeat(10_000);
    for body in
        [b"{" as &[u8], b"", b"quantity=1", b"\xef\xbb\xbf{}", cut, twice.as_bytes(), &invalid_utf8, deep.as_bytes()]
    {
        shop.refused(|| send("application/json", body), 400, "MALFORMED_REQUEST");
    }
    for body in ["[]", "null", "5", "\"text\"", "true"] {
        shop.refused(|| send("application/json", body.as_bytes()), 422, "VALIDATION_FAILED");
    }
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx"]
    {
        shop.refused(|| send(kind, good.as_bytes()), 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    for size in [64 * 1024 + 1, 1024 * 1024] {
        let large = format!("{good}{}", " ".repeat(size - good.len()));
        shop.refused(|| send("application/json", large.as_bytes()), 413, "PAYLOAD_TOO_LARGE");
    }
    let largest = format!("{good}{}", " ".repeat(64 * 1024 - good.len()));
    send("application/json; charset=utf-8", largest.as_bytes()).expect(201);
}

#[test]
fn bodies_in_other_encodings() {
    let shop = Shop::open();
    let good = json!({"product_id": shop.rice, "quantity": 1}).to_string();
    let send = |client: &Client, kind: &str| client.send_bytes("POST", "/cart/items", kind, good.as_bytes());
    shop.refused(|| send(&shop.mara, "application/json; charset=utf-16"), 415, "UNSUPPORTED_MEDIA_TYPE");
    let compressed = shop.mara.clone().with_header("Content-Encoding", "gzip");
    shop.refused(|| send(&compressed, "application/json"), 415, "UNSUPPORTED_MEDIA_TYPE");
    let plain = shop.mara.clone().with_header("Content-Encoding", "identity");
    send(&plain, "application/json; Charset=\"UTF-8\"").expect(201);
}

#[test]
fn a_field_that_is_given_twice_is_refused_at_every_level() {
    let shop = Shop::open();
    let send = |method: &str, path: &str, body: &str| {
        let sent = || shop.admin.send_bytes(method, path, "application/json", body.as_bytes());
        shop.refused(sent, 422, "VALIDATION_FAILED")["errors"][0]["field"].clone()
    };
    let store = format!("/stores/{}", shop.app.store);
    assert_eq!(send("PATCH", &store, r#"{"name": "One", "name": "Two"}"#), "name");
    let methods = r#"{"payment_methods": {"cod": "at_checkout", "cod": "at_payment"}}"#;
    assert_eq!(send("PATCH", &store, methods), "payment_methods.cod");
    let items = r#"{"items": [{"product_id": 1, "quantity": 1, "quantity": 2}]}"#;
    assert_eq!(send("POST", "/inventory/availability", items), "items[0].quantity");
    let line = format!(r#"{{"product_id": {}, "quantity": 1, "quantity": 5}}"#, shop.rice);
    assert_eq!(send("POST", "/orders", &format!(r#"{{"items": [{line}]}}"#)), "items[0].quantity");
}
