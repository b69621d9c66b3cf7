//! Sums of any size.

use super::text_of;
use crate::common::provider::{stripe_event, with_providers};
use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};

#[test]
fn a_callback_is_never_a_server_error_because_of_its_content() {
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
    // The first payment has paid the order, so it does not expire.
    app.advance(901);
    app.customer("mara").cancel(&order).expect(200);
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

/// Copies rows of orders, because checkouts of this number of orders would take too long.
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

/// The copies have no items, and the ledger is audited at the end.
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
    // Another line can be changed, and the quantity of the large one can be lowered.
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
