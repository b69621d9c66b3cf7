//! Barcodes that were stored before their check digits were checked.

use crate::common::database::TestDatabase;
use crate::common::{TestApp, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use stockroom::db::migrate;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    row: String,
}

const UP: &str = include_str!("../../../migrations/2026-11-28-220100_add_barcodes/up.sql");
const DOWN: &str = include_str!("../../../migrations/2026-11-28-220100_add_barcodes/down.sql");

fn keys(conn: &mut PgConnection) -> Vec<String> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT format('%s of %s: %s', code, product_id, code_key) AS row FROM product_codes ORDER BY product_id, code",
    )
    .load(conn)
    .unwrap();
    rows.into_iter().map(|row| row.row).collect()
}

#[test]
fn old_gtins_get_one_key_and_conflicts_do_not_stop_the_migration() {
    let database = TestDatabase::empty();
    let conn = &mut database.connect();
    migrate::run(conn).unwrap();
    conn.batch_execute(DOWN).unwrap();
    conn.batch_execute(
        "INSERT INTO stores (id, code, name, currency, tax_rate_ppm, shipping_flat_rate, guest_orders, hold_cart_items, \
                payment_methods, created_at, updated_at) \
         SELECT n, 'S' || n, 'S', 'INR', 0, 0, true, false, '{}', now(), now() FROM generate_series(1, 2) AS n; \
         INSERT INTO products (store_id, id, sku, name, price, has_sizes, status, created_at, updated_at) \
         SELECT s, n, 'p' || n, 'P', 1, true, 'active', now(), now() FROM generate_series(1, 2) AS s, \
                generate_series(1, 5) AS n; \
         INSERT INTO product_codes (store_id, kind, code_key, code, product_id) VALUES \
             (1, 'barcode', '012345678905', '012345678905', 1), (1, 'barcode', '0012345678905', '0012345678905', 2), \
             (1, 'barcode', '036000291452', '036000291452', 1), (1, 'barcode', '00036000291452', '00036000291452', 3), \
             (1, 'barcode', '4006381333932', '4006381333932', 4), (1, 'barcode', '111', '111', 4), \
             (1, 'barcode', '96385074', '96385074', 5), (1, 'sku', '4006381333931', '4006381333931', 5)",
    )
    .unwrap();
    conn.batch_execute(UP).unwrap();
    let expected = [
        // The oldest product of a GTIN has its key.
        "012345678905 of 1: 00012345678905",
        // Another one has the key already.
        "036000291452 of 1: 036000291452",
        "0012345678905 of 2: 0012345678905",
        "00036000291452 of 3: 00036000291452",
        "111 of 4: 111",
        "4006381333932 of 4: 4006381333932",
        "4006381333931 of 5: 4006381333931",
        "96385074 of 5: 00000096385074",
    ];
    assert_eq!(keys(conn), expected);
    conn.batch_execute(DOWN).unwrap();
    assert!(keys(conn).iter().all(|row| row.split_once(" of ").unwrap().0 == row.split_once(": ").unwrap().1));
    conn.batch_execute(UP).unwrap();
    assert_eq!(keys(conn), expected);
}

#[test]
fn old_barcodes_that_are_not_valid_stay_until_they_are_changed() {
    let app = TestApp::start();
    let admin = app.admin();
    for (sku, barcode) in [("old", "012345678905"), ("twin", "a"), ("misprint", "b")] {
        let body = json!({"sku": sku, "name": sku, "price": 1, "barcode": barcode});
        admin.post("/inventory/products", &body).expect(201);
    }
    for (before, old) in [("a", "0012345678905"), ("b", "4006381333932")] {
        app.connection()
            .batch_execute(&format!(
                "UPDATE products SET barcode = '{old}' WHERE barcode = '{before}'; \
                 UPDATE product_codes SET code = '{old}', code_key = '{old}' WHERE code = '{before}'"
            ))
            .unwrap();
    }
    for (code, sku) in [("0012345678905", "old"), ("012345678905", "old"), ("4006381333932", "misprint")] {
        let found = admin.get(&format!("/inventory/scan/{code}")).expect(200).json();
        assert_eq!(found["product"]["sku"], sku, "{code}");
    }
    for sku in ["twin", "misprint"] {
        let renamed = admin.patch(&format!("/inventory/products/{sku}"), &json!({"name": "New"})).expect(200).json();
        assert!(renamed["barcode"].is_string(), "{renamed}");
    }
    admin.delete("/inventory/products/twin/barcodes/012345678905").expect(204);
    assert_eq!(admin.get("/inventory/scan/012345678905").expect(200).json()["product"]["sku"], "old");
    let mended = admin.patch("/inventory/products/misprint", &json!({"barcode": "4006381333931"})).expect(200).json();
    assert_eq!(mended["barcode"], "4006381333931");
    admin.get("/inventory/scan/4006381333932").refused(422, "INVALID_BARCODE");
}
