use diesel::connection::SimpleConnection;
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::inventory::valuation::correct::correct_receipt;

use super::{both, count, execute, figures};
use crate::common::shop::Product;
use crate::common::{TestApp, json};

/// Receives units of a purchase at a cost in minor units, and writes its documents. Returns the id of the receipt.
pub fn buy(app: &TestApp, product: &Product, units: i64, unit_cost: i64) -> i64 {
    let number = format!("RCP-{}", count(app, "SELECT COUNT(*) AS number FROM inbound_receipts"));
    change_stock(app, product, "in", units, &number);
    let (store, product) = (app.store, product.id);
    execute(
        app,
        &format!(
            "INSERT INTO suppliers (store_id, code, name, folded_name, active, created_at, updated_at) \
             VALUES ({store}, 'MILL', 'Mill', 'mill', true, now(), now()) ON CONFLICT DO NOTHING; \
             WITH purchase AS (INSERT INTO inbounds (store_id, inbound_number, kind, status, supplier_id, to_location_id, \
                        version, actor, created_at, updated_at) \
                 SELECT {store}, 'PO-{number}', 'purchase', 'received', s.id, \
                        (SELECT MIN(id) FROM locations WHERE store_id = {store}), 1, 'system', now(), now() \
                 FROM suppliers s WHERE s.store_id = {store} RETURNING id), \
             line AS (INSERT INTO inbound_lines (store_id, inbound_id, variant_id, quantity, unit_cost, sent_quantity, \
                        over_quantity, accepted_quantity, rejected_quantity, lost_quantity, returned_quantity, \
                        cancelled_quantity, outstanding_quantity) \
                 SELECT {store}, purchase.id, v.id, {units}, {unit_cost}, {units}, 0, {units}, 0, 0, 0, 0, 0 \
                 FROM purchase, variants v WHERE v.product_id = {product} RETURNING id, inbound_id), \
             receipt AS (INSERT INTO inbound_receipts (store_id, inbound_id, receipt_number, actor, created_at) \
                 SELECT {store}, line.inbound_id, '{number}', 'system', m.created_at \
                 FROM line, stock_movements m WHERE m.reference_id = '{number}' RETURNING id) \
             INSERT INTO inbound_receipt_lines (store_id, receipt_id, line_id, accepted_quantity, rejected_quantity, \
                        over_quantity, quarantined_quantity, unit_cost) \
             SELECT {store}, receipt.id, line.id, {units}, 0, 0, 0, {unit_cost} FROM receipt, line"
        ),
    );
    count(app, &format!("SELECT id AS number FROM inbound_receipts WHERE receipt_number = '{number}'"))
}

/// Takes the units of a receipt out again.
fn reverse(app: &TestApp, product: &Product, units: i64, receipt: i64) {
    change_stock(app, product, "out", units, "RCP-BACK");
    execute(
        app,
        &format!(
            "WITH back AS (INSERT INTO inbound_receipts (store_id, inbound_id, receipt_number, reverses_id, actor, created_at) \
                 SELECT r.store_id, r.inbound_id, 'RCP-BACK', r.id, 'system', m.created_at \
                 FROM inbound_receipts r, stock_movements m WHERE r.id = {receipt} AND m.reference_id = 'RCP-BACK' RETURNING id) \
             INSERT INTO inbound_receipt_lines (store_id, receipt_id, line_id, accepted_quantity, rejected_quantity, \
                        over_quantity, quarantined_quantity, unit_cost) \
             SELECT l.store_id, back.id, l.line_id, -l.accepted_quantity, 0, 0, 0, l.unit_cost \
             FROM inbound_receipt_lines l, back WHERE l.receipt_id = {receipt}; \
             UPDATE inbound_lines SET accepted_quantity = 0, outstanding_quantity = quantity \
             WHERE id = (SELECT line_id FROM inbound_receipt_lines WHERE receipt_id = {receipt}); \
             UPDATE inbounds SET status = 'ordered' WHERE id = (SELECT inbound_id FROM inbound_receipts WHERE id = {receipt})"
        ),
    );
}

