//! The check of the ledger finds each kind of damage of credits and names its rule.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::Shop;
use crate::common::{json, ledger_audit};

const UNITS: &str = "the cancelled and returned units of an item are those of its credits";
const SHARES: &str = "the credits of an item are at most its share, and all of it if no units are left";
const AMOUNTS: &str = "the amounts of a credit are those of its lines and of the delivery";
const SUMS: &str = "the credits of an order add up, and nothing is left of a cancelled one";
const MONEY: &str = "the unapplied money of an order and the refunds of its credits are those of its payments";

/// Damages of credits, each with the rule that must report it. The audit of the tests must find them, too.
const DAMAGES: [(&str, &str); 13] = [
    (UNITS, "UPDATE credit_lines SET quantity = quantity + 1 WHERE quantity = 1"),
    (UNITS, "UPDATE credits SET kind = 'return' WHERE kind = 'cancel'; UPDATE orders SET credited_items = 0"),
    (SHARES, "UPDATE credit_lines SET subtotal = subtotal - 100 WHERE quantity = 3"),
    (SHARES, "UPDATE credit_lines SET subtotal = subtotal + 100000 WHERE quantity = 1"),
    (AMOUNTS, "UPDATE credit_lines SET subtotal = subtotal + 1 WHERE quantity = 1"),
    (AMOUNTS, "UPDATE credits SET subtotal = subtotal + 1, total_amount = total_amount + 1"),
    (SUMS, "UPDATE orders SET credited_amount = credited_amount - 1 WHERE credited_amount > 0"),
    (SUMS, "UPDATE orders SET credit_used_amount = 1 WHERE credited_amount > 0"),
    (SUMS, "UPDATE orders SET credited_items = credited_items + 1 WHERE status = 'pending'"),
    (SUMS, "DELETE FROM credit_lines; DELETE FROM credits"),
    (MONEY, "UPDATE orders SET unapplied_amount = unapplied_amount - 1 WHERE unapplied_amount > 0"),
    (MONEY, "UPDATE credits SET refunded_amount = refunded_amount - 1 WHERE refunded_amount > 0"),
    (MONEY, "UPDATE order_payments SET credit_id = NULL WHERE credit_id IS NOT NULL"),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let shop = Shop::open();
    let order = shop.paid_order(5);
    shop.cancel_units(&order, 1).expect(200);
    shop.refund(&order, &json!({"refund_reference": "back", "credit_id": shop.credits(&order)[0]["id"]})).expect(200);
    shop.confirm(&order, "again").refused(409, "ALREADY_PAID");
    shop.forgive(&order, &json!({"amount": 3})).expect(201);
    shop.mara.cancel(&shop.order(3)).expect(200);
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
