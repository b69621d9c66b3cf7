//! Money and quantities as they are read and written: spellings, currencies, sums of any size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::provider::{stripe_event, with_providers};
use common::shop::Product;
use common::{Client, Reply, TestApp, Value, json};

/// Puts raw text where the body has `"@"`: JSON values of these tests would be doubles before they are sent.
fn send(client: &Client, method: &str, path: &str, body: &str, raw: &str) -> Reply {
    client.send_bytes(method, path, "application/json", body.replace("\"@\"", raw).as_bytes())
}

/// The text of a number in an answer, which a parsed one would have lost.
fn text_of(reply: &Reply, field: &str) -> String {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("\"{field}\":")).unwrap_or_else(|| panic!("no {field} in {text}"));
    rest.split([',', '}']).next().unwrap().to_owned()
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

#[test]
fn a_store_has_a_currency_of_iso_4217() {
    let app = TestApp::start();
    for code in ["ZZZ", "XXX", "XTS", "XAU", "XDR", "inr", "US", "USDX", ""] {
        let body = json!({"code": "NEW", "name": "New", "currency": code});
        let problem = app.admin().post("/stores", &body).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "currency", "{code}");
        app.admin()
            .patch(&format!("/stores/{}", app.store), &json!({"currency": code}))
            .refused(422, "VALIDATION_FAILED");
    }
}

/// A store of that currency with a product that costs so much, and its customer.
fn shop_in(app: &TestApp, currency: &str, price: &str) -> (Client, Client) {
    let code = format!("STORE-{currency}");
    app.admin().post("/stores", &json!({"code": code, "name": currency, "currency": currency})).expect(201);
    let admin = app.admin().in_store(&code);
    let product = json!({"sku": "rice", "name": "Rice", "price": price, "cost_price": price, "initial_stock": 10});
    admin.post("/inventory/products", &product).expect(201);
    (admin, app.customer("mara").in_store(&code))
}

#[test]
fn currencies_of_every_number_of_decimals_are_sold_and_reported() {
    let app = TestApp::start();
    for (currency, price, finer, total) in [
        ("JPY", "500", "500.5", "1500"),
        ("INR", "0.05", "0.055", "0.15"),
        ("KWD", "1.255", "1.2555", "3.765"),
        ("CLF", "1.2345", "1.23455", "3.7035"),
    ] {
        let (admin, mara) = shop_in(&app, currency, price);
        admin.patch("/inventory/products/rice", &json!({"price": finer})).refused(422, "VALIDATION_FAILED");
        let body = json!({"items": [{"product_id": "rice", "quantity": 3, "unit_price": price}]});
        let order = mara.post("/orders", &body).expect(201);
        assert_eq!(
            (text_of(&order, "total_amount"), text_of(&order, "unit_price")),
            (total.to_owned(), price.to_owned())
        );
        let paid = json!({"payment_reference": "pay", "amount": total});
        let path = format!("/orders/{}/payment/confirm", order.json()["id"]);
        assert_eq!(text_of(&admin.post(&path, &paid).expect(200), "received_amount"), total);
        assert_eq!(text_of(&admin.get("/orders/statistics").expect(200), "revenue"), total);
        mara.post("/cart/items", &json!({"product_id": "rice", "quantity": 3})).expect(201);
        assert_eq!(text_of(&mara.get("/cart").expect(200), "total_amount"), total);
        let audit = admin.get("/audit?action=PAYMENT_RECORDED").expect(200).json();
        let detail = audit["items"][0]["detail"].as_str().unwrap();
        assert!(detail.ends_with(&format!(": {total} {currency}")), "{detail}");
        let summary = admin.get("/inventory/summary").expect(200);
        assert!(summary.text().contains(&format!("\"stock_value\":{}", text_of(&summary, "retail_value"))));
    }
}

