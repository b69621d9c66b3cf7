//! Control characters, long strings and SQL in texts.

use super::{Shop, assert_nothing_internal};
use crate::common::{Client, Value, json};

/// Calls with valid bodies that have strings.
fn calls_with_text(shop: &Shop) -> Vec<(Client, &'static str, String, Value)> {
    let (rice, order, address) = (shop.rice, shop.order, shop.address);
    let (mara, admin, guest) = (&shop.mara, &shop.admin, shop.app.guest());
    let place = json!({"full_name": "M", "phone": "12345", "line1": "1", "line2": "2", "city": "B", "state": "K",
                       "postal_code": "1", "country": "IN"});
    vec![
        (mara.clone(), "POST", "/cart/items".into(), json!({"product_id": "tee-red", "quantity": 1, "size": "S"})),
        (mara.clone(), "POST", "/addresses".into(), place.clone()),
        (mara.clone(), "PUT", format!("/addresses/{address}"), place),
        (
            mara.clone(),
            "POST",
            "/checkout/preview".into(),
            json!({"shipping_address_id": address, "notes": "n", "payment_method": "cod"}),
        ),
        (
            mara.clone(),
            "POST",
            "/orders".into(),
            json!({"items": [{"product_id": "tee-red", "quantity": 1, "size": "S", "product_name": "p", "unit": "u"}],
                   "customer_name": "c", "customer_phone": "1", "delivery_address": "d", "payment_method": "cod",
                   "notes": "n", "store_id": crate::common::shop::STORE}),
        ),
        (
            mara.clone(),
            "POST",
            "/inventory/availability".into(),
            json!({"items": [{"product_id": "tee-red", "quantity": 1, "size": "S"}]}),
        ),
        (
            admin.clone(),
            "POST",
            "/inventory/products".into(),
            json!({"sku": "s", "name": "n", "description": "d", "category": "c", "brand": "b", "barcode": "1",
                   "unit": "u", "price": 1, "sizes": [{"size": "L", "sku": "s-l"}]}),
        ),
        (
            admin.clone(),
            "PATCH",
            format!("/inventory/products/{rice}"),
            json!({"name": "n", "description": "d", "category": "c", "brand": "b", "barcode": "1", "unit": "u"}),
        ),
        (
            admin.clone(),
            "PUT",
            format!("/inventory/products/{rice}/stock"),
            json!({"quantity": 1, "movement_type": "in", "reason": "r", "reference_id": "i"}),
        ),
        (admin.clone(), "PUT", format!("/orders/{order}"), json!({"notes": "n", "tracking_number": "t"})),
        (admin.clone(), "POST", format!("/orders/{order}/payment/confirm"), json!({"payment_reference": "p"})),
        (admin.clone(), "POST", format!("/orders/{order}/refund"), json!({"refund_reference": "r"})),
        (mara.clone(), "POST", format!("/orders/{order}/cancel"), json!({"reason": "r"})),
        (admin.clone(), "POST", "/stores".into(), json!({"code": "STORE-T", "name": "n", "currency": "INR"})),
        (admin.clone(), "PATCH", format!("/stores/{}", shop.app.store), json!({"name": "n"})),
        (
            admin.clone(),
            "POST",
            "/users".into(),
            json!({"email": "t@example.com", "password": "correct horse battery", "full_name": "f", "role": "staff",
                   "permissions": ["orders:read"]}),
        ),
        (
            guest.clone(),
            "POST",
            "/auth/register".into(),
            json!({"email": "g@example.com", "password": "correct horse battery", "full_name": "f"}),
        ),
        (guest.clone(), "POST", "/auth/login".into(), json!({"email": "g@example.com", "password": "correct horse"})),
        (
            guest.clone().with_header("X-Requested-With", "tests"),
            "POST",
            "/auth/session".into(),
            json!({"email": "g@example.com", "password": "correct horse"}),
        ),
        (guest.clone(), "POST", "/auth/refresh".into(), json!({"refresh_token": "t"})),
        (guest, "POST", "/auth/logout".into(), json!({"refresh_token": "t"})),
    ]
}

