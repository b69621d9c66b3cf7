//! Barcodes: check digits, several of a product with their units, and what a scan finds.

mod changes;
mod digits;
mod migration;
mod race;
mod scan;

use crate::common::{Client, Value, json};

/// The percent-encoded form of a code, for a path.
fn encoded(segment: &str) -> String {
    segment.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn add(client: &Client, product: &str, body: &Value) -> crate::common::Reply {
    client.post(&format!("/inventory/products/{product}/barcodes"), body)
}

/// The barcodes of a product as code, size, units, and whether it is the first one.
fn barcodes(client: &Client, product: &str) -> Vec<Value> {
    let list = client.get(&format!("/inventory/products/{product}/barcodes?limit=100")).expect(200).json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(list["total"], items.len());
    items.iter().map(|one| json!([one["code"], one["size"], one["units"], one["first"]])).collect()
}
