use super::{both, count, execute, figures};
use crate::common::ledger_audit::NAME_ROWS;
use crate::common::shop::Product;
use crate::common::{TestApp, Value, json};

/// A receipt of a purchase order of one product.
pub struct Purchase {
    order: Value,
}

/// Orders units, and receives them at a cost in minor units.
pub fn buy(app: &TestApp, product: &Product, units: i64, unit_cost: i64) -> Purchase {
    let admin = app.admin();
    let mill = json!({"code": format!("MILL-{unit_cost}-{units}"), "name": "Mill"});
    let supplier = admin.post("/suppliers", &mill).expect(201).id();
    let lines = json!([{"product_id": product.id, "quantity": units, "unit_cost": 0}]);
    let order = json!({"supplier_id": supplier, "location_id": app.main_location(), "lines": lines});
    let order = admin.post("/purchase-orders", &order).expect(201).json();
    let path = format!("/purchase-orders/{}", order["id"]);
    admin.post_nothing(&format!("{path}/order")).expect(200);
    let cost = format!("{}.{:02}", unit_cost / 100, unit_cost % 100);
    let lines = json!([{"line_id": order["lines"][0]["id"], "accepted": units, "unit_cost": cost}]);
    Purchase { order: admin.post(&format!("{path}/receive"), &json!({"lines": lines})).expect(200).json() }
}

impl Purchase {
    fn path(&self, act: &str) -> String {
        let receipt = &self.order["receipts"][0]["receipt_number"];
        format!("/purchase-orders/{}/receipts/{}/{act}", self.order["id"], receipt.as_str().unwrap())
    }

    /// Takes its units out again.
    fn reverse(&self, app: &TestApp) {
        app.admin().post(&self.path("reverse"), &json!({"reason": "Wrong goods"})).expect(200);
    }

    /// Corrects its cost as the supplier bills it.
    fn correct(&self, app: &TestApp, unit_cost: f64) {
        let lines = json!([{"line_id": self.order["lines"][0]["id"], "unit_cost": unit_cost}]);
        app.admin().post(&self.path("costs"), &json!({"lines": lines})).expect(200);
    }
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
    second.reverse(&app);
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
    first.reverse(&app);
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
    first.correct(&app, 1.2);
    // 5 × 1.20 and 16.00 × 6 / 10. By FIFO: 5 × 1.20, then 5 × 1.20 + 2.00.
    let corrected = ["4 6.4 1.6, 6.4 15.6 0.0 22.0", "4 8.0 2.0, 8.0 14.0 0.0 22.0"];
    assert_eq!(both(&app), corrected);
    // The last correction counts, also for units that come back.
    first.correct(&app, 0.9);
    first.correct(&app, 1.2);
    mara.cancel(&order).expect(200);
    assert_eq!(both(&app), ["9 12.4 1.38, 12.4 9.6 0.0 22.0", "9 14.0 1.56, 14.0 8.0 0.0 22.0"]);
    first.correct(&app, 1.0);
    assert_eq!(both(&app), ["9 11.0 1.22, 11.0 9.0 0.0 20.0", "9 13.0 1.44, 13.0 7.0 0.0 20.0"]);
}

#[test]
fn a_correction_before_the_job_has_run_counts() {
    let app = TestApp::start();
    let rice = empty(&app);
    let receipt = buy(&app, &rice, 2, 100);
    receipt.correct(&app, 1.5);
    assert_eq!(figures(&app, ""), "2 3.0 1.5, 3.0 0.0 0.0 3.0");
    assert_eq!(
        count(&app, "SELECT COUNT(*) AS number FROM valuation_checkpoints WHERE fold_again_from IS NOT NULL"),
        0
    );
}

#[test]
fn a_valuation_starts_again_in_the_middle_of_a_long_ledger() {
    let app = TestApp::start();
    let rice = empty(&app);
    let (id, main) = (rice.id, app.main_location());
    let remove_one_by_one = |units: i64| {
        let row =
            format!("l.location_id = {main} AND l.variant_id = (SELECT id FROM variants WHERE product_id = {id})");
        execute(
            &app,
            &format!(
                "INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
                        sold_delta, stock_after, reserved_after, sold_after, actor, created_at) \
                 SELECT l.store_id, l.variant_id, l.location_id, l.version + n, 'remove', -1, 0, 0, l.stock_quantity - n, 0, 0, \
                        'system', now() + n * interval '1 microsecond' \
                 FROM stock_levels l, generate_series(1, {units}) n WHERE {row} ORDER BY n; \
                 UPDATE stock_levels l SET version = version + {units}, stock_quantity = stock_quantity - {units} WHERE {row}"
            ),
        );
        execute(&app, NAME_ROWS);
    };
    let first = buy(&app, &rice, 14_000, 100);
    remove_one_by_one(12_000);
    app.value_stock();
    let second = buy(&app, &rice, 1_000, 400);
    remove_one_by_one(1_000);
    // 2000 × 1.00 + 1000 × 4.00 = 6000.00, of which a third is gone. By FIFO: 1000 × 1.00.
    assert_eq!(
        both(&app),
        ["2000 4000.0 2.0, 4000.0 0.0 14000.0 18000.0", "2000 5000.0 2.5, 5000.0 0.0 13000.0 18000.0"]
    );
    second.correct(&app, 1.0);
    assert_eq!(both(&app), ["2000 2000.0 1.0, 2000.0 0.0 13000.0 15000.0"; 2]);
    // A correction of the first receipt values more rows than fit into a transaction.
    first.correct(&app, 2.0);
    // 5000.00 for 3000 units: each of the thousand takes 1.67. By FIFO, 13000 × 2.00 is gone.
    assert_eq!(
        both(&app),
        ["2000 3330.0 1.67, 3330.0 0.0 25670.0 29000.0", "2000 3000.0 1.5, 3000.0 0.0 26000.0 29000.0"]
    );
}
