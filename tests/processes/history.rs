//! The demo store with a history: `stockroom seed --demo --history`.

use std::fs;
use std::process::Output;
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};

use crate::common::app::JWT_SECRET;
use crate::common::database::TestDatabase;
use crate::common::process::{self, Place, Process};
use crate::common::{Client, json, ledger_audit};
use crate::kills::log_in;

const DAYS: i64 = 40;
const TIMEOUT: Duration = Duration::from_secs(60);

fn seed(database: &TestDatabase, arguments: &[&str]) -> Output {
    let arguments = [&["seed", "--demo"], arguments].concat();
    process::run(process::stockroom(&arguments).env("DATABASE_URL", &database.url))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn count(conn: &mut PgConnection, query: &str) -> i64 {
    diesel::dsl::sql::<BigInt>(query).get_result(conn).unwrap()
}

#[test]
fn a_store_with_a_history_has_something_on_every_page() {
    let (database, place) = (TestDatabase::empty(), Place::new());
    let mut conn = database.connect();
    let before: DateTime<Utc> =
        diesel::dsl::sql::<Timestamptz>("SELECT clock_timestamp()").get_result(&mut conn).unwrap();
    let output = seed(&database, &["--history", &DAYS.to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("with a history of 40 days"), "{}", text(&output.stdout));
    assert_past(&mut conn, before);
    assert_returns(&mut conn);
    let mails = place.folder.join("mails");
    let mut serve = process::stockroom(&["serve"]);
    serve.env("DATABASE_URL", &database.url).env("JWT_SECRET", JWT_SECRET).env("STOCKROOM__MAIL__DIR", &mails);
    let server = Process::start(serve, &place.folder);
    let admin = server.client().with_token(&log_in(&server.client(), "admin@example.com", "stockroom-demo"));
    assert_lists(&admin);
    wait_for_jobs(&mut conn);
    assert_jobs(&mut conn);
    assert_reports(&admin);
    assert_eq!(admin.get("/inventory/verify?all=true").expect(200).json()["ok"], true);
    assert_eq!(fs::read_dir(&mails).unwrap().count(), 0, "a mail was sent for the past");
    assert_eq!(server.terminate().code(), Some(0));
    ledger_audit::assert_clean(&mut conn);
    assert_refused_again(&database, &mut conn);
}

/// A store that exists gets no history.
fn assert_refused_again(database: &TestDatabase, conn: &mut PgConnection) {
    let orders = count(conn, "SELECT count(*) FROM orders");
    let again = seed(database, &["--history", "40"]);
    assert_eq!(again.status.code(), Some(1), "{}", text(&again.stdout));
    assert!(text(&again.stderr).contains("the demo store exists already"), "{}", text(&again.stderr));
    let plain = seed(database, &[]);
    assert!(text(&plain.stdout).contains("nothing to do"), "{}", text(&plain.stdout));
    assert_eq!(count(conn, "SELECT count(*) FROM orders"), orders);
    let too_long = seed(database, &["--history", "401"]);
    assert_eq!(too_long.status.code(), Some(2), "{}", text(&too_long.stderr));
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    query: String,
}

/// Every row is of the past, and every kind of row is spread over it.
fn assert_past(conn: &mut PgConnection, before: DateTime<Utc>) {
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT table_name || '.' || column_name AS name, \
                format('SELECT COALESCE(max(%I), ''epoch'') FROM %I', column_name, table_name) AS query \
         FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' \
           AND column_name NOT IN ('expires_at', 'payment_expires_at', 'starts_at') \
           AND table_name NOT IN ('__diesel_schema_migrations', 'scarcity_changes') ORDER BY 1",
    )
    .load(conn)
    .unwrap();
    assert!(columns.len() > 50, "{}", columns.len());
    for Column { name, query } in columns {
        let last: DateTime<Utc> = diesel::dsl::sql::<Timestamptz>(&query).get_result(conn).unwrap();
        assert!(last < before, "{name} has the time {last}, but the history ended at {before}");
    }
    for table in ["orders", "order_history", "order_payments", "shipments", "stock_movements", "audit_log", "outbox"] {
        let days = count(conn, &format!("SELECT count(DISTINCT created_at::date) FROM {table}"));
        assert!(days >= DAYS, "{table} has rows of {days} days");
    }
}

/// Returns of every kind, which have no list of their own.
fn assert_returns(conn: &mut PgConnection) {
    for (status, least) in [("received", 2), ("requested", 1)] {
        let found = count(conn, &format!("SELECT count(*) FROM returns WHERE status = '{status}'"));
        assert!(found >= least, "{found} returns are {status}");
    }
    for units in ["restocked", "quarantined", "scrapped"] {
        assert!(count(conn, &format!("SELECT SUM({units}_quantity)::int8 FROM return_lines")) > 0, "{units}");
    }
    assert!(count(conn, "SELECT count(*) FROM orders WHERE exchange_of IS NOT NULL") > 0, "nothing was exchanged");
}

/// A list has at least this number of rows. Their number depends on the weekday and the hour of the present.
fn assert_many(admin: &Client, path: &str, least: i64) {
    let list = admin.get(path).expect(200).json();
    assert!(list["total"].as_i64().unwrap() >= least, "{path} has {} rows", list["total"]);
}

fn assert_lists(admin: &Client) {
    for (status, least) in [("pending", 6), ("under_paying", 1), ("shipped", 5), ("delivered", 200), ("cancelled", 10)]
    {
        assert_many(admin, &format!("/orders?status={status}"), least);
    }
    for (path, least) in [
        ("/orders?payment_status=refunded", 2),
        ("/orders?payment_status=expired", 2),
        ("/orders?refund_due=true", 1),
        ("/transfers?status=in_transit", 1),
        ("/transfers?status=received", 5),
        ("/purchase-orders?status=ordered", 1),
        ("/purchase-orders?status=received", 10),
        ("/counts?status=posted", 5),
        ("/counts?status=open", 1),
    ] {
        assert_many(admin, path, least);
    }
    let low = admin.get("/inventory/products/low-stock").expect(200).json();
    let low: Vec<&str> = low["items"].as_array().unwrap().iter().map(|one| one["sku"].as_str().unwrap()).collect();
    assert!(low.contains(&"prod_006") && low.contains(&"prod_005"), "{low:?}");
    let available = admin.get("/inventory/products/tee-red/availability/5?size=M").expect(200).json();
    assert_eq!(available["available_quantity"], json!(100), "as the README shows");
}

/// Waits until the jobs have read the whole feed.
fn wait_for_jobs(conn: &mut PgConnection) {
    let deadline = Instant::now() + TIMEOUT;
    let behind = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM feed_positions p \
                  LEFT JOIN feed_followers f ON f.store_id = p.store_id LEFT JOIN sales_folds s ON s.store_id = p.store_id \
                  LEFT JOIN hold_folds h ON h.store_id = p.store_id \
                  WHERE p.position > COALESCE(f.position, 0) OR p.position > COALESCE(s.position, 0) \
                     OR h.next_day IS NULL OR h.next_day < ((now() - interval '10 minutes') AT TIME ZONE 'Asia/Kolkata')::date)";
    while count(conn, behind) > 0 {
        assert!(Instant::now() < deadline, "the jobs have not read the feed");
        sleep(Duration::from_millis(100));
    }
}

