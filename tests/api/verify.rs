//! The check of the ledger finds each kind of damage and names its rule. All other tests rely on it.

use crate::common::{TestApp, json, ledger_audit};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::reports::verify::verify_all;

const CODES_REGISTERED: &str = "each SKU and barcode is in product_codes";
const CODES_NAME: &str = "each row of product_codes matches its product or variant";

/// Damages of the ledger, each with the rule that must report it. The last value is true if the audit of the tests
/// must find it too.
const DAMAGES: [(&str, &str, bool); 36] = [
    (
        "0 <= reserved <= stock",
        "ALTER TABLE stock_levels DROP CONSTRAINT stock_levels_reserved_check; \
         UPDATE stock_levels SET reserved_quantity = stock_quantity + 1",
        true,
    ),
    (
        "a stock level equals the sum of its movements",
        "UPDATE stock_levels SET stock_quantity = stock_quantity + 1",
        true,
    ),
    (
        "each movement starts from the values of the movement before it",
        "UPDATE stock_movements SET stock_after = 7 WHERE version = 1",
        true,
    ),
    (
        "each movement starts from the values of the movement before it",
        "INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
             sold_delta, stock_after, reserved_after, sold_after, actor, created_at) \
         SELECT store_id, 999999, location_id, 1, 'receive', 1, 0, 0, 1, 0, 0, 'system', created_at \
         FROM stock_movements LIMIT 1",
        true,
    ),
    (
        "the movements of an order item match the status of its order",
        "UPDATE stock_movements SET reference_id = 'ORD-X' WHERE kind = 'restore'",
        true,
    ),
    (
        "the allocations of an order item add up to its units that are not cancelled",
        "UPDATE order_items SET allocations = jsonb_set(allocations, '{0,quantity}', '1000')",
        false,
    ),
    (
        "an order has items, and its totals match them",
        "UPDATE order_items SET quantity = 9, total_price = 9 * unit_price",
        true,
    ),
    ("an order has items, and its totals match them", "DELETE FROM order_items", true),
    ("the number of variants is that of their rows", "UPDATE variant_counts SET variants = variants + 1", true),
    ("the number of variants is that of their rows", "DELETE FROM variant_counts", true),
    (
        "the shares of the items add up to the discount and the taxes of the order",
        "UPDATE order_items SET tax_amount = tax_amount + 1000",
        true,
    ),
    (
        "the shares of the items add up to the discount and the taxes of the order",
        "UPDATE order_items SET discount_amount = 1",
        true,
    ),
    (
        "the tax lines add up to the taxes of the order",
        "UPDATE orders SET tax_lines = jsonb_set(tax_lines, '{0,included}', 'true')",
        true,
    ),
    (
        "the tax of a tax line is its percentage of its base",
        "UPDATE orders SET tax_lines = jsonb_set(tax_lines, '{0,base}', '5000')",
        true,
    ),
    (
        "an order that is collected names a place of its store and costs no delivery",
        "UPDATE orders SET pickup_location_id = (SELECT id FROM locations WHERE kind = 'transit' LIMIT 1)",
        true,
    ),
    (
        "the fulfilled quantities of a partial order are those of its items",
        "UPDATE orders SET unfulfilled = jsonb_build_array(jsonb_build_object('product_id', 1, 'size', NULL, \
             'requested_quantity', 99, 'fulfilled_quantity', 98))",
        true,
    ),
    ("each order item belongs to an order", "UPDATE order_items SET order_id = order_id + 1000000", true),
    ("each order item belongs to an order", "UPDATE order_items SET order_id = -order_id", true),
    (
        "each status change is allowed",
        "UPDATE order_history SET from_status = 'shipped' WHERE from_status IS NOT NULL",
        true,
    ),
    ("the last row of the history has the status of the order", "UPDATE orders SET status = 'delivered'", true),
    ("an order is paid before its deadline, or expires at or after it", "UPDATE orders SET paid_at = NULL", false),
    (
        "the received and refunded amounts equal the sums of the payments",
        "UPDATE orders SET received_amount = 1000000",
        true,
    ),
    (
        "each idempotency key has a stored response, and its order belongs to the same caller",
        "UPDATE idempotency_keys SET body = NULL",
        true,
    ),
    (CODES_REGISTERED, "DELETE FROM product_codes WHERE kind = 'barcode'", true),
    (CODES_REGISTERED, "DELETE FROM product_codes WHERE variant_id IS NULL", true),
    (CODES_REGISTERED, "UPDATE variants SET barcode = '333' WHERE barcode = '222'", true),
    (CODES_REGISTERED, "UPDATE product_codes SET position = 1 WHERE code = '222'", true),
    (CODES_NAME, "UPDATE variants SET barcode = NULL WHERE barcode = '222'", true),
    (CODES_NAME, "UPDATE product_codes SET variant_id = NULL WHERE code = 'rice'", true),
    (CODES_NAME, "UPDATE product_codes SET variant_id = (SELECT MIN(id) FROM variants) WHERE code = 'tee'", true),
    (
        CODES_NAME,
        "INSERT INTO product_codes SELECT store_id, 'sku', 'ghost', 'ghost', id FROM products \
         WHERE sku = 'tee'",
        true,
    ),
    (
        "the stored figures of scarce variants are those of their stock",
        "UPDATE scarce_variants SET sellable_quantity = 7",
        true,
    ),
    ("the stored figures of scarce variants are those of their stock", "DELETE FROM scarce_variants", true),
    ("the stored stock status of a variant is that of its stock", "DELETE FROM stock_states", true),
    ("the stored stock status of a variant is that of its stock", "UPDATE stock_states SET status = 'low_stock'", true),
    ("each product has one audit entry of its creation", "DELETE FROM audit_log WHERE entity = 'Product'", false),
];

