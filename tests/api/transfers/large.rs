//! Transfers with as many lines as a document may have.

use super::Stores;
use crate::common::{Value, json};

const MOST: usize = 256 * 1024;

/// A body of this many bytes, with blanks at its end.
fn padded(body: &Value, size: usize) -> Vec<u8> {
    let text = body.to_string();
    format!("{text}{}", " ".repeat(size - text.len())).into_bytes()
}

#[test]
fn a_transfer_of_500_lines_has_a_large_body() {
    let stores = Stores::open();
    let sizes: Vec<Value> = (0..50).map(|size| json!({"size": size.to_string(), "initial_stock": 1})).collect();
    let mut lines = Vec::new();
    for number in 0..10 {
        let sku = format!("{number}{}", "x".repeat(99));
        let body = json!({"sku": sku, "name": "Shirt", "price": 1, "sizes": sizes});
        stores.admin.post("/inventory/products", &body).expect(201);
        lines.extend((0..50).map(|size| json!({"product_id": sku, "size": size.to_string(), "quantity": 1})));
    }
    let plan = json!({"from_location_id": stores.main, "to_location_id": stores.shop, "lines": lines});
    assert!(plan.to_string().len() > 64 * 1024);
    let post = |path: &str, bytes: &[u8]| stores.admin.send_bytes("POST", path, "application/json", bytes);
    let made = post("/transfers", &padded(&plan, MOST)).expect(201).json();
    assert_eq!(made["lines"].as_array().unwrap().len(), 500);
    post("/transfers", &padded(&plan, MOST + 1)).refused(413, "PAYLOAD_TOO_LARGE");
    // Other operations keep their limit, also those on transfers that take no lines.
    let order = json!({"items": [{"product_id": stores.rice.id, "quantity": 1}]});
    post("/orders", &padded(&order, 64 * 1024)).expect(201);
    post("/orders", &padded(&order, 64 * 1024 + 1)).refused(413, "PAYLOAD_TOO_LARGE");
    let ready = format!("/transfers/{}/ready", made["id"]);
    post(&ready, &padded(&json!({}), 64 * 1024 + 1)).refused(413, "PAYLOAD_TOO_LARGE");
    post(&ready, &padded(&json!({}), 64 * 1024)).expect(200);
    let sent = post(&format!("/transfers/{}/send", made["id"]), &padded(&json!({}), MOST)).expect(200).json();
    assert_eq!(sent["status"], "in_transit");
}
