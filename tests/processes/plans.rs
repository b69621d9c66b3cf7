//! The plans of the statements that the server sends, taken from the log of the database. Rows of growing tables are
//! found by an index, whatever the values.

mod alerts;
#[allow(dead_code, reason = "the benchmark uses all of it")]
#[path = "../../benches/shop/data/mod.rs"]
pub mod data;
mod documents;
mod imports;
mod searches;
mod webhooks;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::common::jobs::relay;
use crate::common::ledger_audit::NAME_ROWS;
use crate::common::{Client, TestApp, cluster, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use serde_json::Value;

const GROWING: [&str; 31] = [
    "products",
    "product_codes",
    "variants",
    "stock_levels",
    "stock_movements",
    "stock_holds",
    "carts",
    "cart_items",
    "orders",
    "order_items",
    "order_history",
    "order_payments",
    "order_search",
    "shipments",
    "shipment_lines",
    "credits",
    "credit_lines",
    "returns",
    "return_lines",
    "return_receipts",
    "return_receipt_lines",
    "return_history",
    "invoices",
    "addresses",
    "idempotency_keys",
    "audit_log",
    "feed",
    "valuation_checkpoints",
    "valuation_rows",
    "webhook_deliveries",
    "import_rows",
];

/// Rows that the history does not have: open carts, addresses and keys.
const MORE: &str = "
    INSERT INTO carts (store_id, user_id, created_at) SELECT 1, 10000 + n, now() FROM generate_series(1, 3000) n;
    INSERT INTO cart_items (store_id, cart_id, variant_id, quantity, created_at, updated_at)
        SELECT 1, c.id, 1 + (c.id * 7 + line * 31) % 10000, 1, now(), now() FROM carts c, generate_series(1, 3) line;
    INSERT INTO addresses (store_id, user_id, full_name, phone, line1, city, postal_code, country, created_at, updated_at)
        SELECT 1, 1 + n % 400, 'A', '12345', 'B', 'C', 'D', 'IN', now(), now() FROM generate_series(1, 3000) n;
    INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, status, body, created_at)
        SELECT 1, 'user:' || n, 'key ' || n, '\\x00', 201, '\\x00', now() FROM generate_series(1, 3000) n;
    ANALYZE";

/// A shop with a history, and the log of its database.
pub struct Watched {
    pub app: TestApp,
    log: PathBuf,
    conn: PgConnection,
}

impl Watched {
    fn start() -> Self {
        Self::with(|conn, url| {
            conn.batch_execute("DELETE FROM locations; DELETE FROM stores").unwrap();
            data::load(url, &data::Size { stores: 2, products: 10_500, orders: 4_000, lines_per_order: 2 }).unwrap();
            conn.batch_execute(MORE).unwrap();
            conn.batch_execute(NAME_ROWS).unwrap();
            relay(conn);
            conn.batch_execute("ANALYZE outbox, feed").unwrap();
        })
    }

    /// A new shop: its plans are made for empty tables and kept.
    fn new_shop() -> Self {
        Self::with(|_, _| ())
    }

    fn with(fill: impl FnOnce(&mut PgConnection, &str)) -> Self {
        let app = TestApp::with(|settings| {
            settings.database.pool_size = 1;
            let url = settings.database.url.reveal();
            let mut conn = PgConnection::establish(url).unwrap();
            let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
            fill(&mut conn, url);
            // The log has the values of a statement only if it is not terse.
            let settings = ["log_statement = 'all'", "log_error_verbosity = 'default'"];
            let set = settings.map(|setting| format!("ALTER DATABASE {name} SET {setting}"));
            conn.batch_execute(&set.join(";")).unwrap();
        });
        let mut conn = app.connection();
        conn.batch_execute("SET log_statement = 'none'; SET plan_cache_mode = force_generic_plan").unwrap();
        let log = cluster::log();
        Self { app, log, conn }
    }

