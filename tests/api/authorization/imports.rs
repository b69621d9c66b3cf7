//! The calls of the operations on imports and exports.

use super::World;
use super::calls::Call;
use crate::common::{Value, json};

impl World {
    pub(super) fn import_call(&self, operation: &str) -> Option<Call> {
        let rows = || -> Value { json!([{"sku": self.fresh(), "name": "New", "price": "1.00"}]) };
        let import = || format!("/imports/{}", self.admin.post("/imports?kind=products", &rows()).expect(201).id());
        Some(match operation {
            "POST /imports" => Call::new("POST", "/imports?kind=products").with(rows()),
            "GET /imports/{id}" => Call::new("GET", import()),
            "GET /imports/{id}/rows" => Call::new("GET", format!("{}/rows", import())),
            "GET /imports/{id}/refused.csv" => Call::new("GET", format!("{}/refused.csv", import())),
            "GET /exports" => Call::new("GET", "/exports?kind=products"),
            "POST /inventory/products/bulk" => Call::new("POST", "/inventory/products/bulk").with(rows()),
            "PATCH /inventory/products/bulk" => Call::new("PATCH", "/inventory/products/bulk").with(rows()),
            _ => return None,
        })
    }
}
