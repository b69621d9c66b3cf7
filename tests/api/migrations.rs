//! The migrations: up, down and up again; by two servers at the same time; and on databases of other versions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::database::TestDatabase;
use crate::common::{TestApp, json, ledger_audit, process, race};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use stockroom::db::migrate;
use stockroom::jobs::fill_folded_text::fill_folded_text;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The whole schema as sorted text, without diesel's own table and without the routines of extensions.
const CATALOG: &str = "
    SELECT line FROM (
        SELECT format('relation %s kind %s options %s persistence %s', c.oid::regclass, c.relkind, c.reloptions,
                      c.relpersistence) AS line
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('column %s.%s %s null %s identity %s default %s', a.attrelid::regclass, a.attname,
                      format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, a.attidentity,
                      pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
              AND NOT a.attisdropped
        UNION ALL
        SELECT format('constraint %s %s: %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT format('index %s: %s', indexname, indexdef) FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL
        SELECT format('sequence %s: %s from %s by %s', sequencename, data_type, start_value, increment_by)
        FROM pg_sequences WHERE schemaname = 'public'
        UNION ALL
        SELECT format('view %s: %s', viewname, definition) FROM pg_views WHERE schemaname = 'public'
        UNION ALL
        SELECT format('trigger %s on %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT format('type %s', t.oid::regtype) FROM pg_type t
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd')
        UNION ALL
        SELECT format('routine %s', p.oid::regprocedure) FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ) catalog
    WHERE line NOT LIKE '%\\_\\_diesel\\_schema\\_migrations%' AND line NOT LIKE 'routine diesel\\_%'
    ORDER BY line";

fn catalog(conn: &mut PgConnection) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(CATALOG).load(conn).unwrap();
    lines.into_iter().map(|row| row.line).collect()
}

/// Fails with the differences only, because a whole catalog is a long text.
#[track_caller]
fn assert_same(found: &[String], expected: &[String]) {
    let lacks = |lines: &[String], of: &[String]| of.iter().filter(|line| !lines.contains(line)).cloned().collect();
    let (missing, added): (Vec<String>, Vec<String>) = (lacks(found, expected), lacks(expected, found));
    assert!(missing.is_empty() && added.is_empty(), "missing: {missing:#?}\nadded: {added:#?}");
    assert_eq!(found.len(), expected.len());
}

fn applied(conn: &mut PgConnection) -> Vec<String> {
    let versions: Vec<Line> =
        diesel::sql_query("SELECT version::text AS line FROM __diesel_schema_migrations ORDER BY version")
            .load(conn)
            .unwrap();
    versions.into_iter().map(|row| row.line).collect()
}

#[test]
fn migrations_up_down_and_up_again_give_the_same_schema() {
    let database = TestDatabase::empty();
    let conn = &mut database.connect();
    let all = migrate::run(conn).unwrap();
    assert!(all.len() >= 4, "{all:?}");
    let first = catalog(conn);
    assert!(first.iter().any(|line| line.starts_with("constraint orders orders_total_check")), "{first:#?}");
    for _ in 0..2 {
        migrate::revert_all(conn).unwrap();
        assert_same(&catalog(conn), &[]);
        assert_eq!(applied(conn), Vec::<String>::new());
        assert_eq!(migrate::run(conn).unwrap(), all);
        assert_same(&catalog(conn), &first);
    }
    assert_eq!(migrate::run(conn).unwrap(), Vec::<String>::new());
}

#[test]
fn every_table_and_view_has_a_comment() {
    let database = TestDatabase::migrated();
    let relations: Vec<Line> = diesel::sql_query(
        "SELECT format('%s: %s', c.relname, obj_description(c.oid, 'pg_class')) AS line FROM pg_class c \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') \
           AND c.relname <> '__diesel_schema_migrations'",
    )
    .load(&mut database.connect())
    .unwrap();
    let without: Vec<&String> = relations.iter().map(|row| &row.line).filter(|line| line.ends_with(": ")).collect();
    assert!(relations.len() > 20 && without.is_empty(), "no COMMENT ON: {without:?}");
}

/// Versions before 0.2.0 had other migrations, which made tables of the same names.
#[test]
fn a_database_of_an_older_version_is_refused_and_stays_as_it_is() {
    let database = TestDatabase::empty();
    let conn = &mut database.connect();
    conn.batch_execute(
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP DEFAULT now()); \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('20261121070000'); \
         CREATE TABLE stores (id BIGINT)",
    )
    .unwrap();
    let before = catalog(conn);
    for command in ["serve", "migrate"] {
        let mut program = process::stockroom(&[command]);
        program.env("DATABASE_URL", &database.url).env("JWT_SECRET", "a secret that only this test has, nobody else");
        let refused = process::run(&mut program);
        let message = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success());
        assert!(message.contains("before 0.2.0") && message.contains("`make reset`"), "{command}: {message}");
    }
    assert_same(&catalog(conn), &before);
    assert_eq!(applied(conn), ["20261121070000"]);
}