/// The outcome of a callback of Stripe for an order in another store.
fn stripe_in(app: &TestApp, store: &str, order: &Value, currency: &str, amount: i64) -> String {
    let mut event = stripe_event(&format!("evt_{currency}_{amount}"), order, "pi_1", amount);
    event["data"]["object"]["currency"] = json!(currency);
    let body = event.to_string();
    let header = common::provider::stripe_header(common::provider::SECRET, body.as_bytes(), 0);
    let sender = app.guest().with_header("Stripe-Signature", &header);
    let path = format!("/payments/webhook/{store}/stripe");
    let reply = sender.send_bytes("POST", &path, "application/json", body.as_bytes()).expect(200);
    reply.json()["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn a_provider_counts_in_its_own_units() {
    let app = TestApp::with(with_providers);
    for (currency, price, wrong, right) in [
        ("ISK", "500", 500, 50_000),
        ("UGX", "500", 500, 50_000),
        ("MGA", "500.00", 50_000, 500),
        ("JPY", "500", 50_000, 500),
        ("KWD", "5.120", 512, 5_120),
    ] {
        let (_, mara) = shop_in(&app, currency, price);
        let body = json!({"items": [{"product_id": "rice", "quantity": 1}], "payment_method": "upi"});
        let order = mara.post("/orders", &body).expect(201).json();
        let store = format!("STORE-{currency}");
        let of = |amount| stripe_in(&app, &store, &order, &currency.to_lowercase(), amount);
        assert_eq!(of(right + 1), "mismatched", "{currency}");
        let other = mara.post("/orders", &body).expect(201).json();
        assert_eq!(stripe_in(&app, &store, &other, &currency.to_lowercase(), right), "applied", "{currency}");
        assert_eq!(of(wrong), "mismatched", "{currency}");
    }
}

#[test]
fn a_callback_is_never_a_failure_for_what_it_says() {
    let app = TestApp::with(with_providers);
    let rice = app.product("rice", 10.0, 100);
    let order = app.customer("mara").order_upi(&rice, 1);
    let amounts = [
        json!(1_000_000_000_000_000_i64),
        json!(1_000_000_000_000_000_i64),
        json!(1_000_000_000_000_001_i64),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1e300),
        json!(-1),
        json!(0),
        json!("1000"),
        json!(null),
        json!({}),
    ];
    for (index, amount) in amounts.iter().enumerate() {
        let mut event = stripe_event(&format!("evt_{index}"), &order, &format!("pi_{index}"), 0);
        event["data"]["object"]["amount_received"] = amount.clone();
        event["data"]["object"]["amount"] = amount.clone();
        assert_eq!(app.stripe(&event).expect(200).json()["outcome"], "mismatched", "{amount}");
        assert_eq!(app.stripe(&event).expect(200).json()["outcome"], "duplicate", "{amount}");
    }
    let received = app.admin().get(&format!("/orders/{}", order["id"])).expect(200);
    // The payments that one amount can hold are recorded, and their sum is exact.
    assert_eq!(text_of(&received, "received_amount"), "20000000000000.00");
    let paid = app.admin().put(&format!("/orders/{}", order["id"]), &json!({"payment_status": "paid"}));
    assert!(paid.status < 500, "{}", paid.text());
    app.advance(901);
    let late = stripe_event("evt_late", &order, "pi_late", 1_000);
    assert_eq!(app.stripe(&late).expect(200).json()["outcome"], "refund_due");
    let received = app.admin().get(&format!("/orders/{}", order["id"])).expect(200);
    assert_eq!(text_of(&received, "refund_due_amount"), "20000000000010.00");
    for change in [
        json!({"id": {}}),
        json!({"metadata": []}),
        json!({"metadata": {"order_number": 7}}),
        json!({"currency": 7}),
        json!({"currency": "INR".repeat(100)}),
        json!({"metadata": {"order_number": "x".repeat(300)}}),
    ] {
        let mut event = stripe_event(&format!("evt_{change}"), &order, "pi_odd", 1_000);
        for (name, value) in change.as_object().unwrap() {
            event["data"]["object"][name] = value.clone();
        }
        let reply = app.stripe(&event);
        assert!(reply.status < 500, "{change}: {}", reply.text());
    }
}