/// Copies of a body, each with another string replaced.
fn with_text_anywhere(body: &Value, text: &str) -> Vec<Value> {
    match body {
        Value::String(_) => vec![json!(text)],
        Value::Array(items) => (0..items.len())
            .flat_map(|index| {
                with_text_anywhere(&items[index], text).into_iter().map(move |changed| {
                    let mut items = items.clone();
                    items[index] = changed;
                    Value::Array(items)
                })
            })
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                with_text_anywhere(value, text).into_iter().map(|changed| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    Value::Object(fields)
                })
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn control_characters_are_refused_in_every_string() {
    let shop = Shop::open();
    for (client, method, path, body) in calls_with_text(&shop) {
        for text in ["a\u{0}b", "\u{1b}[31m", "\u{7f}", "\u{85}"] {
            let before = shop.app.snapshot();
            for bad in with_text_anywhere(&body, text) {
                let reply = client.send(method, &path, Some(&bad));
                let asked = format!("{} with {bad}", reply.asked);
                assert_eq!(
                    (reply.status, reply.code().as_deref()),
                    (422, Some("VALIDATION_FAILED")),
                    "{asked}: {}",
                    reply.text()
                );
            }
            assert_eq!(shop.app.snapshot().changed_since(&before), Vec::<&str>::new(), "{method} {path}");
        }
    }
}

#[test]
fn strings_that_are_too_long_are_refused() {
    let shop = Shop::open();
    let long = "x".repeat(20_000);
    for (client, method, path, body) in calls_with_text(&shop) {
        let before = shop.app.snapshot();
        for bad in with_text_anywhere(&body, &long) {
            let reply = client.send(method, &path, Some(&bad));
            let asked = format!("{} with {}", reply.asked, bad.to_string().replace(&long, "xxx…"));
            // A password or a token of that length may be refused as wrong, and a code as unknown.
            assert!([401, 404, 422].contains(&reply.status), "{asked}: {} {}", reply.status, reply.text());
        }
        assert_eq!(shop.app.snapshot().changed_since(&before), Vec::<&str>::new(), "{method} {path}");
    }
}

/// SQL in a string is stored as it is or refused, and never executed.
#[test]
fn sql_in_a_string_is_only_text() {
    let shop = Shop::open();
    let text = "x'); DROP TABLE orders; --";
    for (client, method, path, body) in calls_with_text(&shop) {
        for changed in with_text_anywhere(&body, text) {
            let reply = client.send(method, &path, Some(&changed));
            assert!(reply.status < 500 && reply.status != 400, "{} with {changed}: {}", reply.asked, reply.text());
            if reply.status >= 300 {
                assert_nothing_internal(&reply.json());
            }
        }
    }
    let notes = shop.admin.put(&format!("/orders/{}", shop.order), &json!({"notes": text})).expect(200).json();
    assert_eq!(notes["notes"], text);
    let quoted = "x%27);%20DROP%20TABLE%20orders;%20--";
    for path in [
        "/orders?q=",
        "/inventory/products?q=",
        "/inventory/products?category=",
        "/audit?actor=",
        "/inventory/movements?reference_id=",
        "/users?q=",
    ] {
        let found = shop.admin.get(&format!("{path}{quoted}")).expect(200).json();
        // A search finds only items that contain the text.
        let is_hit = |item: &Value| item.to_string().contains("DROP TABLE orders");
        assert!(found["items"].as_array().unwrap().iter().all(is_hit), "{path}: {found}");
    }
    for name in [text, "../../etc", "1 OR 1=1", "\u{e9}"] {
        shop.mara.clone().in_store(name).get("/cart").refused(404, "STORE_NOT_FOUND");
        let reply = shop.app.guest().with_header("X-Order-Token", name).get(&format!("/orders/{}", shop.order));
        assert!([401, 404].contains(&reply.status), "{name}: {}", reply.text());
    }
}