/// While servers are upgraded one by one, an old one may start again on the new schema.
#[test]
fn a_database_of_a_newer_version_is_accepted() {
    let database = TestDatabase::migrated();
    let conn = &mut database.connect();
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231235959')")
        .execute(conn)
        .unwrap();
    assert_eq!(migrate::run(conn).unwrap(), Vec::<String>::new());
}

#[test]
fn two_servers_that_migrate_at_once_both_start() {
    let alone = TestDatabase::migrated();
    let (expected, versions) = (catalog(&mut alone.connect()), applied(&mut alone.connect()));
    for _ in 0..10 {
        let database = TestDatabase::empty();
        let applied_by = race(2, |_| migrate::run(&mut database.connect()).unwrap());
        let conn = &mut database.connect();
        assert_eq!(applied(conn), versions);
        assert_same(&catalog(conn), &expected);
        // One server has run all migrations, and the other one none.
        let mut counts: Vec<usize> = applied_by.iter().map(Vec::len).collect();
        counts.sort_unstable();
        assert_eq!(counts, [0, versions.len()]);
    }
}

/// Constraints are the last guard against rows that the code would never write.
#[test]
fn the_database_refuses_rows_that_break_a_constraint() {
    let database = TestDatabase::migrated();
    let conn = &mut database.connect();
    let store = crate::common::shop::create_store(conn, "S");
    let refused = [
        ("stock_levels_reserved_check", "5, 6, 0"),
        ("stock_levels_reserved_check", "5, -1, 0"),
        ("stock_levels_reserved_check", "-1, 0, 0"),
        ("stock_levels_committed_check", "5, 0, -1"),
    ];
    for (constraint, figures) in refused {
        let insert = format!(
            "INSERT INTO stock_levels (store_id, variant_id, location_id, stock_quantity, reserved_quantity, \
             sold_quantity, version, updated_at) VALUES ({store}, 1, 1, {figures}, 0, now())"
        );
        assert_refused(conn, &insert, constraint);
    }
    for (constraint, columns, values) in [
        ("order_items_allocations_check", "allocations", "'{}'"),
        ("order_items_units_check", "allocations, cancelled_quantity", "'[]', 2"),
        ("order_items_units_check", "allocations, shipped_quantity, cancelled_quantity", "'[]', 1, 1"),
        ("order_items_units_check", "allocations, returned_quantity", "'[]', 1"),
        ("order_items_shares_check", "allocations, discount_amount", "'[]', 2"),
    ] {
        let insert = format!(
            "INSERT INTO order_items (store_id, order_id, product_id, variant_id, sku, product_name, quantity, \
             unit_price, total_price, attributes, {columns}) \
             VALUES ({store}, 1, 1, 1, 'a', 'A', 1, 1, 1, '{{}}', {values})"
        );
        assert_refused(conn, &insert, constraint);
    }
}

