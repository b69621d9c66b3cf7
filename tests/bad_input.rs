//! What people and programs send that is wrong: each refused with its code, and without effect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::{Client, Reply, TestApp, Value, json};
use stockroom::auth::Role;
use stockroom::auth::token::Tokens;
use stockroom::settings::{Auth, Secret};

struct Shop {
    app: TestApp,
    mara: Client,
    admin: Client,
    rice: i64,
    tee: i64,
    address: i64,
    others_address: i64,
    order: i64,
    line: i64,
}

impl Shop {
    /// A customer with an order, a cart and an address.
    fn open() -> Self {
        let app = TestApp::start();
        app.set_store(&json!({"guest_orders": true}));
        let rice = app.product("rice", 12.50, 100);
        let tee = app.sized_product("tee-red", 30.0, &[("S", 500)]);
        let mara = app.customer("mara");
        let order = mara.buy(&rice, 1)["id"].as_i64().unwrap();
        let cart = mara.add_to_cart(&rice, 2).json();
        let (address, others_address) = (mara.address(), app.customer("noor").address());
        let line = cart["items"][0]["id"].as_i64().unwrap();
        Self { admin: app.admin(), rice: rice.id, tee: tee.id, app, mara, address, others_address, order, line }
    }

    /// Sends it, and fails the test if it has an effect or is answered otherwise.
    #[track_caller]
    fn refused(&self, work: impl FnOnce() -> Reply, status: u16, code: &str) -> Value {
        let problem = self.app.without_effect(work).refused(status, code);
        assert_nothing_internal(&problem);
        problem
    }

    fn cart(&self, body: &Value) -> Reply {
        self.mara.post("/cart/items", body)
    }

    fn order_of(&self, items: &Value) -> Reply {
        self.mara.post("/orders", &json!({"items": items}))
    }
}

/// Nothing of the inside is in the body of an error.
#[track_caller]
fn assert_nothing_internal(problem: &Value) {
    let text = problem.to_string();
    for inside in ["SELECT", "INSERT", "stock_levels", "idempotency_keys", "diesel", "PgConnection", "/src/", ".rs:"] {
        assert!(!text.contains(inside), "{inside} is in {text}");
    }
}

/// A number as it stands in JSON.
fn raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

const BAD_QUANTITIES: [&str; 12] =
    ["0", "-1", "1.5", "\"2\"", "2147483648", "1000000", "10001", "null", "true", "[]", "1e400", "9223372036854775808"];