    /// A shop that exists. Only servers that start from now on are watched.
    pub fn existing(app: TestApp) -> Self {
        let mut conn = app.connection();
        conn.batch_execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET log_statement = %L', current_database(), 'all'); END $$; \
             SET log_statement = 'none'; SET plan_cache_mode = force_generic_plan",
        )
        .unwrap();
        Self { app, log: cluster::log(), conn }
    }

    fn newest_order(&self) -> Value {
        self.app.admin().get("/orders?limit=1").expect(200).json()["items"][0].clone()
    }

    /// The plans of the statements that the server sends during the work.
    pub fn plans(&mut self, work: impl FnOnce(&TestApp)) -> Vec<Plan> {
        let start = fs::read(&self.log).unwrap().len();
        work(&self.app);
        let pids = self.pids();
        let log = String::from_utf8_lossy(&fs::read(&self.log).unwrap()[start..]).into_owned();
        let texts = pids.iter().flat_map(|pid| statements(&log, pid.pid));
        let texts: BTreeSet<String> = texts.filter(|text| !text.starts_with("SET ")).collect();
        assert!(!texts.is_empty(), "nothing was logged");
        texts.into_iter().map(|text| self.explain(text)).collect()
    }

    /// The processes of the database that serve the server.
    fn pids(&mut self) -> Vec<Pid> {
        diesel::sql_query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .load(&mut self.conn)
        .unwrap()
    }

    /// Each list is read by its index.
    fn assert_lists_use(&mut self, lists: &[(&str, &str)]) {
        let admin: Client = self.app.admin();
        for (path, index) in lists {
            let plans = self.plans(|_| drop(admin.get(path).expect(200)));
            assert!(plans.iter().any(|plan| plan.uses(index)), "{path} does not use {index}: {:#}", summary(&plans));
            // The report of low stock reads the whole stock of a store.
            let of_rows = |plan: &&Plan| plan.uses(index) && !plan.text.contains("MAX(x.min_stock_level)");
            plans.iter().filter(of_rows).for_each(Plan::assert_no_growing_table_is_read_through);
        }
    }

    fn explain(&mut self, text: String) -> Plan {
        // A parameter that is only compared with null has no known type, nor has one of the rows of SELECT DISTINCT.
        let last = (1..100).take_while(|number| text.contains(&format!("${number}"))).count();
        let of_distinct = text.starts_with("INSERT INTO stock_levels");
        let type_of = |number| match number {
            1 if of_distinct => "int8",
            2 if of_distinct => "timestamptz",
            _ if text.contains(&format!("${number} IS NULL")) => "text",
            _ => "unknown",
        };
        let types: Vec<&str> = (1..=last).map(type_of).collect();
        let (types, nulls) = match last {
            0 => (String::new(), String::new()),
            _ => (format!("({})", types.join(", ")), format!("({})", vec!["NULL"; last].join(", "))),
        };
        self.conn
            .batch_execute(&format!("PREPARE asked{types} AS {text}"))
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        let plan: Line = diesel::sql_query(format!("EXPLAIN (FORMAT JSON) EXECUTE asked{nulls}"))
            .get_result(&mut self.conn)
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        self.conn.batch_execute("DEALLOCATE asked").unwrap();
        Plan { text, root: serde_json::from_str::<Value>(&plan.line).unwrap()[0]["Plan"].clone() }
    }
}

#[derive(QueryableByName)]
struct Pid {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

/// The statements of one process of the database. The lines of a statement after the first one begin with a tab.
fn statements(log: &str, pid: i32) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in log.lines() {
        if let Some(rest) = line.strip_prefix('\t') {
            if let (true, Some(last)) = (inside, found.last_mut()) {
                last.push_str(&format!("\n{rest}"));
            }
            continue;
        }
        let text = line
            .split_once(&format!("[{pid}]"))
            .and_then(|(_, rest)| rest.split_once("LOG:  execute "))
            .and_then(|(_, rest)| rest.split_once(": "));
        inside = text.is_some();
        found.extend(text.map(|(_, text)| text.to_owned()));
    }
    found
}

pub struct Plan {
    text: String,
    root: Value,
}

impl Plan {
    fn nodes(&self) -> Vec<&Value> {
        let mut nodes = vec![&self.root];
        let mut next = 0;
        while let Some(node) = nodes.get(next).copied() {
            nodes.extend(node["Plans"].as_array().into_iter().flatten());
            next += 1;
        }
        nodes
    }

    fn uses(&self, index: &str) -> bool {
        self.nodes().iter().any(|node| node["Index Name"] == index)
    }

