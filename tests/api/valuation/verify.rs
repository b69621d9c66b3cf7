//! The check of the ledger finds damaged values.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::corrections::buy;
use super::rice;
use crate::common::{TestApp, ledger_audit};

/// Damages of values, each with the rule that must report it. The last value is true if the audit of the tests must find it
/// too.
const DAMAGES: [(&str, &str, bool); 9] = [
    (
        "stock 0 has value 0, and no value is negative",
        "ALTER TABLE valuation_rows DROP CONSTRAINT valuation_rows_value_check; \
         UPDATE valuation_rows SET average_value = average_value - 10000, average_after = average_after - 10000",
        true,
    ),
    (
        "each value row starts from the values of the row before it",
        "UPDATE valuation_rows SET fifo_after = fifo_after + 1 WHERE kind = 'sale'",
        true,
    ),
    (
        "the valued units of a variant are those of the ledger, at each place",
        "UPDATE valuation_checkpoints SET places = '{\"1\": 3}'",
        true,
    ),
    (
        "the valued units of a variant are those of the ledger, at each place",
        "UPDATE valuation_checkpoints SET state = jsonb_set(state, '{quantity}', '3')",
        false,
    ),
    (
        "a checkpoint has the values of its last value row",
        "UPDATE valuation_checkpoints SET state = jsonb_set(state, '{average}', '\"3\"')",
        false,
    ),
    (
        "the sums of an hour are those of its value rows: paid is in stock, sold or written off",
        "UPDATE valuation_hours SET average_sold = average_sold + 1",
        true,
    ),
    (
        "a purchase is valued at the cost of its receipt",
        "UPDATE inbound_receipt_lines SET unit_cost = unit_cost + 1",
        false,
    ),
    (
        "folding the values from zero gives the same",
        "UPDATE valuation_rows SET unit_cost = 90 WHERE kind = 'other'",
        false,
    ),
    (
        "folding the values from zero gives the same",
        "UPDATE valuation_checkpoints SET state = jsonb_set(state, '{layers,0,units}', '3')",
        false,
    ),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let app = TestApp::start();
    let rice = rice(&app);
    buy(&app, &rice, 4, 150);
    app.customer("mara").buy(&rice, 2);
    app.value_stock();
    let conn = &mut app.connection();
    assert!(verify_all(conn).unwrap().ok && ledger_audit::findings(conn).is_empty());
    for (rule, damage, is_noticed_by_both) in DAMAGES {
        conn.test_transaction(|conn| {
            conn.batch_execute(damage)?;
            let found = verify_all(conn).unwrap();
            let rules: Vec<&str> = found.violations.iter().map(|violation| violation.rule.as_str()).collect();
            assert!(!found.ok && rules.contains(&rule), "{damage}: found {rules:?} instead of {rule}");
            assert_eq!(!ledger_audit::findings(conn).is_empty(), is_noticed_by_both, "{damage}");
            Ok::<(), diesel::result::Error>(())
        });
    }
}
