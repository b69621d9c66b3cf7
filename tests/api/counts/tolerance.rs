//! A counter posts small differences alone; others need approval.

use super::{Store, path};
use crate::common::{Client, Value, json};

/// The status of the lines, in their order.
fn statuses(count: &Value) -> Vec<&str> {
    let mut lines: Vec<&Value> = count["lines"].as_array().unwrap().iter().collect();
    lines.sort_by_key(|line| line["line"].as_i64());
    lines.iter().map(|line| line["status"].as_str().unwrap()).collect()
}

fn submitted(store: &Store, counter: &Client, entries: Value) -> Value {
    let count = store.count();
    counter.post(&path(&count, "entries"), &json!({"entries": entries})).expect(200);
    counter.post_nothing(&path(&count, "submit")).expect(200).json()
}

#[test]
fn without_a_tolerance_only_lines_without_a_difference_need_no_approval() {
    let store = Store::open();
    store.app.product("dal", 10.0, 20);
    let counter = store.app.staff(&["inventory:count"]);
    let settings = store.app.guest().get(&format!("/stores/{}", store.app.store)).expect(200).json();
    assert_eq!(settings["count_tolerance"], json!({"units": 0, "value": 0.0}));
    let count = submitted(&store, &counter, json!([store.entry(99, None), {"product_id": "dal", "quantity": 20}]));
    let posted = counter.post_nothing(&path(&count, "post")).expect(200).json();
    assert_eq!((&posted["status"], statuses(&posted)), (&json!("submitted"), vec!["posted", "submitted"]));
    let refusal = store.app.without_effect(|| counter.post_nothing(&path(&count, "post"))).refused(403, "FORBIDDEN");
    assert!(refusal["detail"].as_str().unwrap().contains("inventory:approve"), "{refusal}");
    assert_eq!(store.levels(), (100, 0, 0));
    let approver = store.app.staff(&["inventory:approve"]);
    let posted = approver.post_nothing(&path(&count, "post")).expect(200).json();
    assert_eq!((&posted["status"], store.levels()), (&json!("posted"), (99, 0, 0)));
    store.app.staff(&["inventory:read"]).post_nothing(&path(&count, "post")).refused(403, "FORBIDDEN");
}

#[test]
fn both_limits_of_the_tolerance_must_hold() {
    let store = Store::open();
    let counter = store.app.staff(&["inventory:count"]);
    // A unit of rice is worth its price, 10.00, and one of saffron its cost price, 400.00.
    store.app.create_product(
        &json!({"sku": "saffron", "name": "Saffron", "price": 900, "cost_price": 400, "initial_stock": 9}),
    );
    store.app.set_store(&json!({"count_tolerance": {"units": 5, "value": "400.00"}}));
    let count = |rice: i64, saffron: i64| {
        let counted = submitted(
            &store,
            &counter,
            json!([store.entry(rice, None), {"product_id": "saffron", "quantity": saffron}]),
        );
        let posted = counter.post_nothing(&path(&counted, "post")).expect(200).json();
        statuses(&posted).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(count(95, 8), ["posted", "posted"]);
    assert_eq!(count(101, 8), ["submitted", "posted"]);
    assert_eq!(count(95, 10), ["posted", "submitted"]);
}

#[test]
fn the_tolerance_is_a_setting_of_the_store() {
    let store = Store::open();
    let path = format!("/stores/{}", store.app.store);
    let set = |tolerance: Value| store.admin.patch(&path, &json!({"count_tolerance": tolerance}));
    assert_eq!(
        set(json!({"units": 3, "value": 12.5})).expect(200).json()["count_tolerance"],
        json!({"units": 3, "value": 12.5})
    );
    assert_eq!(set(json!({"units": 4})).expect(200).json()["count_tolerance"], json!({"units": 4, "value": 0.0}));
    for (tolerance, field) in [
        (json!({"units": -1}), "count_tolerance.units"),
        (json!({"units": 1.5}), "count_tolerance.units"),
        (json!({"value": -1}), "count_tolerance.value"),
        (json!({"value": 0.001}), "count_tolerance.value"),
        (json!({"percent": 1}), "count_tolerance.percent"),
        (Value::Null, "count_tolerance"),
    ] {
        store.app.without_effect(|| set(tolerance.clone())).refused_field(field);
    }
    let new = json!({"code": "STORE-TWO", "name": "Two", "count_tolerance": {"units": 2, "value": 1}});
    let made = store.admin.post("/stores", &new).expect(201).json();
    assert_eq!(made["count_tolerance"], json!({"units": 2, "value": 1.0}));
}
