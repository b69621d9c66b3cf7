//! The value of a difference is that of the units in stock.

use super::Shelf;
use crate::common::shop::Product;
use crate::common::{Value, json};

/// 100 units that came in at 4.00 and 100 that came in at 6.00. The selling price is 10.00.
fn dal(shelf: &Shelf) -> Product {
    let new = json!({"sku": "dal", "name": "Dal", "price": 10, "cost_price": 4, "initial_stock": 100});
    let dal = shelf.app.create_product(&new);
    shelf.app.set_product(&dal, &json!({"cost_price": 6}));
    shelf.app.receive(&dal, 100, shelf.main).expect(200);
    dal
}

fn count_of(shelf: &Shelf, product: &Product, quantity: i64) -> Value {
    let count = shelf.create(&json!({"scope": {"products": [product.id]}})).expect(201).json();
    let entry = json!({"product_id": product.id, "quantity": quantity});
    shelf.act(&count, "entries", &json!({"entries": [entry]})).expect(200).json()
}

/// The value of the difference of the first line.
fn value(shelf: &Shelf, count: &Value) -> Option<f64> {
    let lines = shelf.admin.get(&format!("/counts/{}/variances", count["id"])).expect(200).json();
    lines["items"][0]["value"].as_f64()
}

#[test]
fn missing_units_have_the_average_cost_of_the_units_in_stock() {
    let shelf = Shelf::open();
    let dal = dal(&shelf);
    let count = count_of(&shelf, &dal, 197);
    // The ledger is not valued yet, so the cost price counts.
    assert_eq!(value(&shelf, &count), Some(-18.0));
    shelf.app.value_stock();
    assert_eq!(value(&shelf, &count), Some(-15.0));
    shelf.submit(&count);
    assert_eq!(shelf.post(&count)["lines"][0]["value"].as_f64(), Some(-15.0));
    // A posted line keeps its value.
    shelf.app.set_product(&dal, &json!({"cost_price": 8}));
    shelf.app.receive(&dal, 1_000, shelf.main).expect(200);
    shelf.app.value_stock();
    assert_eq!(value(&shelf, &count), Some(-15.0));
}

#[test]
fn units_without_a_cost_have_their_selling_price() {
    let shelf = Shelf::open();
    let count = shelf.count();
    shelf.enter(&count, 97, None);
    assert_eq!(value(&shelf, &count), Some(-30.0));
    shelf.app.value_stock();
    assert_eq!(value(&shelf, &count), Some(-30.0));
}

#[test]
fn the_tolerance_compares_the_value_at_the_average_cost() {
    let shelf = Shelf::open();
    let dal = dal(&shelf);
    shelf.app.value_stock();
    let counter = shelf.app.staff(&["inventory:count"]);
    for (tolerance, status) in [("14.99", "submitted"), ("15.00", "posted")] {
        shelf.app.set_store(&json!({"count_tolerance": {"units": 5, "value": tolerance}}));
        let count = count_of(&shelf, &dal, 197);
        shelf.submit(&count);
        counter.post_nothing(&super::path(&count, "post"));
        let posted = shelf.admin.get(&format!("/counts/{}", count["id"])).expect(200).json();
        assert_eq!(posted["lines"][0]["status"], status, "{tolerance}");
    }
}