#[test]
fn quantities_are_integers_from_1_to_10_000() {
    let shop = Shop::open();
    for text in BAD_QUANTITIES {
        let send = |path: &'static str, method: &'static str, body: String| {
            shop.refused(
                || shop.mara.send_bytes(method, path, "application/json", body.as_bytes()),
                422,
                "VALIDATION_FAILED",
            )
        };
        let rice = shop.rice;
        send("/cart/items", "POST", format!(r#"{{"product_id":{rice},"quantity":{text}}}"#));
        let told = send("/orders", "POST", format!(r#"{{"items":[{{"product_id":{rice},"quantity":{text}}}]}}"#));
        if text != "1e400" {
            assert_eq!(told["errors"][0]["field"], "items[0].quantity", "{told}");
        }
        let items = format!(r#"{{"items":[{{"product_id":{rice},"quantity":{text}}}]}}"#);
        send("/inventory/availability", "POST", items);
        let line: &'static str = format!("/cart/items/{}", shop.line).leak();
        send(line, "PUT", format!(r#"{{"quantity":{text}}}"#));
    }
    for quantity in ["0", "-1", "1.5", "2147483648", "1000000", "x"] {
        let path = format!("/inventory/products/{}/availability/{quantity}", shop.rice);
        shop.refused(|| shop.app.guest().get(&path), 422, "VALIDATION_FAILED");
    }
}

#[test]
fn levels_of_stock_are_integers_from_none_to_a_trillion() {
    let shop = Shop::open();
    let put = |quantity: &str, movement: &str| {
        let body = json!({"quantity": raw(quantity), "movement_type": movement, "reason": "r"});
        shop.admin.put(&format!("/inventory/products/{}/stock", shop.rice), &body)
    };
    for quantity in ["-1", "1.5", "\"2\"", "1000000000001", "null"] {
        for movement in ["in", "out", "adjustment"] {
            shop.refused(|| put(quantity, movement), 422, "VALIDATION_FAILED");
        }
    }
    shop.refused(|| put("0", "in"), 422, "VALIDATION_FAILED");
    shop.refused(|| put("0", "out"), 422, "VALIDATION_FAILED");
    shop.refused(|| put("5", "steal"), 422, "VALIDATION_FAILED");
    shop.refused(|| put("100", "out"), 400, "INSUFFICIENT_STOCK");
    // 99 units are there: the largest level can't be exceeded by adding either.
    shop.refused(|| put("1000000000000", "in"), 422, "VALIDATION_FAILED");
    let make = |stock: &str| {
        shop.admin
            .post("/inventory/products", &json!({"sku": "new", "name": "New", "price": 1, "initial_stock": raw(stock)}))
    };
    for stock in ["-1", "0.5", "1000000000001", "\"1\""] {
        shop.refused(|| make(stock), 422, "VALIDATION_FAILED");
    }
}

#[test]
fn lines_have_a_limit() {
    let shop = Shop::open();
    let lines = |count: usize| json!(vec![json!({"product_id": shop.rice, "quantity": 1}); count]);
    shop.refused(|| shop.order_of(&lines(0)), 422, "VALIDATION_FAILED");
    shop.refused(|| shop.order_of(&lines(101)), 422, "VALIDATION_FAILED");
    shop.refused(|| shop.order_of(&lines(10_000)), 413, "PAYLOAD_TOO_LARGE");
    let ask = |count: usize| shop.mara.post("/inventory/availability", &json!({"items": lines(count)}));
    shop.refused(|| ask(0), 422, "VALIDATION_FAILED");
    shop.refused(|| ask(101), 422, "VALIDATION_FAILED");
    shop.refused(|| ask(10_000), 413, "PAYLOAD_TOO_LARGE");
}

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
        ("discount_amount", json!(5)),
        ("__proto__", json!({})),
    ];
    for (name, value) in extras {
        let send = |method: &str, path: &str, body: Value| {
            let told = shop.refused(|| shop.mara.send(method, path, Some(&body)), 422, "VALIDATION_FAILED");
            assert!(told.to_string().contains(name), "{name} is not named in {told}");
        };
        send("POST", "/cart/items", with(&item, name, value.clone()));
        send("PUT", &format!("/cart/items/{}", shop.line), with(&json!({"quantity": 1}), name, value.clone()));
        send("POST", "/orders", with(&order, name, value.clone()));
        send("POST", "/orders", json!({"items": [with(&item, name, value.clone())]}));
        send("POST", "/checkout", with(&json!({"shipping_address_id": address}), name, value.clone()));
        send("POST", "/checkout/preview", with(&json!({"shipping_address_id": address}), name, value.clone()));
        send("POST", &format!("/orders/{}/cancel", shop.order), json!({name: value}));
    }
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
    // A missing sign-in is refused before a doubled header.
    twice(&guest, "X-Store-Id", &store).get("/cart").refused(401, "UNAUTHENTICATED");
}

#[test]
fn a_field_given_twice_is_refused() {
    let shop = Shop::open();
    let body = format!(r#"{{"product_id":{},"quantity":1,"quantity":5}}"#, shop.rice);
    let reply = || shop.mara.send_bytes("POST", "/cart/items", "application/json", body.as_bytes());
    shop.refused(reply, 422, "VALIDATION_FAILED");
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

#[test]
fn only_good_tokens_are_taken() {
    let shop = Shop::open();
    let (user, auth) = (shop.mara.user.unwrap(), &shop.app.settings.auth);
    let signed = |change: &dyn Fn(&mut Auth), role: Role| {
        let mut auth = auth.clone();
        change(&mut auth);
        Tokens::new(&auth).sign(user, role, 0).unwrap()
    };
    let good = signed(&|_| (), Role::Customer);
    let parts: Vec<&str> = good.split('.').collect();
    let noors = shop.app.token(shop.app.customer("noor").user.unwrap(), Role::Customer);
    let noors: Vec<&str> = noors.split('.').collect();
    // {"alg":"none","typ":"at+jwt"}, and the same with HS512.
    let (none, hs512) = ("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0", "eyJhbGciOiJIUzUxMiIsInR5cCI6ImF0K2p3dCJ9");
    let first = if parts[2].starts_with('A') { "B" } else { "A" };
    let tampered_signature = format!("{first}{}", &parts[2][1..]);
    let bad = [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{hs512}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], noors[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], tampered_signature),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        signed(&|auth| auth.issuer = "elsewhere".to_owned(), Role::Admin),
        signed(&|auth| auth.audience = "another-api".to_owned(), Role::Admin),
        signed(&|auth| auth.jwt_secret = Secret::new("another secret, as long as a good one".to_owned()), Role::Admin),
        String::new(),
        "null".to_owned(),
        "' OR 1=1 --".to_owned(),
    ];
    let calls = ["/cart", "/orders/me", "/auth/me", "/inventory/products"];
    for token in &bad {
        for call in calls {
            let reply = shop.app.guest().with_token(token).get(call);
            assert_eq!(reply.header("www-authenticate"), "Bearer");
            reply.refused(401, "UNAUTHENTICATED");
        }
        let order = json!({"items": [{"product_id": shop.rice, "quantity": 1}]});
        shop.refused(|| shop.app.guest().with_token(token).post("/orders", &order), 401, "UNAUTHENTICATED");
    }
    let expired = signed(&|auth| auth.access_ttl_seconds = -60, Role::Customer);
    shop.refused(|| shop.app.guest().with_token(&expired).get("/cart"), 401, "TOKEN_EXPIRED");
    let basic = shop.app.guest().with_header("Authorization", "Basic bWFyYTpzZWNyZXQ=");
    shop.refused(|| basic.get("/cart"), 401, "UNAUTHENTICATED");
    // Our own signature on a role that the account does not have opens nothing.
    for role in [Role::Admin, Role::Staff] {
        let grown = shop.app.guest().with_token(&signed(&|_| (), role));
        let reply = shop.app.without_effect(|| grown.get("/orders"));
        assert!([401, 403].contains(&reply.status), "{role:?}: {} {}", reply.status, reply.text());
    }
    shop.app.guest().with_token(&good).get("/cart").expect(200);
}

/// Calls with a good body, and the places of strings in it.
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
                   "notes": "n", "store_id": common::shop::STORE}),
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
        (guest.clone(), "POST", "/auth/refresh".into(), json!({"refresh_token": "t"})),
        (guest, "POST", "/auth/logout".into(), json!({"refresh_token": "t"})),
    ]
}

/// Every copy of a body in which one string is another.
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
            // A password or a token of that length may as well be called wrong, and a code unknown.
            assert!([401, 404, 422].contains(&reply.status), "{asked}: {} {}", reply.status, reply.text());
        }
        assert_eq!(shop.app.snapshot().changed_since(&before), Vec::<&str>::new(), "{method} {path}");
    }
}

/// SQL in a string is a string: stored as it is or refused, and never understood.
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
        // Nothing is found that does not have the text itself.
        let is_hit = |item: &Value| item.to_string().contains("DROP TABLE orders");
        assert!(found["items"].as_array().unwrap().iter().all(is_hit), "{path}: {found}");
    }
    for name in [text, "../../etc", "1 OR 1=1", "\u{e9}"] {
        shop.mara.clone().in_store(name).get("/cart").refused(404, "STORE_NOT_FOUND");
        let reply = shop.app.guest().with_header("X-Order-Token", name).get(&format!("/orders/{}", shop.order));
        assert!([401, 404].contains(&reply.status), "{name}: {}", reply.text());
    }
}

/// Values at the edges of what numbers, moments and texts can be.
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

/// Walks the document, so that a new operation is tried as well.
#[test]
fn no_value_in_a_path_or_a_query_breaks_anything() {
    let shop = Shop::open();
    let document = shop.app.guest().under("").get("/openapi.json").expect(200).json();
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