fn change_stock(app: &TestApp, product: &Product, kind: &str, units: i64, number: &str) {
    let body = json!({"quantity": units, "movement_type": kind, "reason": "delivery", "reference_id": number});
    app.admin().put(&format!("/inventory/products/{}/stock", product.id), &body).expect(200);
}

/// Corrects the cost of a receipt, in one transaction with the mark for the job.
fn correct(app: &TestApp, receipt: i64, unit_cost: i64) {
    let store = app.store;
    tx::run(&mut app.connection(), Mode::Write, |conn| {
        conn.batch_execute(&format!(
            "INSERT INTO inbound_receipt_costs (store_id, receipt_id, line_id, unit_cost, actor, created_at) \
             SELECT store_id, receipt_id, line_id, {unit_cost}, 'system', now() FROM inbound_receipt_lines WHERE receipt_id = {receipt}"
        ))?;
        correct_receipt(conn, store, receipt)?;
        Ok(End::Commit(()))
    })
    .unwrap();
}

fn empty(app: &TestApp) -> Product {
    app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 3, "initial_stock": 0}))
}

#[test]
fn a_purchase_is_valued_at_its_own_cost_and_a_reversal_at_the_same() {
    let app = TestApp::start();
    let rice = empty(&app);
    app.set_product(&rice, &json!({"cost_price": 7}));
    buy(&app, &rice, 10, 100);
    let second = buy(&app, &rice, 5, 130);
    assert_eq!(both(&app), ["15 16.5 1.1, 16.5 0.0 0.0 16.5"; 2]);
    app.customer("mara").buy(&rice, 6);
    // 16.50 × 6 / 15, and 6 × 1.00.
    assert_eq!(both(&app), ["9 9.9 1.1, 9.9 6.6 0.0 16.5", "9 10.5 1.17, 10.5 6.0 0.0 16.5"]);
    reverse(&app, &rice, 5, second);
    // 6.50 goes back to the supplier.
    assert_eq!(both(&app), ["4 3.4 0.85, 3.4 6.6 0.0 10.0", "4 4.0 1.0, 4.0 6.0 0.0 10.0"]);
    app.customer("asha").buy(&rice, 4);
    assert_eq!(both(&app), ["0 0.0 null, 0.0 10.0 0.0 10.0"; 2]);
}

#[test]
fn a_reversal_takes_no_more_value_than_there_is() {
    let app = TestApp::start();
    let rice = empty(&app);
    let first = buy(&app, &rice, 10, 200);
    buy(&app, &rice, 10, 100);
    app.customer("mara").buy(&rice, 10);
    reverse(&app, &rice, 10, first);
    // 15.00 was left, and 20.00 was taken back: the sale had taken 5.00 less than its units cost. By FIFO, it had taken the
    // units of the receipt, and the others are left for the reversal.
    assert_eq!(both(&app), ["0 0.0 null, 0.0 15.0 -5.0 10.0", "0 0.0 null, 0.0 20.0 -10.0 10.0"]);
}

