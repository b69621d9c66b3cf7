//! Distributes the tables over a cluster of servers by the Citus extension, store by store.
//!
//! Every table is on one of the lists below, and a test compares them with `schema.rs`. A table that is not
//! distributed as its list requires is changed; the others stay unchanged. The catalogs of PostgreSQL and Citus
//! are not in the schema of the DSL.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use super::{Failure, sql};

/// Small tables. A complete copy is on every server of the cluster. A referenced table comes before the tables that
/// refer to it.
pub const REFERENCE_TABLES: [&str; 2] = ["stores", "users"];

/// Tables without a store that stay on the coordinator, unless the servers of Stockroom connect to workers too:
/// then they are reference tables.
pub const COORDINATOR_TABLES: [&str; 3] = ["sessions", "password_resets", "__diesel_schema_migrations"];

/// Tables whose rows are on the shard of their store. All others are colocated with the first one. A referenced table
/// comes before the tables that refer to it.
pub const STORE_TABLES: [&str; 74] = [
    "products",
    "variants",
    "variant_counts",
    "product_codes",
    "locations",
    "addresses",
    "scarce_variants",
    "scarcity_searches",
    "scarcity_changes",
    "stock_levels",
    "stock_movements",
    "stock_holds",
    "stock_states",
    "stock_outs",
    "stock_figures",
    "forecasts",
    "forecast_runs",
    "reservations",
    "carts",
    "cart_items",
    "orders",
    "order_items",
    "order_history",
    "order_payments",
    "order_search",
    "order_search_positions",
    "shipments",
    "shipment_lines",
    "returns",
    "return_lines",
    "return_receipts",
    "return_receipt_lines",
    "return_history",
    "invoices",
    "invoice_counters",
    "credits",
    "credit_lines",
    "suppliers",
    "supplier_items",
    "tax_rates",
    "inbounds",
    "inbound_lines",
    "inbound_receipts",
    "inbound_receipt_lines",
    "inbound_receipt_costs",
    "product_costs",
    "valuations",
    "valuation_checkpoints",
    "valuation_rows",
    "valuation_hours",
    "revaluations",
    "sales_folds",
    "sales_by_variant",
    "sales_by_payment_method",
    "sales_by_customer",
    "hold_folds",
    "holds_by_day",
    "inbound_history",
    "counts",
    "count_lines",
    "count_entries",
    "count_history",
    "payment_events",
    "idempotency_keys",
    "webhooks",
    "webhook_replays",
    "webhook_deliveries",
    "mail_templates",
    "alerts",
    "alert_states",
    "alert_notices",
    "stock_notices",
    "imports",
    "import_rows",
];

/// These tables have a store, too, and no table refers to them.
pub const FURTHER_STORE_TABLES: [&str; 7] =
    ["audit_log", "mail_outbox", "order_mail_counts", "outbox", "feed", "feed_positions", "feed_followers"];

/// The servers that Stockroom connects to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Coordinator,
    AnyServer,
}

/// The reason why the tables were not distributed.
#[derive(Debug, thiserror::Error)]
pub enum DistributeError {
    #[error("the database has no Citus: install it on every server, and run CREATE EXTENSION citus")]
    NoCitus,
    #[error("these tables are on no list of src/db/distribute.rs: {0}")]
    Unlisted(String),
    #[error("table {table} is {found}, and should be {wanted}; change that by hand first")]
    Otherwise { table: String, found: String, wanted: String },
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// The way in which a table is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Reference,
    /// Distributed by this column, in a colocation of this number.
    By(String, String),
    Local,
}

/// The missing statements, in the order of one transaction. None if all tables are distributed already.
pub fn plan(conn: &mut PgConnection, entry: Entry) -> Result<Vec<String>, DistributeError> {
    let tables = list_tables(conn)?;
    refuse_unlisted(&tables)?;
    let kept = match has_citus(conn)? {
        true => load_kept(conn)?,
        // Nothing is distributed then. The plan can still be printed.
        false => BTreeMap::new(),
    };
    let mut statements = vec![
        // Otherwise Citus makes every table that refers to `stores` a local table that it manages.
        "SET LOCAL citus.enable_local_reference_table_foreign_keys TO off".to_owned(),
        "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'".to_owned(),
    ];
    let settings = statements.len();
    for table in reference_tables(entry) {
        match kept.get(table).unwrap_or(&Kept::Local) {
            Kept::Local => statements.push(format!("SELECT create_reference_table('{table}')")),
            Kept::Reference => {}
            found @ Kept::By(..) => return Err(otherwise(table, found, "a reference table")),
        }
    }
    distribute_store_tables(&kept, &mut statements)?;
    if !sets_commands_locally(conn)? {
        // Otherwise SET LOCAL lock_timeout does not reach the workers.
        let database = current_database(conn)?.replace('"', "\"\"");
        statements.push(format!("ALTER DATABASE \"{database}\" SET citus.propagate_set_commands = 'local'"));
    }
    Ok(if statements.len() == settings { Vec::new() } else { statements })
}

