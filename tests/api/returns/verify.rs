//! The check of the ledger finds each kind of damage of returns and exchanges, and names its rule.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

use super::{Shop, item};
use crate::common::{json, ledger_audit};

const RECEIPTS: &str = "the units of a return line are those of its receipts";
const UNITS: &str = "the returned units of an item are those that arrived, and open returns have at most the others";
const STATUS: &str = "the status of a return follows from its lines and ends its history";
const MOVED: &str = "each line of a receipt moved its units and was credited";
const SHARES: &str = "the credits of an item are at most its share, and all of it if no units are left";
const PAID: &str = "the used amount of a credit is the payment of the order of an exchange";

/// Damages of returns, each with the rule that must report it. The audit of the tests must find them, too.
const DAMAGES: [(&str, &str); 16] = [
    (RECEIPTS, "UPDATE return_receipt_lines SET missing_quantity = missing_quantity + 1"),
    (RECEIPTS, "UPDATE return_lines SET restocked_quantity = 0, quarantined_quantity = 1 WHERE restocked_quantity = 1"),
    (UNITS, "UPDATE return_lines SET restocked_quantity = 0, missing_quantity = 1 WHERE restocked_quantity = 1"),
    (UNITS, "UPDATE return_lines SET quantity = quantity + 100"),
    (UNITS, "UPDATE order_items SET returned_quantity = 0"),
    (STATUS, "UPDATE returns SET status = 'received' WHERE status = 'partially_received'"),
    (STATUS, "UPDATE returns SET status = 'approved' WHERE status = 'partially_received'"),
    (STATUS, "DELETE FROM return_history"),
    (MOVED, "UPDATE stock_movements SET reference_id = 'RCP-X' WHERE kind = 'return'"),
    (MOVED, "UPDATE return_receipts SET credit_number = NULL"),
    (MOVED, "UPDATE return_receipt_lines SET fee = fee + 1"),
    (MOVED, "UPDATE stock_movements SET kind = 'adjust' WHERE kind = 'return'"),
    (SHARES, "UPDATE credit_lines SET fee = fee - 1 WHERE fee < 0"),
    (PAID, "UPDATE credits SET used_amount = used_amount - 1 WHERE used_amount > 0"),
    (PAID, "UPDATE orders SET exchange_of = NULL"),
    (PAID, "UPDATE order_payments SET reference = 'x' || id WHERE reference LIKE 'CRN-%'"),
];

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let shop = Shop::open();
    let pen = shop.app.product("pen", 3.0, 10);
    let order = shop.delivered_order(5);
    let lines = json!([{"item_id": item(&order), "quantity": 4}]);
    let body = json!({"return": lines, "items": [{"product_id": pen.id, "quantity": 5}]});
    let exchange = shop.post(&order, "exchange", &body).expect(201).json();
    shop.receive(&exchange["return"], json!({"restock": 1})).expect(200);
    shop.receive(&exchange["return"], json!({"scrap": 1, "missing": 1, "fee": 1})).expect(200);
    shop.post(&order, "credits", &json!({"amount": 1, "reason": "The fee was a mistake"})).expect(201);
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