/// A store with one of each kind of event.
fn busy_store() -> TestApp {
    let app = TestApp::start();
    app.set_store(&json!({"tax_rate": 5}));
    let rice =
        app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 10, "initial_stock": 50, "barcode": "111"}));
    let sizes = json!([{"size": "M", "barcode": "222"}]);
    app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 10, "sizes": sizes, "barcode": "444"}));
    let (mara, admin) = (app.customer("mara"), app.admin());
    let (kept, cancelled) = (mara.buy(&rice, 2), mara.buy(&rice, 3));
    mara.post_nothing(&format!("/orders/{}/cancel", cancelled["id"])).expect(200);
    let paid = json!({"payment_reference": "pay_1"});
    admin.post(&format!("/orders/{}/payment/confirm", kept["id"]), &paid).expect(200);
    app.value_stock();
    // Rows that may have changed since the job are not compared.
    app.advance(60);
    app.find_scarce_variants();
    app.relay_feed();
    app
}

#[test]
fn each_kind_of_damage_is_reported_by_its_rule() {
    let app = busy_store();
    let conn = &mut app.connection();
    assert!(verify_all(conn).unwrap().ok && ledger_audit::findings(conn).is_empty());
    for (rule, damage, is_noticed_by_both) in DAMAGES {
        conn.test_transaction(|conn| {
            conn.batch_execute(damage)?;
            let found = verify_all(conn).unwrap();
            let rules: Vec<&str> = found.violations.iter().map(|violation| violation.rule.as_str()).collect();
            assert!(!found.ok && rules.contains(&rule), "{damage}: found {rules:?} instead of {rule}");
            assert!(found.violations.iter().all(|violation| !violation.row.is_empty()), "{damage}");
            assert_eq!(
                !ledger_audit::findings(conn).is_empty(),
                is_noticed_by_both,
                "{damage}: {:?}",
                ledger_audit::findings(conn)
            );
            Ok::<(), diesel::result::Error>(())
        });
    }
}

#[test]
fn an_order_of_two_keys_is_reported() {
    let app = busy_store();
    let conn = &mut app.connection();
    conn.test_transaction(|conn| {
        conn.batch_execute(
            "INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, status, body, order_id, created_at) \
             SELECT store_id, caller, key || '-again', fingerprint, status, body, order_id, created_at \
             FROM idempotency_keys WHERE order_id IS NOT NULL",
        )?;
        let found = verify_all(conn).unwrap();
        assert!(
            found.violations.iter().any(|violation| violation.rule == "each order has at most one idempotency key"),
            "{found:?}"
        );
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
    assert_eq!(spoilt["violations"][0]["rule"], "a stock level equals the sum of its movements");
    assert!(spoilt["violations"][0]["row"].as_str().unwrap().contains("sold 3 of 2"), "{spoilt}");
    conn.batch_execute("UPDATE stock_levels SET sold_quantity = sold_quantity - 1").unwrap();
    app.customer("mara").get("/inventory/verify").refused(403, "FORBIDDEN");
}
