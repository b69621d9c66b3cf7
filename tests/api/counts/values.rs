//! The value of a difference is that of the units in stock.

use super::Store;
use crate::common::shop::Product;
use crate::common::{Value, json};

/// 100 units that came in at 4.00 and 100 that came in at 6.00. The selling price is 10.00.
fn dal(store: &Store) -> Product {
    let new = json!({"sku": "dal", "name": "Dal", "price": 10, "cost_price": 4, "initial_stock": 100});
    let dal = store.app.create_product(&new);
    store.app.set_product(&dal, &json!({"cost_price": 6}));
    store.app.receive(&dal, 100, store.main).expect(200);
    dal
}

fn count_of(store: &Store, product: &Product, quantity: i64) -> Value {
    let count = store.create(&json!({"scope": {"products": [product.id]}})).expect(201).json();
    let entry = json!({"product_id": product.id, "quantity": quantity});
    store.act(&count, "entries", &json!({"entries": [entry]})).expect(200).json()
}

/// The value of the difference of the first line.
fn value(store: &Store, count: &Value) -> Option<f64> {
    let lines = store.admin.get(&format!("/counts/{}/variances", count["id"])).expect(200).json();
    lines["items"][0]["value"].as_f64()
}

#[test]
fn missing_units_have_the_average_cost_of_the_units_in_stock() {
    let store = Store::open();
    let dal = dal(&store);
    let count = count_of(&store, &dal, 197);
    // The ledger is not valued yet, so the cost price counts.
    assert_eq!(value(&store, &count), Some(-18.0));
    store.app.value_stock();
    assert_eq!(value(&store, &count), Some(-15.0));
    store.submit(&count);
    assert_eq!(store.post(&count)["lines"][0]["value"].as_f64(), Some(-15.0));
    // A posted line keeps its value.
    store.app.set_product(&dal, &json!({"cost_price": 8}));
    store.app.receive(&dal, 1_000, store.main).expect(200);
    store.app.value_stock();
    assert_eq!(value(&store, &count), Some(-15.0));
}

#[test]
fn units_without_a_cost_have_their_selling_price() {
    let store = Store::open();
    let count = store.count();
    store.enter(&count, 97, None);
    assert_eq!(value(&store, &count), Some(-30.0));
    store.app.value_stock();
    assert_eq!(value(&store, &count), Some(-30.0));
}

#[test]
fn the_tolerance_compares_the_value_at_the_average_cost() {
    let store = Store::open();
    let dal = dal(&store);
    store.app.value_stock();
    let counter = store.app.staff(&["inventory:count"]);
    for (tolerance, status) in [("14.99", "submitted"), ("15.00", "posted")] {
        store.app.set_store(&json!({"count_tolerance": {"units": 5, "value": tolerance}}));
        let count = count_of(&store, &dal, 197);
        store.submit(&count);
        counter.post_nothing(&super::path(&count, "post"));
        let posted = store.admin.get(&format!("/counts/{}", count["id"])).expect(200).json();
        assert_eq!(posted["lines"][0]["status"], status, "{tolerance}");
    }
}
