//! Quantities and amounts of goods.

use super::super::raw;
use super::{Call, Goods};
use crate::common::{Value, json};

/// No quantity of goods.
const BAD_QUANTITIES: [&str; 8] = ["-1", "1.5", "\"2\"", "1000000000001", "1e30", "9223372036854775808", "true", "[]"];

/// No cost of a unit in a currency with two decimals.
const BAD_AMOUNTS: [&str; 5] = ["-1", "1.001", "1e16", "true", "[]"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    /// From 1.
    Units,
    /// From 0.
    Level,
    Amount,
}

impl Goods {
    /// A call for each field with a number.
    fn numbers(&self) -> Vec<(Call, &'static str, Number)> {
        use Number::{Amount, Level, Units};
        let line = json!([{"product_id": self.rice, "quantity": 1}]);
        let transfer = json!({"from_location_id": self.main, "to_location_id": self.attic, "lines": line});
        let purchase = json!({"supplier_id": self.supplier, "location_id": self.main, "lines": line});
        let product = json!({"sku": "toor", "name": "Toor", "price": 1});
        let mut numbers = vec![
            (Call::new("POST /transfers", &[], transfer), "/lines/0/quantity", Units),
            (Call::new("POST /purchase-orders", &[], purchase.clone()), "/lines/0/quantity", Units),
            (Call::new("POST /purchase-orders", &[], purchase), "/lines/0/unit_cost", Amount),
            (Call::new("POST /inventory/products", &[], product), "/initial_stock", Level),
        ];
        for (operation, pointer, number) in [
            ("PATCH /transfers/{id}", "/lines/0/quantity", Units),
            ("POST /transfers/{id}/send", "/lines/0/quantity", Units),
            ("POST /transfers/{id}/receive", "/lines/0/accepted", Units),
            ("POST /transfers/{id}/receive", "/lines/0/rejected", Level),
            ("POST /transfers/{id}/settle", "/lines/0/quantity", Units),
            ("PATCH /purchase-orders/{id}", "/lines/0/quantity", Units),
            ("PATCH /purchase-orders/{id}", "/lines/0/unit_cost", Amount),
            ("POST /purchase-orders/{id}/receive", "/lines/0/accepted", Units),
            ("POST /purchase-orders/{id}/receive", "/lines/0/rejected", Level),
            ("POST /purchase-orders/{id}/receive", "/lines/0/unit_cost", Amount),
            ("POST /purchase-orders/{id}/receipts/{number}/costs", "/lines/0/unit_cost", Amount),
            ("POST /suppliers/{id}/items", "/unit_cost", Amount),
            ("PATCH /suppliers/{id}/items/{item_id}", "/unit_cost", Amount),
            ("POST /suppliers/{id}/items", "/pack_quantity", Units),
            ("POST /suppliers/{id}/items", "/min_quantity", Units),
            ("POST /suppliers/{id}/items", "/lead_time_days", Level),
            ("PATCH /suppliers/{id}", "/lead_time_days", Level),
            ("POST /counts/{id}/entries", "/entries/0/quantity", Level),
            ("PUT /inventory/products/{id}/stock", "/quantity", Level),
            ("PUT /inventory/products/{id}/safety", "/quantity", Level),
            ("POST /inventory/products/{id}/move", "/quantity", Units),
            ("POST /inventory/products/{id}/barcodes", "/units", Units),
            ("POST /orders/{id}/shipments", "/lines/0/quantity", Units),
            ("POST /orders/{id}/reroute", "/lines/0/quantity", Units),
            ("POST /orders/{id}/returns", "/lines/0/quantity", Units),
            ("POST /returns/{id}/receive", "/lines/0/restock", Units),
            ("POST /returns/{id}/receive", "/lines/0/quarantine", Level),
            ("POST /returns/{id}/receive", "/lines/0/scrap", Level),
            ("POST /returns/{id}/receive", "/lines/0/missing", Level),
            ("POST /returns/{id}/receive", "/lines/0/fee", Amount),
            ("POST /orders/{id}/exchange", "/cancel/0/quantity", Units),
            ("POST /orders/{id}/exchange", "/items/0/quantity", Units),
        ] {
            let call = self.calls().into_iter().find(|call| call.operation == operation).unwrap();
            numbers.push((call, pointer, number));
        }
        numbers
    }
}

#[test]
fn numbers_that_are_no_quantity_are_refused_and_named() {
    let goods = Goods::open();
    for (call, pointer, number) in goods.numbers() {
        let bad: &[&str] = if number == Number::Amount { &BAD_AMOUNTS } else { &BAD_QUANTITIES };
        let zero = (number == Number::Units).then_some("0");
        for text in bad.iter().copied().chain(zero) {
            let problem = goods.refused(|| call.with(pointer, raw(text)).send(&goods.admin), 422, "VALIDATION_FAILED");
            let field = pointer.trim_start_matches('/').replace("/0/", "[0].");
            let shown: &Value = &problem["errors"][0]["field"];
            assert_eq!(shown, &json!(field), "{}: {text} is answered {problem}", call.operation);
        }
    }
}