#[test]
fn sums_are_of_any_size() {
    let app = TestApp::start();
    let gold = app.product("gold", 10_000_000_000_000.0, 1_000_000_000_000);
    app.set_product(&gold, &json!({"cost_price": "10000000000000.00"}));
    let summary = app.admin().get("/inventory/summary").expect(200);
    assert_eq!(text_of(&summary, "retail_value"), "10000000000000000000000000.00");
    let mara = app.customer("mara");
    for _ in 0..3 {
        mara.order_now(&gold, 1).expect(201);
    }
    copy_orders(&app, 10_000);
    let statistics = app.admin().get("/orders/statistics").expect(200);
    assert_eq!(text_of(&statistics, "revenue"), "100030000000000000.00");
    assert_eq!(text_of(&statistics, "average_order_value"), "10000000000000.00");
    assert_eq!(statistics.json()["today"]["orders"], 10_003);
    delete_copies(&app);
}

/// So many more rows of orders than the checkout would make in the time of a test.
fn copy_orders(app: &TestApp, count: i64) {
    use diesel::prelude::*;
    diesel::sql_query(
        "INSERT INTO orders (store_id, order_number, status, payment_status, payment_method, currency, subtotal, \
                tax_amount, shipping_amount, discount_amount, total_amount, total_items, created_at, updated_at) \
         SELECT store_id, 'COPY-' || n, status, payment_status, payment_method, currency, subtotal, tax_amount, \
                shipping_amount, discount_amount, total_amount, total_items, created_at, updated_at \
         FROM (SELECT * FROM orders ORDER BY id LIMIT 1) o CROSS JOIN generate_series(1, $1) n",
    )
    .bind::<diesel::sql_types::BigInt, _>(count)
    .execute(&mut app.connection())
    .unwrap();
}

/// They have no items, and the books are checked in the end.
fn delete_copies(app: &TestApp) {
    use diesel::prelude::*;
    diesel::sql_query("DELETE FROM orders WHERE order_number LIKE 'COPY-%'").execute(&mut app.connection()).unwrap();
}

fn cart_problem(cart: &Value) -> (&str, &str) {
    let problem = &cart["problems"][0];
    assert!(problem["item_id"].is_null(), "{cart}");
    (problem["code"].as_str().unwrap(), problem["message"].as_str().unwrap())
}

#[test]
fn a_cart_whose_total_became_too_large_is_shown_with_a_problem() {
    let app = TestApp::start();
    let rice: Product = app.product("rice", 10.0, 20_000);
    let salt = app.product("salt", 1.0, 20_000);
    let mara = app.customer("mara");
    mara.add_to_cart(&rice, 10_000);
    let cart = mara.add_to_cart(&salt, 1).json();
    app.set_product(&rice, &json!({"price": "10000000000000.00"}));
    let shown = mara.get("/cart").expect(200);
    assert_eq!(text_of(&shown, "subtotal"), "100000000000000001.00");
    assert_eq!(cart_problem(&shown.json()), ("VALIDATION_FAILED", "the total is too large"));
    // Another line can be changed, and the large one made smaller.
    let line = |index: usize| format!("/cart/items/{}", cart["items"][index]["id"]);
    let changed = mara.put(&line(1), &json!({"quantity": 2})).expect(200).json();
    assert_eq!(cart_problem(&changed).0, "VALIDATION_FAILED");
    mara.add_to_cart(&salt, 1);
    let body = json!({"shipping_address_id": mara.address()});
    for path in ["/checkout", "/checkout/preview"] {
        let refused = app.without_effect(|| mara.post(path, &body)).refused(422, "VALIDATION_FAILED");
        assert_eq!(refused["errors"][0]["message"], "the total is too large");
    }
    mara.delete(&line(0)).expect(200);
    assert_eq!(mara.get("/cart").expect(200).json()["problems"], json!([]));
    mara.checkout().expect(201);
}
