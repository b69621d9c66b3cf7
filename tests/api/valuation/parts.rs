use diesel::connection::SimpleConnection;

use super::{both, count, execute, figures, rice};
use crate::common::ledger_audit::NAME_ROWS;
use crate::common::{TestApp, json};

/// Receives a unit at a location, with the next id of the ledger.
fn receive_unit(location: &str) -> String {
    format!(
        "UPDATE stock_levels SET stock_quantity = stock_quantity + 1, version = version + 1 WHERE location_id = (SELECT id FROM locations WHERE {location}); \
         INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, \
                sold_delta, stock_after, reserved_after, sold_after, actor, created_at) \
         SELECT store_id, variant_id, location_id, version, 'receive', 1, 0, 0, stock_quantity, 0, 0, 'system', now() \
         FROM stock_levels WHERE location_id = (SELECT id FROM locations WHERE {location});"
    )
}

#[test]
fn a_movement_that_is_committed_late_is_not_left_out() {
    let app = TestApp::start();
    let rice = rice(&app);
    let main = app.main_location();
    let moved = json!({"quantity": 1, "location_id": main, "from": "sellable", "to": "quarantine", "reason": "wet"});
    app.admin().post(&format!("/inventory/products/{}/move", rice.id), &moved).expect(200);
    app.value_stock();
    let mut late = app.connection();
    late.batch_execute("BEGIN").unwrap();
    late.batch_execute(&receive_unit("kind = 'quarantine'")).unwrap();
    late.batch_execute(NAME_ROWS).unwrap();
    app.receive(&rice, 1, app.main_location()).expect(200);
    assert_eq!(figures(&app, ""), "16 17.8 1.11, 17.8 0.0 0.0 17.8");
    // The other movement has a smaller id and an earlier time. It is seen even after a long time.
    app.advance(600);
    app.value_stock();
    late.batch_execute("COMMIT").unwrap();
    assert_eq!(figures(&app, ""), "17 19.1 1.12, 19.1 0.0 0.0 19.1");
    assert_eq!(app.value_stock(), 0);
}

#[test]
fn folding_after_each_act_gives_the_same_as_folding_once() {
    let story = |after_each: bool| {
        let app = TestApp::start();
        let value = || {
            if after_each {
                app.value_stock();
            }
        };
        let rice = rice(&app);
        let mara = app.customer("mara");
        let mut orders = Vec::new();
        for units in [1, 3, 2] {
            value();
            orders.push(mara.buy(&rice, units));
        }
        value();
        app.set_stock(&rice, 7);
        value();
        mara.cancel(&orders[1]).expect(200);
        value();
        mara.cancel(&orders[0]).expect(200);
        let rows = "SELECT COUNT(*) AS number FROM valuation_rows WHERE variant_id IN (SELECT id FROM variants)";
        (both(&app), count(&app, rows))
    };
    let (figures, rows) = story(false);
    assert_eq!(story(true), (figures, rows));
    assert_eq!(rows, 8);
}

#[test]
fn old_movements_are_valued_in_the_first_run() {
    let app = TestApp::start();
    let main = app.main_location();
    app.create_product(&json!({"sku": "rice", "name": "Rice", "price": 3, "cost_price": 2, "initial_stock": 0}));
    // 2500 sizes with three movements of the day before.
    execute(
        &app,
        &format!(
            "INSERT INTO variants (store_id, product_id, sku, size, status, created_at, updated_at, size_key) \
             SELECT p.store_id, p.id, 'rice-' || n, n::text, 'active', now(), now(), n::text \
             FROM products p, generate_series(1, 2500) n; \
             INSERT INTO stock_levels (store_id, variant_id, location_id, stock_quantity, reserved_quantity, sold_quantity, version, updated_at) \
             SELECT store_id, id, {main}, 6, 0, 0, 3, now() FROM variants WHERE size IS NOT NULL; \
             INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, sold_delta, \
                    stock_after, reserved_after, sold_after, actor, created_at) \
             SELECT store_id, variant_id, {main}, n, 'receive', n, 0, 0, n * (n + 1) / 2, 0, 0, 'system', now() - interval '1 day' \
             FROM stock_levels, generate_series(1, 3) n WHERE version = 3 ORDER BY variant_id, n"
        ),
    );
    assert_eq!(figures(&app, ""), "0 0.0 null, 30000.0 0.0 0.0 30000.0");
    execute(
        &app,
        "DELETE FROM valuation_rows; DELETE FROM valuation_hours; DELETE FROM valuation_checkpoints; DELETE FROM valuations; \
                   DELETE FROM stock_movements; DELETE FROM stock_levels; DELETE FROM variants WHERE size IS NOT NULL",
    );
}

/// Each part brings back units of forty items. Each event looked at all movements of its order, which took minutes.
#[test]
fn an_order_that_was_cancelled_in_many_parts_is_valued_at_once() {
    let app = TestApp::start();
    let products: Vec<_> = (0..40)
        .map(|number| {
            let sku = format!("tea-{number}");
            app.create_product(&json!({"sku": sku, "name": sku, "price": 3, "cost_price": 2, "initial_stock": 1_000}))
        })
        .collect();
    let items: Vec<_> = products.iter().map(|product| json!({"product_id": product.id, "quantity": 1_000})).collect();
    let order = app.customer("mara").post("/orders", &json!({"items": items})).expect(201).json();
    let items = order["items"].as_array().unwrap().iter();
    let lines: Vec<_> = items.map(|item| json!({"item_id": item["id"], "quantity": 1})).collect();
    let part = json!({"lines": lines, "reason": "r"});
    let clerk = app.staff(&["orders:update"]);
    for _ in 0..100 {
        clerk.post(&format!("/orders/{}/cancel-lines", order["id"]), &part).expect(200);
    }
    // 100 units of 40 products are back at 2.00. The other 900 are sold.
    assert_eq!(both(&app), ["100 200.0 2.0, 8000.0 72000.0 0.0 80000.0"; 2]);
}
