//! Sample values of each kind of mail. They document the values, and a template is checked with them.

use minijinja::value::Serde;
use serde_json::{Value, json};

use super::outbox::Kind;

/// All values of a kind, with optional ones.
#[must_use]
pub fn sample(kind: Kind) -> minijinja::Value {
    Serde(match kind {
        Kind::PasswordReset => json!({"link": "https://shop.example.com/password-reset#token=5d41"}),
        Kind::WebhookOff => json!({
            "store": store(), "api": "https://shop.example.com/api/v1",
            "webhooks": [{"id": 1, "url": "https://hooks.example.com/stock", "reason": "gone"}],
        }),
        Kind::OrderPlaced | Kind::OrderPaid | Kind::OrderCancelled => json!({"store": store(), "order": order()}),
        Kind::OrderShipped => json!({"store": store(), "order": order(), "shipment": shipment()}),
        Kind::OrderRefunded => json!({"store": store(), "order": order(), "refund": {"amount": "10.00 EUR"}}),
        Kind::Alert => alert(),
        Kind::StockNoticeConfirmation => json!({
            "store": store(), "product": product(), "link": "https://shop.example.com/stock-notice?token=1.5d41",
        }),
        Kind::BackInStock => json!({"store": store(), "product": product()}),
    })
    .into()
}

fn store() -> Value {
    json!({"name": "Main store"})
}

fn product() -> Value {
    json!({"id": 11, "sku": "tee-red-M", "name": "T-Shirt Red", "size": "M"})
}

fn order() -> Value {
    json!({
        "id": 1, "number": "ORD-20261121-A4F2K7Q9ZM", "customer_name": "Mara Okafor", "currency": "EUR",
        "items": [{"sku": "tee-red-M", "name": "T-Shirt Red", "size": "M", "quantity": 2, "unit_price": "30.00 EUR",
                   "total": "60.00 EUR"}],
        "subtotal": "60.00 EUR", "discount": "5.00 EUR", "shipping": "4.90 EUR", "tax": "9.56 EUR",
        "total": "69.46 EUR", "payment_method": "upi", "is_paid": false, "payment_expires_at": "2026-11-21 10:45 UTC",
        "is_collected": false, "address": ["Mara Okafor", "12 Lake View Road", "560001 Bengaluru", "IN"],
        "notes": "Please ring twice", "refund_due": "10.00 EUR",
    })
}

fn shipment() -> Value {
    json!({
        "number": "SHP-20261121-A4F2K7Q9ZM", "carrier": "DHL", "tracking_number": "JD0146",
        "tracking_url": "https://tracking.example.com/JD0146",
        "items": [{"sku": "tee-red-M", "name": "T-Shirt Red", "size": "M", "quantity": 2}],
    })
}

/// Each notice has the fields of its kind of alert. The sample has those of all kinds.
fn alert() -> Value {
    json!({
        "store": store(), "kind": "low_stock", "digest": "daily", "count": 1, "more": 3,
        "notices": [{
            "product_id": 11, "variant_id": 14, "sku": "tee-red-M", "product_name": "T-Shirt Red", "size": "M",
            "location": "Main", "available_quantity": 3, "min_stock_level": 5, "reorder_quantity": 40, "supplier": "Weft Ltd",
            "order_id": 1, "order_number": "ORD-20261121-A4F2K7Q9ZM", "amount": "10.00 EUR",
            "since": "2026-11-21 10:30 UTC", "count_id": 1, "count_number": "CNT-20261121-A4F2K7Q9ZM", "lines": 2,
            "missing_units": 3, "surplus_units": 1, "violations": ["0 ≤ reserved ≤ stock: variant 14 at 1"], "more_violations": 0,
        }],
    })
}
