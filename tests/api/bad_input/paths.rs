//! Paths, queries, methods and headers.

use super::{Shop, assert_nothing_internal, raw};
use crate::common::{Client, Value, json};
use stockroom::auth::Role;

#[test]
fn what_is_not_there_is_not_found() {
    let shop = Shop::open();
    let line = |product: Value, size: Value| json!({"product_id": product, "quantity": 1, "size": size});
    for product in [json!(999_999), json!("nothing"), json!(9_007_199_254_740_991_i64)] {
        shop.refused(|| shop.cart(&line(product.clone(), Value::Null)), 404, "PRODUCT_NOT_FOUND");
        shop.refused(|| shop.order_of(&json!([line(product.clone(), Value::Null)])), 404, "PRODUCT_NOT_FOUND");
    }
    for product in ["0", "-1", "1.5", "9007199254740992", "\"\"", "null", "{}"] {
        shop.refused(|| shop.cart(&line(raw(product), Value::Null)), 422, "VALIDATION_FAILED");
    }
    shop.refused(|| shop.cart(&line(json!(shop.tee), json!("XXL"))), 404, "SIZE_NOT_FOUND");
    shop.refused(|| shop.cart(&line(json!(shop.rice), json!("S"))), 404, "SIZE_NOT_FOUND");
    shop.refused(|| shop.cart(&line(json!(shop.tee), Value::Null)), 422, "SIZE_REQUIRED");
    let checkout = |address: i64| shop.mara.post("/checkout", &json!({"shipping_address_id": address}));
    shop.refused(|| checkout(shop.others_address), 404, "ADDRESS_NOT_FOUND");
    shop.refused(|| checkout(999_999), 404, "ADDRESS_NOT_FOUND");
    let paths = [
        ("/orders/", "ORDER_NOT_FOUND"),
        ("/shipments/", "SHIPMENT_NOT_FOUND"),
        ("/addresses/", "ADDRESS_NOT_FOUND"),
        ("/inventory/products/", "PRODUCT_NOT_FOUND"),
        ("/stores/", "STORE_NOT_FOUND"),
    ];
    let names = [
        "999999",
        "0",
        "9223372036854775808",
        "99999999999999999999999",
        "01",
        "+1",
        "%201",
        "1%20",
        "1.0",
        "nothing",
        "%00",
        "%0A",
        "%27%20OR%201=1--",
        "%F0%9F%92%A9",
        "%FF",
    ];
    for (path, code) in paths {
        for name in names {
            let reply = shop.app.without_effect(|| shop.admin.get(&format!("{path}{name}")));
            assert_eq!((reply.status, reply.code().as_deref()), (404, Some(code)), "{}: {}", reply.asked, reply.text());
            assert_nothing_internal(&reply.json());
        }
    }
    let others = shop.others_address;
    shop.refused(|| shop.mara.get(&format!("/addresses/{others}")), 404, "ADDRESS_NOT_FOUND");
    shop.refused(|| shop.mara.delete(&format!("/addresses/{others}")), 404, "ADDRESS_NOT_FOUND");
}

/// The server shortens such names. Nothing else about the answer changes.
#[test]
fn a_very_long_name_is_refused_like_a_short_one() {
    let shop = Shop::open();
    for name in ["a".repeat(14_000), "9".repeat(14_000), "%F0%9F%92%A9".repeat(1_100)] {
        let paths = [
            (format!("/inventory/products/{name}"), "PRODUCT_NOT_FOUND"),
            (format!("/inventory/products/{name}/supply"), "PRODUCT_NOT_FOUND"),
            (format!("/orders/{name}"), "ORDER_NOT_FOUND"),
            (format!("/stores/{name}"), "STORE_NOT_FOUND"),
            (format!("/orders/{name}/nothing"), "NOT_FOUND"),
            (format!("/{name}"), "NOT_FOUND"),
        ];
        for (path, code) in paths {
            shop.refused(|| shop.admin.get(&path), 404, code);
        }
        shop.app.guest().get(&format!("/orders/{name}/history")).refused(401, "UNAUTHENTICATED");
    }
    // Each character of the longest SKU has twelve bytes in a path.
    let sku = "\u{1f4a7}".repeat(100);
    shop.app.create_product(&json!({"sku": sku, "name": "Water", "price": 1.0}));
    let path = format!("/inventory/products/{}", "%F0%9F%92%A7".repeat(100));
    assert_eq!(shop.admin.get(&path).expect(200).json()["sku"], sku);
}

