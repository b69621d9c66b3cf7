//! Stock as it was, stock over time, and the parts of today's figures.

mod as_of;
mod explain;
mod history;

use chrono::{DateTime, Duration, SecondsFormat, SubsecRound, Utc};

use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};

/// The clock of the server.
fn now(app: &TestApp) -> DateTime<Utc> {
    (Utc::now() + Duration::seconds(app.seconds_advanced())).trunc_subsecs(6)
}

/// A time as queries have it.
fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().unwrap()
}

/// The rows of all stock, at a time or now.
fn levels(app: &TestApp, query: &str) -> Vec<Value> {
    let list = app.admin().get(&format!("/inventory?limit=100{query}")).expect(200).json();
    list["items"].as_array().unwrap().clone()
}

/// A present row as a list of the past has it: without the figures that the ledger does not have.
fn without_settings(mut level: Value) -> Value {
    for field in ["safety_quantity", "incoming_quantity"] {
        level[field] = json!(null);
    }
    level
}

/// Sends all units of an order.
fn ship(app: &TestApp, order: &Value) {
    app.admin().post(&format!("/orders/{}/shipments", order["id"]), &json!({})).expect(201);
}

/// Moves units from `main` to its quarantine.
fn quarantine(app: &TestApp, product: &Product, quantity: i64) {
    let body = json!({"quantity": quantity, "location_id": app.main_location(), "from": "sellable",
                      "to": "quarantine", "reason": "wet"});
    app.admin().post(&format!("/inventory/products/{}/move", product.id), &body).expect(200);
}

/// Sends units of a product from `main` to another place.
fn send(app: &TestApp, product: &Product, quantity: i64, to: i64) -> Value {
    let body = json!({"from_location_id": app.main_location(), "to_location_id": to,
                      "lines": [{"product_id": product.id, "quantity": quantity}]});
    let admin = app.admin();
    let transfer = admin.post("/transfers", &body).expect(201).json();
    admin.post(&format!("/transfers/{}/ready", transfer["id"]), &json!({})).expect(200);
    admin.post(&format!("/transfers/{}/send", transfer["id"]), &json!({})).expect(200).json()
}
