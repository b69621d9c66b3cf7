//! The check of the ledger finds each kind of damage of transfers and names its rule.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::Stores;
use crate::common::{json, ledger_audit};

/// Damages of transfers, each with the rule that must report it. The audit of the tests must find them, too.
const DAMAGES: [(&str, &str); 8] = [
    (
        "stock in transit equals the outstanding units of transfers to that place",
        "UPDATE inbound_lines SET outstanding_quantity = outstanding_quantity - 1, returned_quantity = 1 \
         WHERE outstanding_quantity > 1",
    ),
    (
        "the movements of a transfer add up to the units that were found less those that were lost",
        "UPDATE stock_movements SET reference_id = 'TRF-X' WHERE kind = 'remove'",
    ),
    (
        "the movements of a transfer add up to the units that were found less those that were lost",
        "UPDATE stock_movements SET reference_id = 'RCP-X' WHERE kind = 'adjust'",
    ),
    (
        "a line of a transfer or a purchase order equals the sum of its receipts",
        "UPDATE inbound_receipt_lines SET accepted_quantity = accepted_quantity + 1",
    ),
    (
        "the status of a transfer follows from its lines and ends its history",
        "UPDATE inbounds SET status = 'received' WHERE status = 'partially_received'",
    ),
    (
        "each status change of a transfer is allowed",
        "UPDATE inbound_history SET from_status = 'received' WHERE to_status = 'in_transit'",
    ),
    (
        "a ready transfer holds its lines at its source, and no other transfer holds units",
        "UPDATE stock_holds SET quantity = quantity + 1 WHERE holder_kind = 'transfer' AND state = 'active'",
    ),
    (
        "a ready transfer holds its lines at its source, and no other transfer holds units",
        "UPDATE inbounds SET status = 'draft' WHERE status = 'ready'",
    ),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let stores = Stores::open();
    stores.ready(5);
    let sent = stores.sent(40);
    stores.receive(&sent, 20, 5).expect(200);
    stores.settle(&sent, 3, "lost").expect(200);
    let second = stores.sent(2);
    let over = json!({"lines": [{"line_id": second["lines"][0]["id"], "accepted": 3}], "allow_over": true});
    stores.act(&second, "receive", &over).expect(200);
    stores.app.value_stock();
    let conn = &mut stores.app.connection();
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
