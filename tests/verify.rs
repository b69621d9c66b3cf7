//! The check of the books finds what is wrong, each by its name. All other tests rely on it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use common::{TestApp, books, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

const CODES_REGISTERED: &str = "every SKU and barcode is registered";
const CODES_NAME: &str = "a registered code is the SKU or barcode of what it names";

/// What spoils the books, and the rule that has to tell. The last word says whether the auditor of the
/// tests has to notice as well.
const DAMAGES: [(&str, &str, bool); 23] = [
    (
        "0 <= reserved <= stock",
        "ALTER TABLE stock_levels DROP CONSTRAINT stock_levels_reserved_check; \
         UPDATE stock_levels SET reserved_quantity = stock_quantity + 1",
        true,
    ),
    ("a level is the sum of its movements", "UPDATE stock_levels SET stock_quantity = stock_quantity + 1", true),
    ("a movement continues the one before", "UPDATE stock_movements SET stock_after = 7 WHERE version = 1", true),
    (
        "a movement continues the one before",
        "INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
             sold_delta, stock_after, reserved_after, sold_after, actor, created_at) \
         SELECT store_id, 999999, location_id, 1, 'receive', 1, 0, 0, 1, 0, 0, 'system', created_at \
         FROM stock_movements LIMIT 1",
        true,
    ),
    (
        "a line's effect on stock is what its order's status says",
        "UPDATE stock_movements SET reference_id = 'ORD-X' WHERE kind = 'restore'",
        true,
    ),
    (
        "the allocations of a line are its quantity",
        "UPDATE order_items SET allocations = jsonb_set(allocations, '{0,quantity}', '1000')",
        false,
    ),
    (
        "totals are of the items, and no order is without",
        "UPDATE order_items SET quantity = 9, total_price = 9 * unit_price",
        true,
    ),
    ("totals are of the items, and no order is without", "DELETE FROM order_items", true),
    ("a line belongs to an order", "UPDATE order_items SET order_id = order_id + 1000000", true),
    ("a line belongs to an order", "UPDATE order_items SET order_id = -order_id", true),
    ("only legal transitions", "UPDATE order_history SET from_status = 'shipped' WHERE from_status IS NOT NULL", true),
    ("the last row of the history is the status", "UPDATE orders SET status = 'delivered'", true),
    ("paid before the deadline, expired at or after it", "UPDATE orders SET paid_at = NULL", false),
    ("received and refunded are the sums of the payments", "UPDATE orders SET received_amount = 1000000", true),
    ("a stored key has its answer and an order of the same caller", "UPDATE idempotency_keys SET body = NULL", true),
    (CODES_REGISTERED, "DELETE FROM product_codes WHERE kind = 'barcode'", true),
    (CODES_REGISTERED, "DELETE FROM product_codes WHERE variant_id IS NULL", true),
    (CODES_REGISTERED, "UPDATE variants SET barcode = '333' WHERE barcode = '222'", true),
    (CODES_NAME, "UPDATE variants SET barcode = NULL WHERE barcode = '222'", true),
    (CODES_NAME, "UPDATE product_codes SET variant_id = NULL WHERE code = 'rice'", true),
    (CODES_NAME, "UPDATE product_codes SET variant_id = (SELECT MIN(id) FROM variants) WHERE code = 'tee'", true),
    (
        CODES_NAME,
        "INSERT INTO product_codes (store_id, kind, code, product_id) SELECT store_id, 'sku', 'ghost', id FROM products \
         WHERE sku = 'tee'",
        true,
    ),
    ("every write has its audit entry, once", "DELETE FROM audit_log WHERE entity = 'Product'", false),
];

/// A store in which everything has happened once.
fn busy_store() -> TestApp {
    let app = TestApp::start();
    let rice =
        app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 50, "barcode": "111"}));
    let sizes = json!([{"size": "M", "barcode": "222"}]);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 10, "sizes": sizes, "barcode": "444"}));
    let (mara, admin) = (app.customer("mara"), app.admin());
    let (kept, cancelled) = (mara.buy(&rice, 2), mara.buy(&rice, 3));
    mara.post_nothing(&format!("/orders/{}/cancel", cancelled["id"])).expect(200);
    let paid = json!({"payment_reference": "pay_1"});
    admin.post(&format!("/orders/{}/payment/confirm", kept["id"]), &paid).expect(200);
    app
}

#[test]
fn each_kind_of_damage_is_told_by_its_rule() {
    let app = busy_store();
    let conn = &mut app.connection();
    assert!(verify_all(conn).unwrap().ok && books::findings(conn).is_empty());
    for (rule, damage, is_noticed_by_both) in DAMAGES {
        conn.test_transaction(|conn| {
            conn.batch_execute(damage)?;
            let found = verify_all(conn).unwrap();
            let rules: Vec<&str> = found.violations.iter().map(|violation| violation.rule.as_str()).collect();
            assert!(!found.ok && rules.contains(&rule), "{damage}: told {rules:?} instead of {rule}");
            assert!(found.violations.iter().all(|violation| !violation.row.is_empty()), "{damage}");
            assert_eq!(!books::findings(conn).is_empty(), is_noticed_by_both, "{damage}: {:?}", books::findings(conn));
            Ok::<(), diesel::result::Error>(())
        });
    }
}

#[test]
fn an_order_of_two_keys_is_told() {
    let app = busy_store();
    let conn = &mut app.connection();
    conn.test_transaction(|conn| {
        conn.batch_execute(
            "INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, status, body, order_id, created_at) \
             SELECT store_id, caller, key || '-again', fingerprint, status, body, order_id, created_at \
             FROM idempotency_keys WHERE order_id IS NOT NULL",
        )?;
        let found = verify_all(conn).unwrap();
        assert!(found.violations.iter().any(|violation| violation.rule == "one key for each order"), "{found:?}");
        Ok::<(), diesel::result::Error>(())
    });
}

#[test]
fn staff_ask_for_it_over_http() {
    let app = busy_store();
    let keeper = app.staff(&["inventory:read"]);
    let clean = keeper.get("/inventory/verify").expect(200).json();
    assert_eq!((&clean["ok"], &clean["violations"]), (&json!(true), &json!([])));
    assert!(clean["checked"].as_i64().unwrap() >= 10, "{clean}");
    let conn = &mut app.connection();
    conn.batch_execute("UPDATE stock_levels SET sold_quantity = sold_quantity + 1").unwrap();
    let spoilt = keeper.get("/inventory/verify").expect(200).json();
    assert_eq!((&spoilt["ok"], &spoilt["violations"][0]["store_id"]), (&json!(false), &json!(app.store.0)));
    assert_eq!(spoilt["violations"][0]["rule"], "a level is the sum of its movements");
    assert!(spoilt["violations"][0]["row"].as_str().unwrap().contains("sold 3 of 2"), "{spoilt}");
    conn.batch_execute("UPDATE stock_levels SET sold_quantity = sold_quantity - 1").unwrap();
    app.customer("mara").get("/inventory/verify").refused(403, "FORBIDDEN");
}
