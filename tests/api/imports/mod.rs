//! Imports of files of rows, and exports with the same columns.

mod bulk;
mod exports;
mod files;
mod memory;
mod others;
mod products;
mod purchase_orders;
mod refusals;
mod slices;
mod stock;

use crate::common::{Client, Reply, TestApp, Value, json};

/// Sends a CSV file.
fn import(client: &Client, query: &str, csv: &str) -> Reply {
    client.send_bytes("POST", &format!("/imports?{query}"), "text/csv", csv.as_bytes())
}

/// The numbers of created, updated, unchanged and refused rows of a finished import.
fn counts(import: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|name| import[name].as_i64().unwrap())
}

/// The results of the rows of an import: key, action, and the first refused column.
fn results(client: &Client, import: &Value) -> Vec<Value> {
    let rows = client.get(&format!("/imports/{}/rows?limit=100", import["id"])).expect(200).json();
    let rows = rows["items"].as_array().unwrap();
    rows.iter().map(|row| json!([row["key"], row["action"], row["errors"][0]["field"]])).collect()
}

/// Imports a file that has no refused row, and returns its numbers.
#[track_caller]
fn imported(client: &Client, query: &str, csv: &str) -> [i64; 4] {
    let import = import(client, query, csv).expect(201).json();
    assert_eq!(import["state"], "done", "{import} {:?}", results(client, &import));
    counts(&import)
}

/// The text of an export.
fn export(client: &Client, query: &str) -> String {
    let reply = client.get(&format!("/exports?{query}")).expect(200);
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    String::from_utf8(reply.bytes).unwrap()
}

fn stock_of(client: &Client, product: &str) -> i64 {
    client.get(&format!("/inventory/products/{product}/stock")).expect(200).json()["stock_quantity"].as_i64().unwrap()
}

fn audit_details(app: &TestApp) -> Vec<String> {
    let audit = app.admin().get("/audit?limit=100").expect(200).json();
    audit["items"].as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap().to_owned()).collect()
}