fn reference_tables(entry: Entry) -> Vec<&'static str> {
    let further: &[&str] = match entry {
        Entry::Coordinator => &[],
        Entry::AnyServer => &COORDINATOR_TABLES,
    };
    REFERENCE_TABLES.iter().chain(further).copied().collect()
}

fn store_tables() -> impl Iterator<Item = &'static str> {
    STORE_TABLES.iter().chain(&FURTHER_STORE_TABLES).copied()
}

fn distribute_store_tables(kept: &BTreeMap<String, Kept>, statements: &mut Vec<String>) -> Result<(), DistributeError> {
    let mut tables = store_tables();
    let Some(first) = tables.next() else { return Ok(()) };
    let colocation = match kept.get(first).unwrap_or(&Kept::Local) {
        Kept::By(column, colocation) if column == "store_id" => Some(colocation),
        Kept::Local => {
            statements.push(format!("SELECT create_distributed_table('{first}', 'store_id', colocate_with => 'none')"));
            None
        }
        found => return Err(otherwise(first, found, "distributed by store_id")),
    };
    for table in tables {
        match kept.get(table).unwrap_or(&Kept::Local) {
            Kept::Local => statements
                .push(format!("SELECT create_distributed_table('{table}', 'store_id', colocate_with => '{first}')")),
            Kept::By(column, theirs) if column == "store_id" && Some(theirs) == colocation => {}
            found => return Err(otherwise(table, found, "distributed by store_id, with products")),
        }
    }
    Ok(())
}

/// Runs the statements of [`plan`] in one transaction.
pub fn run(conn: &mut PgConnection, statements: &[String]) -> Result<(), DistributeError> {
    if !has_citus(conn)? {
        return Err(DistributeError::NoCitus);
    }
    let done = conn.transaction(|conn| statements.iter().try_for_each(|statement| conn.batch_execute(statement)));
    Ok(done.map_err(Failure::from)?)
}

fn otherwise(table: &str, found: &Kept, wanted: &str) -> DistributeError {
    let found = match found {
        Kept::Reference => "a reference table".to_owned(),
        Kept::By(column, colocation) => format!("distributed by {column}, in colocation {colocation}"),
        Kept::Local => "local".to_owned(),
    };
    DistributeError::Otherwise { table: table.to_owned(), found, wanted: wanted.to_owned() }
}

fn refuse_unlisted(tables: &[String]) -> Result<(), DistributeError> {
    let is_listed = |table: &str| store_tables().chain(reference_tables(Entry::AnyServer)).any(|known| known == table);
    let unlisted: Vec<&str> = tables.iter().map(String::as_str).filter(|table| !is_listed(table)).collect();
    match unlisted.as_slice() {
        [] => Ok(()),
        _ => Err(DistributeError::Unlisted(unlisted.join(", "))),
    }
}

/// True if the database is a distributed one.
pub fn has_citus(conn: &mut PgConnection) -> Result<bool, Failure> {
    let text = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')";
    Ok(sql(text).columns::<Bool>().get_result(conn)?)
}

fn sets_commands_locally(conn: &mut PgConnection) -> Result<bool, Failure> {
    let text = "SELECT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase \
                        WHERE d.datname = current_database() AND s.setrole = 0 \
                          AND 'citus.propagate_set_commands=local' = ANY(s.setconfig))";
    Ok(sql(text).columns::<Bool>().get_result(conn)?)
}

fn current_database(conn: &mut PgConnection) -> Result<String, Failure> {
    Ok(sql("SELECT current_database()::text").columns::<Text>().get_result(conn)?)
}

fn list_tables(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let text = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
    Ok(sql(text).columns::<Text>().load(conn)?)
}

#[derive(QueryableByName)]
struct KeptRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    colocation: String,
    #[diesel(sql_type = Nullable<Text>)]
    column: Option<String>,
    #[diesel(sql_type = Bool)]
    is_reference: bool,
}

fn load_kept(conn: &mut PgConnection) -> Result<BTreeMap<String, Kept>, Failure> {
    let rows: Vec<KeptRow> = sql("SELECT c.relname::text AS name, p.colocationid::text AS colocation, \
                column_to_column_name(p.logicalrelid, p.partkey) AS \"column\", \
                p.partmethod = 'n' AND p.repmodel = 't' AS is_reference \
         FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid ORDER BY c.relname")
    .load(conn)?;
    let kept = |row: KeptRow| match row {
        KeptRow { name, is_reference: true, .. } => (name, Kept::Reference),
        KeptRow { name, column: Some(column), colocation, .. } => (name, Kept::By(column, colocation)),
        // A local table that Citus knows of.
        KeptRow { name, .. } => (name, Kept::Local),
    };
    Ok(rows.into_iter().map(kept).collect())
}
