//! The statements of counts, transfers and purchase orders.

use super::statements;
use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json};

/// Products of 50 sizes each, 100 sizes together, with ten units each.
fn stocked(app: &TestApp, sku: &str) -> Vec<Product> {
    let sizes: Vec<String> = (0..50).map(|size| format!("size {size}")).collect();
    let sizes: Vec<(&str, i64)> = sizes.iter().map(|size| (size.as_str(), 10)).collect();
    (0..2).map(|number| app.sized_product(&format!("{sku}-{number}"), 10.0, &sizes)).collect()
}

/// This number of lines, each of another size.
fn lines(products: &[Product], count: usize, fields: &Value) -> Vec<Value> {
    let size = |line: usize| {
        let mut named = json!({"product_id": products[line / 50].id, "size": format!("size {}", line % 50)});
        named.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        named
    };
    (0..count).map(size).collect()
}

fn act(admin: &Client, document: &str, id: i64, act: &str, body: &Value) -> Value {
    admin.post(&format!("/{document}/{id}/{act}"), body).expect(200).json()
}

/// A count with this number of lines, of which each misses a unit.
fn submitted(app: &TestApp, products: &[Product], lines_of_count: usize) -> i64 {
    let admin = app.admin();
    let count = json!({"location_id": app.main_location(), "scope": {"products": [products[0].id]}});
    let id = admin.post("/counts", &count).expect(201).id();
    let entries = lines(products, lines_of_count, &json!({"quantity": 9}));
    act(&admin, "counts", id, "entries", &json!({"entries": entries}));
    act(&admin, "counts", id, "submit", &json!({}));
    id
}

#[test]
fn statements_of_counts_do_not_depend_on_lines() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let admin = app.admin();
    let posted = [1, 100, 1, 100].map(|count| {
        let id = submitted(&app, &stocked(&app, &format!("tee-{}", fresh())), count);
        statements(|| {
            let posted = act(&admin, "counts", id, "post", &json!({}));
            assert_eq!(posted["line_totals"]["posted"], count);
        })
    });
    println!("statements of posting 1, 100, 1, 100 lines of a count: {posted:?}");
    assert_eq!(posted, [posted[0]; 4]);

    // Ten units are sold, and nine were counted.
    let mara = app.customer("mara");
    let refused = [1, 100, 1, 100].map(|count| {
        let products = stocked(&app, &format!("tee-{}", fresh()));
        let items = lines(&products, count, &json!({"quantity": 10}));
        mara.post("/orders", &json!({"items": items})).expect(201);
        let id = submitted(&app, &products, count);
        statements(|| {
            let shown = act(&admin, "counts", id, "post", &json!({}));
            assert_eq!(
                (&shown["line_totals"]["refused"], &shown["lines"][0]["promises"][0]["quantity"]),
                (&json!(count), &json!(10))
            );
        })
    });
    println!("statements of posting 1, 100, 1, 100 lines that are refused: {refused:?}");
    assert_eq!(refused, [refused[0]; 4]);
}

#[test]
fn statements_of_transfers_do_not_depend_on_lines() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (admin, main, shop) = (app.admin(), app.main_location(), app.add_location("shop"));
    let counted = [1, 100, 1, 100].map(|count| {
        let products = stocked(&app, &format!("tee-{}", fresh()));
        let plan = json!({"from_location_id": main, "to_location_id": shop,
                          "lines": lines(&products, count, &json!({"quantity": 3}))});
        let id = admin.post("/transfers", &plan).expect(201).id();
        act(&admin, "transfers", id, "ready", &json!({}));
        let mut transfer = Value::Null;
        let sent = statements(|| transfer = act(&admin, "transfers", id, "send", &json!({})));
        let arrival = arrival(&transfer, count, &json!({"accepted": 2, "rejected": 1}));
        let received = statements(|| transfer = act(&admin, "transfers", id, "receive", &arrival));
        assert_eq!(transfer["status"], "received");
        (sent, received)
    });
    println!("statements of sending and receiving 1, 100, 1, 100 lines: {counted:?}");
    assert_eq!(counted, [counted[0]; 4]);
}

#[test]
fn statements_of_purchase_orders_do_not_depend_on_lines() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (admin, main) = (app.admin(), app.main_location());
    let supplier = admin.post("/suppliers", &json!({"code": "acme", "name": "Acme Foods"})).expect(201).id();
    let counted = [1, 100, 1, 100].map(|count| {
        let products = stocked(&app, &format!("tee-{}", fresh()));
        let plan = json!({"supplier_id": supplier, "location_id": main,
                          "lines": lines(&products, count, &json!({"quantity": 3, "unit_cost": 7}))});
        let id = admin.post("/purchase-orders", &plan).expect(201).id();
        let mut order = Value::Null;
        let ordered = statements(|| order = act(&admin, "purchase-orders", id, "order", &json!({})));
        let arrival = arrival(&order, count, &json!({"accepted": 2, "rejected": 1}));
        let received = statements(|| order = act(&admin, "purchase-orders", id, "receive", &arrival));
        assert_eq!(order["status"], "received");
        (ordered, received)
    });
    println!("statements of ordering and receiving 1, 100, 1, 100 lines: {counted:?}");
    assert_eq!(counted, [counted[0]; 4]);
}

/// The arrival of all lines of a document.
fn arrival(document: &Value, count: usize, units: &Value) -> Value {
    let line = |line: &Value| {
        let mut arrived = json!({"line_id": line["id"]});
        arrived.as_object_mut().unwrap().extend(units.as_object().unwrap().clone());
        arrived
    };
    let lines: Vec<Value> = document["lines"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(lines.len(), count);
    json!({"lines": lines})
}

/// A new number.
fn fresh() -> usize {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
