//! The check of the ledger finds each kind of damage of shipments and invoices and names its rule.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::Shop;
use crate::common::ledger_audit;

const DELIVERED: &str = "an order is delivered if its shipments are delivered or lost, and at least one is delivered";
const GAPS: &str = "the invoice numbers of a store have no gaps";
const NUMBER: &str = "an order has the number of its invoice";

/// Damages, each with the rule that must report it. The audit of the tests must find them, too.
const DAMAGES: [(&str, &str); 11] = [
    (DELIVERED, "UPDATE shipments SET delivered_at = NULL"),
    (DELIVERED, "UPDATE shipments SET delivered_at = now() WHERE delivered_at IS NULL AND lost_at IS NULL"),
    (DELIVERED, "UPDATE shipments SET delivered_at = NULL, lost_at = now(), lost_reason = 'r' WHERE lost_at IS NULL"),
    (GAPS, "UPDATE invoice_counters SET last_number = 3"),
    (GAPS, "DELETE FROM invoice_counters"),
    (GAPS, "UPDATE invoices SET number = 7, invoice_number = 'INV-000007' WHERE number = 2"),
    (GAPS, "DELETE FROM invoices WHERE number = 1"),
    (NUMBER, "UPDATE orders SET invoice_number = NULL WHERE invoice_number = 'INV-000001'"),
    (NUMBER, "UPDATE orders SET invoice_number = 'INV-000009' WHERE invoice_number IS NULL"),
    (NUMBER, "UPDATE invoices SET invoice_number = 'INV-000009' WHERE number = 1"),
    (NUMBER, "UPDATE invoices SET content = content || '{\"order_number\": \"ORD-1\"}' WHERE number = 1"),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let shop = Shop::open();
    let (arrived, shipped, sold) = (shop.order(2), shop.order(1), shop.order(1));
    shop.lose(&shop.ship(&arrived, 1));
    shop.deliver(&shop.ship(&arrived, 1));
    shop.ship(&shipped, 1);
    for order in [&arrived, &sold] {
        shop.clerk.post_nothing(&format!("/orders/{}/invoice", order["id"])).expect(201);
    }
    shop.app.value_stock();
    let conn = &mut shop.app.connection();
    assert!(verify_all(conn).unwrap().ok && ledger_audit::findings(conn).is_empty());
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
