//! The check of the ledger finds each kind of damage of counts and names its rule.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::Store;
use crate::common::{json, ledger_audit};

const MOVEMENT: &str = "a posted line of a count has exactly one movement, and no other line has one";
const STATUS: &str = "the status of a count follows from its lines and ends its history";
const ENTRIES: &str = "the counted units of a line follow from its entries";

/// Damages of counts, each with the rule that must report it. The audit of the tests must find them, too.
const DAMAGES: [(&str, &str); 13] = [
    (MOVEMENT, "UPDATE stock_movements SET reference_id = 'CNT-X' WHERE effective_at IS NOT NULL"),
    (MOVEMENT, "UPDATE stock_movements SET effective_at = effective_at - interval '1 second'"),
    (MOVEMENT, "UPDATE count_lines SET movement_version = movement_version + 1 WHERE status = 'posted'"),
    (MOVEMENT, "UPDATE count_lines SET expected_quantity = expected_quantity + 1 WHERE status = 'posted'"),
    (
        MOVEMENT,
        "UPDATE count_lines SET status = 'superseded', expected_quantity = NULL, unit_value = NULL, touched = NULL, \
         movement_version = NULL WHERE status = 'posted'",
    ),
    (
        MOVEMENT,
        "INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
                sold_delta, stock_after, reserved_after, sold_after, reference_id, actor, effective_at, created_at) \
         SELECT store_id, variant_id, location_id, version + 100, kind, 0, 0, 0, stock_after, reserved_after, sold_after, \
                reference_id, actor, effective_at, created_at FROM stock_movements WHERE effective_at IS NOT NULL",
    ),
    (
        "no look at a stock row is posted after a newer one",
        "INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
                sold_delta, stock_after, reserved_after, sold_after, reason, actor, effective_at, created_at) \
         SELECT store_id, variant_id, location_id, version + 100, kind, 0, 0, 0, stock_after, reserved_after, sold_after, \
                'x', actor, effective_at - interval '1 day', created_at FROM stock_movements WHERE effective_at IS NOT NULL",
    ),
    (ENTRIES, "UPDATE count_entries SET quantity = quantity + 1"),
    (ENTRIES, "UPDATE count_lines SET counted_quantity = 7 WHERE status = 'submitted'"),
    (STATUS, "UPDATE counts SET status = 'cancelled' WHERE status = 'submitted'"),
    (STATUS, "UPDATE count_lines SET status = 'open' WHERE status = 'submitted'"),
    (STATUS, "UPDATE counts SET line_count = line_count + 1"),
    (
        "each status change of a count is allowed",
        "UPDATE count_history SET from_status = 'posted' WHERE to_status = 'submitted'",
    ),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let store = Store::open();
    store.count_and_post(97);
    let waiting = store.count();
    store.enter(&waiting, 5, None);
    let scan = json!({"entries": [{"product_id": "rice", "quantity": 1, "add": true}]});
    store.act(&waiting, "entries", &scan).expect(200);
    store.submit(&waiting);
    store.app.value_stock();
    let conn = &mut store.app.connection();
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