#[test]
fn a_header_given_twice_is_refused_and_named() {
    let shop = Shop::open();
    let (store, key) = (shop.app.store.to_string(), "k".repeat(40));
    let line = json!({"product_id": shop.rice, "quantity": 1});
    let order = json!({"items": [line]});
    let guest = shop.app.guest();
    let post = |client: &Client, path: &str, body: &Value| client.post(path, body);
    let twice = |client: &Client, name: &str, value: &str| {
        client.clone().with_header(name, value).with_another_header(name, value)
    };
    let token = format!("Bearer {}", shop.app.token(shop.mara.user.unwrap(), Role::Customer));
    let calls = [
        ("Idempotency-Key", post(&twice(&shop.mara, "Idempotency-Key", &key), "/cart/items", &line)),
        ("X-Store-Id", post(&twice(&shop.mara, "X-Store-Id", &store), "/cart/items", &line)),
        ("X-Store-Id", twice(&guest, "X-Store-Id", &store).get("/inventory/products")),
        ("X-Guest-Secret", post(&twice(&guest, "X-Guest-Secret", &key), "/orders", &order)),
        ("X-Order-Token", twice(&guest, "X-Order-Token", &key).get(&format!("/orders/{}", shop.order))),
        ("Authorization", twice(&guest, "Authorization", &token).get("/cart")),
        ("Authorization", twice(&guest, "Authorization", &token).get("/inventory/products")),
    ];
    for (name, reply) in calls {
        let problem = reply.refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0], json!({"field": name, "message": "is given twice"}));
    }
    // A missing sign-in is refused before a duplicate header.
    twice(&guest, "X-Store-Id", &store).get("/cart").refused(401, "UNAUTHENTICATED");
}

#[test]
fn pages_and_filters_out_of_range() {
    let shop = Shop::open();
    let lists = [
        "/orders",
        "/orders/me",
        "/inventory/products",
        "/inventory/movements",
        "/audit",
        "/addresses",
        "/users",
        "/stores",
    ];
    let queries = [
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "limit=0",
        "limit=101",
        "limit=1000000000",
        "limit=1.5",
        "page=%00",
    ];
    for list in lists {
        for query in queries {
            let reply = shop.admin.get(&format!("{list}?{query}"));
            let problem = reply.refused(422, "VALIDATION_FAILED");
            let field = query.split('=').next().unwrap();
            assert_eq!(problem["errors"][0]["field"], field, "{list}?{query}: {problem}");
        }
        let far = shop.admin.get(&format!("{list}?page=1000000000&limit=100")).expect(200).json();
        assert_eq!(far["items"], json!([]), "{list}");
    }
    for query in ["user_id=01", "user_id=%2B1", "user_id=1.0", "user_id=%201"] {
        shop.refused(|| shop.admin.get(&format!("/orders?{query}")), 422, "VALIDATION_FAILED");
    }
    for query in ["entity_id=01", "entity_id=%2B1", "after=00", "after=%2B1"] {
        shop.refused(|| shop.admin.get(&format!("/audit?{query}")), 422, "VALIDATION_FAILED");
    }
    for query in ["sort=password_hash", "sort=--created_at", "sort=created_at;DROP%20TABLE%20orders"] {
        shop.refused(|| shop.admin.get(&format!("/orders?{query}")), 422, "VALIDATION_FAILED");
        shop.refused(|| shop.admin.get(&format!("/inventory/products?{query}")), 422, "VALIDATION_FAILED");
    }
}

#[test]
fn known_paths_refuse_other_methods_and_unknown_ones_everything() {
    let shop = Shop::open();
    for (method, path) in [("DELETE", "/checkout"), ("GET", "/checkout"), ("PATCH", "/cart"), ("PUT", "/orders")] {
        let reply = shop.app.without_effect(|| shop.mara.send(method, path, None));
        assert!(!reply.header("allow").is_empty(), "{}", reply.asked);
        reply.refused(405, "METHOD_NOT_ALLOWED");
    }
    for path in ["/orders/1/2/3", "/nothing", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"] {
        let reply = shop.mara.get(path);
        assert_eq!((reply.status, reply.code().as_deref()), (404, Some("NOT_FOUND")), "{}", reply.asked);
    }
}

/// Extreme values of numbers, times and texts.
const EDGES: [&str; 22] = [
    "-1",
    "0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1e308",
    "NaN",
    "0.001",
    "9999999999999.99",
    "10000000000000.01",
    "-262000-01-01T00:00:00Z",
    "%2B262000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "2026-11-21",
    "true",
    "null",
    "%00",
    "%25",
    "%5C",
    "%27",
    "%F0%9F%92%A9",
];

/// The operations are read from the document, so that a new one is tested too.
#[test]
fn no_value_in_a_path_or_a_query_breaks_anything() {
    let shop = Shop::open();
    let document = shop.app.root().get("/openapi.json").expect(200).json();
    let (mut asked, mut broken) = (0, Vec::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(operation) = operations.get("get") else { continue };
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let named = |place: &str| -> Vec<String> {
            let of_place = parameters.iter().filter(|parameter| parameter["in"] == place);
            of_place.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
        };
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        let fill = |value: &dyn Fn(&str) -> String| {
            named("path").iter().fold(path.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), &value(name)))
        };
        let mut targets = Vec::new();
        for edge in EDGES {
            targets.extend(
                named("path")
                    .iter()
                    .map(|one| fill(&|name| if name == one { edge.to_owned() } else { "1".to_owned() })),
            );
            targets.extend(named("query").iter().map(|name| format!("{}?{name}={edge}", fill(&|_| "1".to_owned()))));
        }
        for target in targets {
            let reply = shop.admin.get(&target);
            if ![200, 404, 422].contains(&reply.status) {
                broken.push(format!("{}: {} {}", reply.asked, reply.status, reply.text()));
            }
            asked += 1;
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(asked > 500, "only {asked} were asked");
}