#[track_caller]
fn assert_refused(conn: &mut PgConnection, insert: &str, constraint: &str) {
    let error = diesel::sql_query(insert).execute(conn).unwrap_err();
    let diesel::result::Error::DatabaseError(_, info) = error else { panic!("{error}") };
    assert_eq!(info.constraint_name(), Some(constraint), "{insert}");
}

/// Versions before it had no committed units and no shipments.
#[test]
fn the_migration_of_places_commits_the_units_of_open_orders() {
    let mut app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 100), app.customer("mara"));
    let clerk = app.admin();
    let open = mara.buy(&rice, 3);
    let sent = mara.buy(&rice, 5);
    clerk.post(&format!("/orders/{}/shipments", sent["id"]), &json!({})).expect(201);
    let part = mara.buy(&rice, 7);
    let line = json!([{"item_id": part["items"][0]["id"], "quantity": 2}]);
    clerk.post(&format!("/orders/{}/shipments", part["id"]), &json!({"lines": line})).expect(201);
    mara.post("/orders", &json!({"payment_method": "upi", "items": [{"product_id": rice.id, "quantity": 4}]}))
        .expect(201);
    app.stop();
    let conn = &mut app.connection();
    assert_eq!(committed(conn), 8);
    let since: Vec<_> =
        migration_folders().into_iter().filter(|folder| folder.as_str() >= "2026-11-28-200000").collect();
    for folder in since.iter().rev() {
        conn.batch_execute(&migration(folder, "down.sql")).unwrap();
    }
    for folder in &since {
        conn.batch_execute(&migration(folder, "up.sql")).unwrap();
    }
    // The older version does not know that two units of an open order were shipped.
    assert_eq!(committed(conn), 10);
    ledger_audit::assert_clean(conn);
    let lines: Vec<Line> = diesel::sql_query(
        "SELECT format('%s: %s of %s', o.order_number, i.shipped_quantity, i.quantity) AS line FROM orders o \
         JOIN order_items i ON i.store_id = o.store_id AND i.order_id = o.id WHERE i.shipped_quantity > 0",
    )
    .load(conn)
    .unwrap();
    let lines: Vec<String> = lines.into_iter().map(|row| row.line).collect();
    assert_eq!(lines, [format!("{}: 5 of 5", sent["order_number"].as_str().unwrap())]);
    assert_eq!(open["status"], "pending");
}