    pub fn assert_no_growing_table_is_read_through(&self) {
        self.assert_none_is_read_through(&GROWING);
    }

    fn assert_none_is_read_through(&self, tables: &[&str]) {
        for node in self.nodes() {
            let table = node["Relation Name"].as_str().unwrap_or_default();
            let through = node["Node Type"] == "Seq Scan" && tables.contains(&table);
            assert!(!through, "{table} is read through by: {}\n{:#}", self.text, self.root);
        }
    }

    /// No statement reads all rows of a store. Only the tax rates are read together: a store has at most 200.
    fn assert_only_rows_asked_for_are_read(&self) {
        self.assert_no_growing_table_is_read_through();
        for node in self.nodes() {
            let Some(index) = node["Index Name"].as_str() else { continue };
            let condition = node["Index Cond"].as_str().unwrap_or_default();
            let is_of_store_alone = condition.starts_with("(store_id = ") && !condition.contains(" AND ");
            let is_of_variant_alone = index == "stock_movements_version_key" && !condition.contains("version");
            assert!(!is_of_variant_alone, "all that a variant ever moved is read by: {}\n{:#}", self.text, self.root);
            let is_bounded = index == "tax_rates_pkey";
            assert!(
                !is_of_store_alone || is_bounded,
                "{index} is read for a whole store by: {}\n{:#}",
                self.text,
                self.root
            );
        }
    }
}

#[test]
fn what_a_sale_asks_for_is_found_by_its_whole_key() {
    let mut watched = Watched::start();
    let plans = watched.plans(|app| {
        let mara = app.customer("mara");
        let address = mara.address();
        for holds in [false, true] {
            if holds {
                app.hold_carts();
            }
            for product in [5, 17, 4_711] {
                mara.post("/cart/items", &json!({"product_id": product, "quantity": 2})).expect(201);
            }
            mara.get("/cart").expect(200);
            let order = mara.checkout_to(address).expect(201).json();
            app.admin().post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
        }
        let items = json!([{"product_id": 9, "quantity": 1}, {"product_id": "sku-10", "quantity": 1}]);
        for method in ["cod", "upi"] {
            let order = mara.post("/orders", &json!({"items": items, "payment_method": method})).expect(201).json();
            let paid = json!({"payment_reference": format!("pay-{method}")});
            app.admin().post(&format!("/orders/{}/payment/confirm", order["id"]), &paid).expect(200);
        }
        mara.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201);
        app.advance(3_600);
        assert_eq!(app.expire_holds(), 2);
    });
    assert!(plans.len() > 30, "only {} statements", plans.len());
    plans.iter().for_each(Plan::assert_only_rows_asked_for_are_read);
    assert!(plans.iter().any(|plan| plan.text.contains("GROUP BY store_id, holder_kind, holder_id")));
}

#[test]
fn a_checkout_finds_what_it_asks_for_by_its_whole_key_from_the_first_day() {
    let mut watched = Watched::new_shop();
    (1..=20).for_each(|product| drop(watched.app.product(&format!("sku-{product}"), 10.0, 1_000)));
    let mara = watched.app.customer("mara");
    let address = mara.address();
    mara.post("/cart/items", &json!({"product_id": 5, "quantity": 2})).expect(201);
    let plans = watched.plans(|_| drop(mara.checkout_to(address).expect(201)));
    plans.iter().for_each(Plan::assert_only_rows_asked_for_are_read);
}

#[test]
fn a_page_that_many_look_at_reads_only_its_rows() {
    let mut watched = Watched::start();
    watched.app.connection().batch_execute(include_str!("plans/returns.sql")).unwrap();
    let order = watched.newest_order();
    let plans = watched.plans(|app| {
        let guest = app.guest();
        for path in ["/inventory/products/7", "/inventory/products/sku-7", "/inventory/products/7/availability/3"] {
            guest.get(path).expect(200);
        }
        let items = json!([{"product_id": 7, "quantity": 1}, {"product_id": "sku-8", "quantity": 2}]);
        guest.post("/inventory/availability", &json!({"items": items})).expect(200);
        guest.get("/inventory/scan/sku-7").expect(200);
        let admin = app.admin();
        admin.post("/inventory/products/7/barcodes", &json!({"code": "4006381333931"})).expect(201);
        for code in ["4006381333931", "sku-8", order["order_number"].as_str().unwrap()] {
            admin.get(&format!("/inventory/scan/{code}")).expect(200);
        }
        admin.get(&format!("/orders/{}", order["id"])).expect(200);
        admin.get(&format!("/orders/{}", order["order_number"].as_str().unwrap())).expect(200);
        admin.get(&format!("/orders/{}/history", order["id"])).expect(200);
        admin.get("/inventory/products/7/stock").expect(200);
        admin.get("/inventory/products/7/history?interval=hour").expect(200);
        admin.get("/inventory/products/7/explain").expect(200);
    });
    plans.iter().for_each(Plan::assert_only_rows_asked_for_are_read);
}