/// The variants were out of stock at the times of the past. The forecasts have waited for the sales.
fn assert_jobs(conn: &mut PgConnection) {
    let periods = "SELECT count(*) FROM stock_outs WHERE started_at < now() - interval '5 days' \
                   AND ended_at - started_at BETWEEN interval '6 hours' AND interval '9 days'";
    assert!(count(conn, periods) > 0, "nothing was out of stock");
    let empty = "SELECT count(*) FROM forecast_runs WHERE is_complete AND NOT EXISTS (SELECT FROM stock_figures)";
    assert_eq!(count(conn, empty), 0, "the forecasts of the day miss all sales");
}

fn assert_reports(admin: &Client) {
    let today = Utc::now().with_timezone(&chrono::FixedOffset::east_opt(19_800).unwrap()).date_naive();
    let first = today - chrono::Duration::days(DAYS);
    let sales = admin.get(&format!("/reports/sales?from={first}&to={today}&group_by=day")).expect(200).json();
    let days = sales["items"].as_array().unwrap();
    // The first day begins at the opening, and the last one is not over.
    for day in &days[1..days.len() - 1] {
        let orders = day["orders"].as_i64().unwrap();
        assert!((5..=32).contains(&orders), "{day}");
    }
    let totals = &sales["totals"];
    for field in ["gross", "discounts", "tax", "shipping", "refunds", "credits", "margin"] {
        assert!(totals[field].as_f64().unwrap() > 0.0, "{field}: {totals}");
    }
    assert!(totals["new_customers"].as_i64().unwrap() >= 10, "{totals}");
    for group in ["category", "location", "payment_method"] {
        let path = format!("/reports/sales?from={first}&to={today}&group_by={group}");
        assert!(admin.get(&path).expect(200).json()["items"].as_array().unwrap().len() >= 3, "{group}");
    }
    let forecast = admin.get("/reports/forecast?product_id=prod_010&horizon=7").expect(200).json();
    assert_eq!(forecast["items"].as_array().unwrap().len(), 7, "{forecast}");
    let holds = admin.get(&format!("/reports/holds?from={first}&to={today}")).expect(200).json();
    assert!(!holds["items"].as_array().unwrap().is_empty(), "{holds}");
}

/// The history is one transaction, so a killed seed leaves nothing, and the next one begins anew.
#[test]
fn a_killed_seed_leaves_nothing_and_can_be_repeated() {
    let database = TestDatabase::migrated();
    let mut conn = database.connect();
    let mut command = process::stockroom(&["seed", "--demo", "--history", "400"]);
    let mut child = command.env("DATABASE_URL", &database.url).spawn().unwrap();
    let writing = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '1 second'";
    let deadline = Instant::now() + TIMEOUT;
    while count(&mut conn, writing) == 0 {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "no history is being written");
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    while count(&mut conn, writing) > 0 {
        assert!(Instant::now() < deadline, "the transaction of the killed seed does not end");
        sleep(Duration::from_millis(20));
    }
    assert_eq!(count(&mut conn, "SELECT count(*) FROM stores"), 0);
    assert_eq!(count(&mut conn, "SELECT count(*) FROM stock_movements"), 0);
    let output = seed(&database, &["--history", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(count(&mut conn, "SELECT count(*) FROM orders") > 5);
    let verified = process::run(process::stockroom(&["verify", "--all"]).env("DATABASE_URL", &database.url));
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stdout));
}
