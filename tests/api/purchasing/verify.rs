//! The check of the ledger finds each kind of damage of purchase orders and names its rule.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::Shop;
use crate::common::{json, ledger_audit};

/// Damages of purchase orders, each with the rule that must report it. The audit of the tests must find them, too.
const DAMAGES: [(&str, &str); 8] = [
    (
        "the movements of a purchase receipt equal its units",
        "UPDATE stock_movements SET reference_id = 'RCP-X' WHERE kind = 'receive' AND reference_id LIKE 'RCP-%'",
    ),
    (
        "the movements of a purchase receipt equal its units",
        "UPDATE inbound_receipt_lines SET quarantined_quantity = quarantined_quantity - 1 WHERE quarantined_quantity > 0",
    ),
    (
        "a line of a transfer or a purchase order equals the sum of its receipts",
        "UPDATE inbound_lines SET accepted_quantity = accepted_quantity + 1, outstanding_quantity = outstanding_quantity - 1 \
         WHERE accepted_quantity > 0 AND outstanding_quantity > 1",
    ),
    (
        "the status of a purchase order follows from its lines and ends its history",
        "UPDATE inbounds SET status = 'received' WHERE status = 'partially_received'",
    ),
    (
        "the status of a purchase order follows from its lines and ends its history",
        "UPDATE inbound_lines SET cancelled_quantity = outstanding_quantity, outstanding_quantity = 0",
    ),
    (
        "each status change of a purchase order is allowed",
        "UPDATE inbound_history SET from_status = 'received' WHERE to_status = 'ordered'",
    ),
    (
        "all units of a purchase order are ordered, and its lines and receipts have costs",
        "UPDATE inbound_lines SET sent_quantity = sent_quantity - 1, outstanding_quantity = outstanding_quantity - 1 \
         WHERE outstanding_quantity > 1",
    ),
    (
        "all units of a purchase order are ordered, and its lines and receipts have costs",
        "UPDATE inbound_receipt_lines SET unit_cost = NULL",
    ),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let shop = Shop::open();
    let order = shop.ordered(40);
    let line = &order["lines"][0]["id"];
    let body = json!({"lines": [{"line_id": line, "accepted": 20, "rejected": 5, "keep_rejected": true}]});
    let order = shop.act(&order, "receive", &body).expect(200).json();
    // Staff may name a receipt in a movement of their own.
    let manual = json!({"movement_type": "in", "quantity": 3, "reason": "Found",
                        "reference_id": order["receipts"][0]["receipt_number"]});
    shop.admin.put(&format!("/inventory/products/{}/stock", shop.rice.id), &manual).expect(200);
    shop.app.value_stock();
    let conn = &mut shop.app.connection();
    let verified = verify_all(conn).unwrap();
    assert!(verified.ok && ledger_audit::findings(conn).is_empty());
    for (rule, damage) in DAMAGES {
        conn.test_transaction(|conn| {
            conn.batch_execute(damage)?;
            let found = verify_all(conn).unwrap();
            let rules: Vec<&str> = found.violations.iter().map(|violation| violation.rule.as_str()).collect();
            assert!(rules.contains(&rule), "{damage}: found {rules:?} instead of {rule}");
            assert!(found.violations.iter().all(|violation| !violation.row.is_empty()), "{damage}");
            assert!(!ledger_audit::findings(conn).is_empty(), "{damage}");
            Ok::<(), diesel::result::Error>(())
        });
    }
}
