//! The papers of an invoice in memory.

use super::*;
use crate::kernel::id::{OrderId, StoreId};
use crate::kernel::money::Money;

const HOSTILE: &str = "</td><script>alert(1)</script>\"'&{{ seller }}";

fn stored() -> Invoice {
    let at = "2026-11-29T10:00:00Z".parse().unwrap();
    let item = InvoiceItem {
        sku: "tee".to_owned(),
        product_name: HOSTILE.to_owned(),
        size: Some("M".to_owned()),
        quantity: 3,
        unit_price: Money(999),
        total_price: Money(2_997),
        discount_amount: Money(0),
        tax_amount: Money(569),
        included_tax_amount: Money(0),
    };
    let line = serde_json::json!({"name": "VAT", "percent": 19, "base": 2997, "tax": 569, "included": false});
    let content = InvoiceContent {
        seller_name: HOSTILE.to_owned(),
        order_number: "ORD-20261129-A".to_owned(),
        ordered_at: at,
        currency: "INR".to_owned(),
        customer_name: Some(HOSTILE.to_owned()),
        customer_phone: None,
        delivery_address: Some(HOSTILE.to_owned()),
        billing_address: None,
        shipping_address: Some(serde_json::json!({"full_name": HOSTILE, "city": "Pune", "postal_code": "411001"})),
        payment_method: "cod".to_owned(),
        items: vec![item],
        subtotal: Money(2_997),
        discount_amount: Money(0),
        shipping_amount: Money(0),
        tax_amount: Money(569),
        included_tax_amount: Money(0),
        tax_lines: vec![serde_json::from_value(line).unwrap()],
        total_amount: Money(3_566),
        credits: Vec::new(),
        net_total: Money(3_566),
    };
    Invoice {
        store_id: StoreId(1),
        order_id: OrderId(5),
        number: 7,
        invoice_number: "INV-000007".to_owned(),
        content,
        actor: "user:1".to_owned(),
        created_at: at,
    }
}

#[test]
fn an_invoice_shows_its_amounts_with_all_decimals() {
    let page = invoice(&stored()).unwrap();
    for text in ["INV-000007", "ORD-20261129-A", "2026-11-29", "9.99", "29.97", "5.69", "35.66", "19 %", "411001 Pune"]
    {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    // Nothing is shown that is zero.
    assert!(!page.contains("Discount") && !page.contains("Delivery") && !page.contains("Credit"), "{page}");
}

#[test]
fn texts_of_others_are_escaped() {
    let page = invoice(&stored()).unwrap();
    assert!(!page.contains("<script>"), "{page}");
    // A text is never read as a template.
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("{{ seller }}"), "{page}");
}

#[test]
fn a_stored_invoice_is_read_as_it_was_written() {
    let content = stored().content;
    let stored: InvoiceContent = serde_json::from_value(serde_json::to_value(&content).unwrap()).unwrap();
    assert_eq!(stored, content);
}