/// Versions before it had no credits. Money of a cancelled order was due without them.
#[test]
fn the_migration_of_credits_credits_cancelled_orders() {
    let mut app = TestApp::start();
    app.set_store(&json!({"shipping_flat_rate": 20, "tax_rate": 5}));
    let (rice, mara, cashier) = (app.product("rice", 10.0, 100), app.customer("mara"), app.cashier());
    let (kept, cancelled) = (mara.order_now(&rice, 3).expect(201).json(), mara.order_now(&rice, 4).expect(201).json());
    cashier.confirm(&cancelled, "pay-1").expect(200);
    mara.cancel(&cancelled).expect(200);
    cashier.confirm(&cancelled, "late").refused(409, "INVALID_TRANSITION");
    let expired = mara.order_upi(&rice, 5);
    app.advance(901);
    assert_eq!(app.expire_holds(), 1);
    // A reference that an older version took for two orders.
    cashier.confirm(&kept, "pay-1").refused(409, "PAYMENT_REFERENCE_USED");
    app.stop();
    let conn = &mut app.connection();
    let since = |folder: &String| folder.as_str() >= "2026-11-29-100200";
    let folders: Vec<String> = migration_folders().into_iter().filter(since).collect();
    for folder in folders.iter().rev() {
        conn.batch_execute(&migration(folder, "down.sql")).unwrap();
    }
    // The older version knew no credits, and this money was not unapplied then.
    conn.batch_execute("UPDATE orders SET credited_amount = 0, unapplied_amount = 0").unwrap();
    for folder in &folders {
        conn.batch_execute(&migration(folder, "up.sql")).unwrap();
    }
    ledger_audit::assert_clean(conn);
    let lines: Vec<Line> = diesel::sql_query(
        "SELECT format('%s: %s, %s, %s of %s', c.kind, c.total_amount, c.shipping_amount, l.quantity, o.id) AS line \
         FROM credits c JOIN orders o ON o.store_id = c.store_id AND o.id = c.order_id \
         JOIN credit_lines l ON l.store_id = c.store_id AND l.credit_id = c.id ORDER BY o.id",
    )
    .load(conn)
    .unwrap();
    let lines: Vec<String> = lines.into_iter().map(|row| row.line).collect();
    // 40.00 + 2.00 + 20.00 and 50.00 + 2.50 + 20.00.
    let expected = [
        format!("cancel: 6200, 2000, 4 of {}", cancelled["id"]),
        format!("cancel: 7250, 2000, 5 of {}", expired["id"]),
    ];
    assert_eq!(lines, expected);
    let due: Line = diesel::sql_query(
        "SELECT string_agg(format('%s: %s', id, received_amount), ', ' ORDER BY id) AS line FROM orders \
         WHERE received_amount - refunded_amount > total_amount - credited_amount",
    )
    .get_result(conn)
    .unwrap();
    assert_eq!(due.line, format!("{}: 12400", cancelled["id"]));
}

/// Versions before it had the search text of an order in its row. The server had not filled in all of them.
#[test]
fn the_migration_of_order_texts_keeps_them_and_the_server_adds_missing_ones() {
    let mut app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 100), app.customer("mara"));
    let [first, second] = [1, 2].map(|quantity| mara.buy(&rice, quantity));
    app.relay_feed();
    assert_eq!(app.write_search_texts(), 2);
    app.stop();
    let conn = &mut app.connection();
    let written = order_texts(conn);
    assert!(written[0].starts_with(&format!("{}: ord-", first["id"])), "{written:?}");
    let since = |folder: &String| folder.as_str() >= "2026-12-02-140000";
    let folders: Vec<String> = migration_folders().into_iter().filter(since).collect();
    for missing in [None, Some(&second["id"])] {
        for folder in folders.iter().rev() {
            conn.batch_execute(&migration(folder, "down.sql")).unwrap();
        }
        if let Some(id) = missing {
            conn.batch_execute(&format!("UPDATE orders SET search_text = NULL WHERE id = {id}")).unwrap();
        }
        for folder in &folders {
            conn.batch_execute(&migration(folder, "up.sql")).unwrap();
        }
        assert_eq!(order_texts(conn), written[..2 - usize::from(missing.is_some())]);
        assert_eq!(fill_folded_text(conn).unwrap(), usize::from(missing.is_some()));
        assert_eq!(order_texts(conn), written);
    }
}

fn order_texts(conn: &mut PgConnection) -> Vec<String> {
    let texts = "SELECT format('%s: %s', order_id, search_text) AS line FROM order_search ORDER BY order_id";
    let lines: Vec<Line> = diesel::sql_query(texts).load(conn).unwrap();
    lines.into_iter().map(|row| row.line).collect()
}

fn committed(conn: &mut PgConnection) -> i64 {
    let row: Line =
        diesel::sql_query("SELECT SUM(committed_quantity)::text AS line FROM stock_levels").get_result(conn).unwrap();
    row.line.parse().unwrap()
}

fn migrations_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")
}

fn migration_folders() -> BTreeSet<String> {
    let folders = fs::read_dir(migrations_path()).unwrap();
    folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect()
}

fn migration(folder: &str, file: &str) -> String {
    fs::read_to_string(migrations_path().join(folder).join(file)).unwrap()
}