#[test]
fn the_job_that_values_stock_reads_new_movements_only() {
    let mut watched = Watched::start();
    watched.app.connection().batch_execute(include_str!("plans/returns.sql")).unwrap();
    let mara = watched.app.customer("mara");
    let order = mara.post("/orders", &json!({"items": [{"product_id": 9, "quantity": 1}]})).expect(201).json();
    mara.post_nothing(&format!("/orders/{}/cancel", order["id"])).expect(200);
    let plans = watched.plans(|app| assert_eq!(app.value_stock(), 2));
    plans.iter().for_each(Plan::assert_no_growing_table_is_read_through);
    assert!(plans.iter().any(|plan| plan.uses("stock_movements_created_idx")), "{:#}", summary(&plans));
    assert!(plans.iter().any(|plan| plan.uses("stock_movements_version_key")), "{:#}", summary(&plans));
}

/// Lists count their rows, and reports read all rows of a store, but each by its own index.
#[test]
fn lists_and_reports_use_the_indexes_that_were_made_for_them() {
    let mut watched = Watched::start();
    let order = watched.newest_order();
    let number = order["order_number"].as_str().unwrap().to_owned();
    let lists = [
        ("/inventory/movements", "stock_movements_pkey"),
        ("/inventory/movements?after=50.0", "feed_pkey"),
        ("/inventory/movements?sort=id", "stock_movements_pkey"),
        ("/inventory/movements?sort=created_at", "stock_movements_created_idx"),
        ("/inventory/movements?sort=-created_at", "stock_movements_created_idx"),
        ("/inventory/movements?kind=restore", "stock_movements_kind_idx"),
        (&format!("/inventory/movements?reference_id={number}"), "stock_movements_reference_idx"),
        ("/inventory/movements?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "stock_movements_created_idx"),
        ("/inventory/products/7/movements", "stock_movements_version_key"),
        ("/inventory/products/low-stock", "products_min_stock_idx"),
        ("/orders", "orders_created_idx"),
        ("/orders?status=pending", "orders_status_idx"),
        ("/orders?user_id=7", "orders_user_idx"),
        ("/orders?refund_due=true", "orders_refund_due_idx"),
        ("/orders/statistics", "orders_created_idx"),
        ("/inventory/products?sort=sku", "products_sku_key"),
        ("/audit", "order_history_pkey"),
        ("/audit?sort=id", "order_history_pkey"),
        ("/inventory", "stock_levels_pkey"),
        ("/inventory?sort=-variant_id", "stock_levels_pkey"),
        ("/inventory?as_of=2026-01-01T00:30:00Z", "stock_movements_version_key"),
        ("/inventory?as_of=2026-01-01T00:30:00Z&sort=sku", "stock_movements_version_key"),
        ("/inventory/valuation", "valuation_rows_pkey"),
        ("/inventory/valuation?sort=sku", "variants_sku_key"),
        ("/inventory/valuation?as_of=2026-01-01T00:30:00Z", "valuation_rows_posted_idx"),
        ("/exports?kind=orders&from=2026-01-01T00:00:00Z", "orders_created_idx"),
        ("/exports?kind=order_items&to=2026-01-02T00:00:00Z", "orders_created_idx"),
        ("/exports?kind=order_taxes", "orders_created_idx"),
        ("/exports?kind=movements&from=2026-01-01T00:00:00Z", "stock_movements_created_idx"),
    ];
    watched.assert_lists_use(&lists);
}

fn summary(plans: &[Plan]) -> Value {
    plans.iter().map(|plan| json!({"statement": plan.text, "plan": plan.root})).collect()
}