#[test]
fn a_corrected_cost_values_everything_after_its_receipt_anew() {
    let app = TestApp::start();
    let rice = empty(&app);
    let first = buy(&app, &rice, 10, 100);
    let mara = app.customer("mara");
    let order = mara.buy(&rice, 5);
    buy(&app, &rice, 5, 200);
    mara.buy(&rice, 6);
    // 5 × 1.00 and 15.00 × 6 / 10 were sold. By FIFO: 5 × 1.00, then 5 × 1.00 + 2.00.
    assert_eq!(both(&app), ["4 6.0 1.5, 6.0 14.0 0.0 20.0", "4 8.0 2.0, 8.0 12.0 0.0 20.0"]);
    correct(&app, first, 120);
    // 5 × 1.20 and 16.00 × 6 / 10. By FIFO: 5 × 1.20, then 5 × 1.20 + 2.00.
    let corrected = ["4 6.4 1.6, 6.4 15.6 0.0 22.0", "4 8.0 2.0, 8.0 14.0 0.0 22.0"];
    assert_eq!(both(&app), corrected);
    // The last correction counts, also for units that come back.
    correct(&app, first, 90);
    correct(&app, first, 120);
    mara.cancel(&order).expect(200);
    assert_eq!(both(&app), ["9 12.4 1.38, 12.4 9.6 0.0 22.0", "9 14.0 1.56, 14.0 8.0 0.0 22.0"]);
    correct(&app, first, 100);
    assert_eq!(both(&app), ["9 11.0 1.22, 11.0 9.0 0.0 20.0", "9 13.0 1.44, 13.0 7.0 0.0 20.0"]);
}

#[test]
fn a_correction_before_the_job_has_run_counts() {
    let app = TestApp::start();
    let rice = empty(&app);
    let receipt = buy(&app, &rice, 2, 100);
    correct(&app, receipt, 150);
    assert_eq!(figures(&app, ""), "2 3.0 1.5, 3.0 0.0 0.0 3.0");
    assert_eq!(
        count(&app, "SELECT COUNT(*) AS number FROM valuation_checkpoints WHERE fold_again_from IS NOT NULL"),
        0
    );
}

#[test]
fn a_fold_starts_again_in_the_middle_of_a_long_ledger() {
    let app = TestApp::start();
    let rice = empty(&app);
    let sell = |units: i64, id: &str| {
        let number = format!(
            "SELECT MAX(version) AS number FROM stock_levels l JOIN variants v ON v.id = l.variant_id WHERE v.product_id = {id}"
        );
        let version = count(&app, &number);
        execute(
            &app,
            &format!(
                "INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
                        sold_delta, stock_after, reserved_after, sold_after, actor, created_at) \
                 SELECT l.store_id, l.variant_id, l.location_id, {version} + n, 'remove', -1, 0, 0, l.stock_quantity - n, 0, 0, 'system', \
                        now() + n * interval '1 microsecond' \
                 FROM stock_levels l JOIN variants v ON v.id = l.variant_id, generate_series(1, {units}) n WHERE v.product_id = {id} \
                 ORDER BY n; \
                 UPDATE stock_levels l SET version = version + {units}, stock_quantity = stock_quantity - {units} \
                 FROM variants v WHERE v.id = l.variant_id AND v.product_id = {id}"
            ),
        );
    };
    buy(&app, &rice, 14_000, 100);
    sell(12_000, &rice.id.to_string());
    app.fold_values();
    let second = buy(&app, &rice, 1_000, 400);
    sell(1_000, &rice.id.to_string());
    // 2000 × 1.00 + 1000 × 4.00 = 6000.00, of which a third is gone. By FIFO: 1000 × 1.00.
    assert_eq!(
        both(&app),
        ["2000 4000.0 2.0, 4000.0 0.0 14000.0 18000.0", "2000 5000.0 2.5, 5000.0 0.0 13000.0 18000.0"]
    );
    correct(&app, second, 100);
    assert_eq!(both(&app), ["2000 2000.0 1.0, 2000.0 0.0 13000.0 15000.0"; 2]);
    // A correction of the first receipt folds more rows than fit into a transaction.
    let first = count(&app, "SELECT MIN(id) AS number FROM inbound_receipts");
    correct(&app, first, 200);
    // 5000.00 for 3000 units: each of the thousand takes 1.67. By FIFO, 13000 × 2.00 is gone.
    assert_eq!(
        both(&app),
        ["2000 3330.0 1.67, 3330.0 0.0 25670.0 29000.0", "2000 3000.0 1.5, 3000.0 0.0 26000.0 29000.0"]
    );
}
