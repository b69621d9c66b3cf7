//! The roll-ups and the job that folds them: kills between and within its transactions, late commits, corrections of
//! costs, and folding again.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::db::tx::{self, Mode};
use stockroom::db::{End, Failure};
use stockroom::kernel::id::VariantId;
use stockroom::reports::sales::fold::{self, PartSize};
use stockroom::reports::sales::queries::units::list_daily_units;

use super::{Shop, count, day, execute, figures, go_to, item, margin, read};
use crate::common::jobs;
use crate::common::{Value, json};

const DAYS: &str = "from=2027-02-01&to=2027-02-03";

/// All rows of the roll-ups, as text.
fn rows(shop: &Shop) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        row: String,
    }
    let sql = "SELECT 'v' || r::text AS row FROM sales_by_variant r UNION ALL \
               SELECT 'p' || r::text FROM sales_by_payment_method r UNION ALL \
               SELECT 'c' || r::text FROM sales_by_customer r ORDER BY 1";
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut shop.app.connection()).unwrap();
    rows.into_iter().map(|row| row.row).collect()
}

/// Sales, credits and refunds of three days.
fn trade(shop: &Shop) {
    for at in ["2027-02-01T10:00:00Z", "2027-02-02T10:00:00Z", "2027-02-03T10:00:00Z"] {
        go_to(&shop.app, at);
        let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
        shop.confirm(&order);
        shop.post(&order, "credits", &json!({"amount": 5, "reason": "late"})).expect(201);
        shop.post(&order, "refund", &json!({"refund_reference": format!("b-{at}"), "amount": 5})).expect(200);
        shop.mara.cancel(&shop.order(&shop.mara, &[(&shop.rice, 1)])).expect(200);
    }
}

#[test]
fn the_units_of_variants_can_be_read_by_day() {
    let shop = Shop::open();
    trade(&shop);
    shop.app.fold_sales();
    let mut conn = shop.app.connection();
    let rice = count(&shop.app, "SELECT id AS number FROM variants WHERE sku = 'rice'");
    let oil = count(&shop.app, "SELECT id AS number FROM variants WHERE sku = 'oil'");
    let days = (day("2027-02-02"), day("2027-02-03"));
    let found = list_daily_units(&mut conn, shop.app.store, &[VariantId(rice), VariantId(oil)], days).unwrap();
    let found: Vec<_> = found.iter().map(|row| (row.variant_id.0, row.day, row.units, row.credited_units)).collect();
    let expected = [(rice, days.0, 3, 1), (rice, days.1, 3, 1), (oil, days.0, 1, 0), (oil, days.1, 1, 0)];
    assert_eq!(found, expected);
}

#[test]
fn folding_in_parts_at_once_or_again_gives_the_same_rows() {
    let shop = Shop::open();
    trade(&shop);
    shop.app.fold_sales();
    let once = rows(&shop);
    assert!(once.len() > 10);
    // One row of the feed at a time.
    execute(
        &shop.app,
        "DELETE FROM sales_by_variant; DELETE FROM sales_by_payment_method; DELETE FROM sales_by_customer;
                        UPDATE sales_folds SET position = 0",
    );
    let end = count(&shop.app, "SELECT position AS number FROM feed_positions");
    for position in 1..=end {
        execute(
            &shop.app,
            &format!(
                "ALTER TABLE feed RENAME TO whole_feed; CREATE VIEW feed AS \
                                     SELECT * FROM whole_feed WHERE position <= {position}"
            ),
        );
        let next = |conn: &mut _| fold::fold(conn, shop.app.store, PartSize::default());
        let folded = tx::run(&mut shop.app.connection(), Mode::Write, next).unwrap();
        execute(&shop.app, "DROP VIEW feed; ALTER TABLE whole_feed RENAME TO feed");
        assert_eq!(folded.rows, 1);
    }
    assert_eq!(rows(&shop), once);
    // From the beginning, as `stockroom rollups --rebuild` does.
    let mut conn = shop.app.connection();
    tx::run(&mut conn, Mode::Write, |conn| fold::start_again(conn, shop.app.store)).unwrap();
    let live = read(&shop.app, DAYS);
    jobs::fold_all_sales(&mut conn);
    assert_eq!(rows(&shop), once);
    assert_eq!(read(&shop.app, DAYS), live);
    // Nothing is left to do.
    assert_eq!(shop.app.fold_sales(), 0);
    assert_eq!(rows(&shop), once);
}

#[test]
fn a_fold_that_ends_before_its_commit_leaves_nothing_behind() {
    let shop = Shop::open();
    shop.app.fold_sales();
    trade(&shop);
    shop.app.relay_feed();
    shop.app.value_stock();
    let expected = read(&shop.app, DAYS);
    for _ in 0..3 {
        let mut conn = shop.app.connection();
        let killed: Result<(), Failure> = tx::run(&mut conn, Mode::Write, |conn| {
            let folded = fold::fold(conn, shop.app.store, PartSize::default())?;
            assert!(matches!(folded, End::Commit(folded) if folded.rows > 0));
            Err(Failure::Internal("killed".to_owned()))
        });
        assert!(killed.is_err());
        assert_eq!(rows(&shop), Vec::<String>::new());
        assert_eq!(read(&shop.app, DAYS), expected);
    }
    // While another server folds the store, nothing happens.
    let mut other = shop.app.connection();
    other.batch_execute("BEGIN").unwrap();
    fold::fold(&mut other, shop.app.store, PartSize::default()).unwrap();
    assert_eq!(jobs::fold_sales(shop.app.jobs()), 0);
    assert_eq!(read(&shop.app, DAYS), expected);
    other.batch_execute("ROLLBACK").unwrap();
    assert!(shop.app.fold_sales() > 0);
    assert_eq!(read(&shop.app, DAYS), expected);
}

#[test]
fn a_sale_that_is_relayed_late_counts_on_its_own_day() {
    let shop = Shop::open();
    shop.app.relay_feed();
    go_to(&shop.app, "2027-02-01T23:59:00Z");
    shop.order(&shop.mara, &[(&shop.oil, 1)]);
    // Its row of the outbox is not there yet while the next day is folded.
    execute(&shop.app, "CREATE TABLE late AS SELECT * FROM outbox; DELETE FROM outbox");
    go_to(&shop.app, "2027-02-02T00:01:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 2)]);
    shop.app.fold_sales();
    assert_eq!(figures(item(&read(&shop.app, DAYS), "2027-02-01")).0, 0);
    execute(&shop.app, "INSERT INTO outbox SELECT * FROM late; DROP TABLE late");
    let found = shop.report(DAYS);
    assert_eq!(figures(item(&found, "2027-02-01")), (1, 1, [2000, 0, 100, 2000, 0, 0, 2000]));
    assert_eq!(figures(item(&found, "2027-02-02")), (1, 2, [2000, 0, 100, 2000, 0, 0, 2000]));
    assert_eq!(
        (item(&found, "2027-02-01")["new_customers"].as_i64(), item(&found, "2027-02-02")["new_customers"].as_i64()),
        (Some(1), Some(0))
    );
}

#[test]
fn a_sale_waits_for_its_cost() {
    let shop = Shop::open();
    shop.app.fold_sales();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 2)]);
    shop.app.relay_feed();
    assert_eq!(jobs::fold_sales(shop.app.jobs()), 0);
    // It is in the report, without a margin.
    let found = read(&shop.app, DAYS);
    assert_eq!((figures(&found["totals"]).0, margin(&found["totals"])), (1, None));
    shop.app.value_stock();
    assert_eq!(margin(&read(&shop.app, DAYS)["totals"]), Some(800));
    assert_eq!(jobs::fold_sales(shop.app.jobs()), 1);
    assert_eq!(margin(&read(&shop.app, DAYS)["totals"]), Some(800));
}

/// Orders units of a product, and receives them at a cost of 6.00. Returns the purchase order.
fn buy(shop: &Shop, units: i64) -> Value {
    let admin = shop.app.admin();
    let supplier = admin.post("/suppliers", &json!({"code": "MILL", "name": "Mill"})).expect(201).id();
    let lines = json!([{"product_id": shop.rice.id, "quantity": units, "unit_cost": 6}]);
    let order = json!({"supplier_id": supplier, "location_id": shop.app.main_location(), "lines": lines});
    let order = admin.post("/purchase-orders", &order).expect(201).json();
    let path = format!("/purchase-orders/{}", order["id"]);
    admin.post_nothing(&format!("{path}/order")).expect(200);
    let lines = json!([{"line_id": order["lines"][0]["id"], "accepted": units}]);
    admin.post(&format!("{path}/receive"), &json!({"lines": lines})).expect(200).json()
}

#[test]
fn a_corrected_cost_changes_the_margin_of_the_sales_since_the_receipt() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let before = shop.order(&shop.mara, &[(&shop.rice, 500)]);
    go_to(&shop.app, "2027-02-02T10:00:00Z");
    let purchase = buy(&shop, 500);
    shop.order(&shop.mara, &[(&shop.rice, 100)]);
    go_to(&shop.app, "2027-02-03T10:00:00Z");
    shop.mara.cancel(&before).expect(200);
    shop.order(&shop.mara, &[(&shop.rice, 10)]);
    let margins = |found: &Value| ["2027-02-01", "2027-02-02", "2027-02-03"].map(|day| margin(item(found, day)));
    assert_eq!(margins(&shop.report(DAYS)), [Some(200_000), Some(40_000), Some(4_000 - 200_000)]);

    let receipt = purchase["receipts"][0]["receipt_number"].as_str().unwrap();
    let path = format!("/purchase-orders/{}/receipts/{receipt}/costs", purchase["id"]);
    let lines = json!([{"line_id": purchase["lines"][0]["id"], "unit_cost": 8}]);
    shop.app.admin().post(&path, &json!({"lines": lines})).expect(200);
    // 500 units at 6.00 and 500 at 8.00 cost 7.00 on average. 900 of them were left when 500 came back at 6.00:
    // 9,300.00 for 1,400 units, of which 10 were sold.
    shop.app.value_stock();
    shop.app.fold_sales();
    let found = read(&shop.app, DAYS);
    assert_eq!(margins(&found), [Some(200_000), Some(30_000), Some(3_357 - 200_000)]);
    shop.app.audit();
}
