//! Requirements of a distributed PostgreSQL on tables and statements, as far as they can be checked without one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::database::TestDatabase;
use crate::common::process;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use stockroom::db::distribute::{
    self, COORDINATOR_TABLES, DistributeError, Entry, FURTHER_STORE_TABLES, REFERENCE_TABLES, STORE_TABLES,
};

fn store_tables() -> Vec<&'static str> {
    STORE_TABLES.iter().chain(&FURTHER_STORE_TABLES).copied().collect()
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|is| is == extension) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), text));
            }
        }
    }
    found.sort();
    found
}

/// The string literals of the program. Their lines are joined as the compiler does.
fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, source) in files("src", "rs") {
        let code: String = source
            .lines()
            .take_while(|line| *line != "#[cfg(test)]")
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect();
        let mut rest = code.as_str();
        while let Some(start) = rest.find('"') {
            rest = &rest[start + 1..];
            let mut end = 0;
            while end < rest.len() && (!rest[end..].starts_with('"') || rest[..end].ends_with('\\')) {
                end += rest[end..].chars().next().unwrap().len_utf8();
            }
            let text = rest[..end].replace("\\\n", " ").replace("\\\"", "\"");
            found.push((path.clone(), text.split_whitespace().collect::<Vec<_>>().join(" ")));
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }
    found
}

/// Statements that begin with one of these words.
fn statements(words: &[&str]) -> Vec<(String, String)> {
    texts().into_iter().filter(|(_, text)| words.iter().any(|word| text.starts_with(word))).collect()
}

#[test]
fn every_table_is_on_one_list() {
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/schema.rs")).unwrap();
    let tables: BTreeSet<&str> = schema
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     ") && line.ends_with(") {"))
        .map(|line| line.trim().split(' ').next().unwrap())
        .collect();
    assert!(tables.len() >= 20, "{tables:?}");
    let listed: Vec<&str> = REFERENCE_TABLES.into_iter().chain(COORDINATOR_TABLES).chain(store_tables()).collect();
    let once: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(once.len(), listed.len(), "a table is on two lists");
    let known: BTreeSet<&str> = once.into_iter().filter(|table| !table.starts_with("__")).collect();
    assert_eq!(tables, known, "the lists of src/db/distribute.rs are not the tables of schema.rs");
}

#[derive(QueryableByName)]
struct ForeignKey {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    by_store: bool,
}

const FOREIGN_KEYS: &str = "SELECT c.conrelid::regclass::text AS child, c.confrelid::regclass::text AS parent, \
     c.conname::text AS name, \
     (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1]) = 'store_id' \
     AND (SELECT attname FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = c.confkey[1]) = 'store_id' \
     AS by_store FROM pg_constraint c WHERE c.contype = 'f' ORDER BY 1, 3";

fn foreign_keys() -> Vec<ForeignKey> {
    let database = TestDatabase::migrated();
    let keys: Vec<ForeignKey> = diesel::sql_query(FOREIGN_KEYS).load(&mut database.connect()).unwrap();
    assert!(keys.len() > 8);
    keys
}

#[test]
fn tables_stand_behind_those_that_they_refer_to() {
    let order: Vec<&str> = REFERENCE_TABLES.into_iter().chain(COORDINATOR_TABLES).chain(store_tables()).collect();
    let index = |table: &str| order.iter().position(|known| *known == table).unwrap_or_else(|| panic!("{table}"));
    for ForeignKey { child, parent, name, by_store } in foreign_keys() {
        assert!(child == parent || index(&parent) < index(&child), "{name}: {child} stands before {parent}");
        let between_stores = STORE_TABLES.contains(&parent.as_str()) || FURTHER_STORE_TABLES.contains(&parent.as_str());
        assert!(by_store || !between_stores, "{name} does not begin with the store");
    }
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

#[test]
fn unique_keys_of_stores_begin_with_the_store() {
    let database = TestDatabase::migrated();
    let keys: Vec<Key> = diesel::sql_query(
        "SELECT i.indrelid::regclass::text AS \"table\", i.indexrelid::regclass::text AS name, \
                pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i \
         JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace WHERE i.indisunique",
    )
    .load(&mut database.connect())
    .unwrap();
    let of_stores: Vec<&Key> = keys.iter().filter(|key| store_tables().contains(&key.table.as_str())).collect();
    assert!(of_stores.len() >= store_tables().len());
    for Key { name, definition, .. } in of_stores {
        assert!(definition.contains("(store_id"), "{name} does not begin with the store: {definition}");
    }
}

/// Citus runs a WITH that writes as a separate statement, before the rest.
#[test]
fn rows_that_others_refer_to_stand_in_the_with() {
    let keys = foreign_keys();
    let writes = statements(&["WITH"]);
    assert!(writes.len() >= 3, "{}", writes.len());
    for (path, text) in writes {
        let mut inserted: Vec<&str> =
            text.split("INSERT INTO ").skip(1).map(|rest| rest.split([' ', '(']).next().unwrap()).collect();
        inserted.dedup();
        for (index, child) in inserted.iter().enumerate() {
            let late = inserted[index + 1..]
                .iter()
                .find(|parent| keys.iter().any(|key| key.child == *child && key.parent == **parent));
            assert!(late.is_none(), "{path}: {child} is inserted before {late:?}: {text}");
        }
    }
}

/// Citus refuses a STABLE or VOLATILE function of a column in an UPDATE or in ON CONFLICT. The sum of a time and an
/// interval is STABLE, so that it is computed before and bound.
#[test]
fn updates_compute_no_times() {
    let changes = texts().into_iter().filter_map(|(path, text)| {
        let at = text.find("UPDATE ").filter(|_| text.contains(" SET ")).or_else(|| text.find("DO UPDATE"))?;
        Some((path, text[at..].to_owned()))
    });
    let changes: Vec<_> = changes.collect();
    assert!(changes.len() >= 4, "{}", changes.len());
    for (path, text) in changes {
        for word in ["interval", "now()", "$now", "clock_timestamp", "random(", "nextval(", "date_trunc", "age("] {
            // The FOR UPDATE of a read is not a change.
            assert!(text.starts_with("UPDATE SKIP") || !text.contains(word), "{path}: {word} in: {text}");
        }
    }
}

/// Statements on the tables of stores name the store, except those that look for work in all stores.
#[test]
fn statements_on_tables_of_stores_name_the_store() {
    // Reads that discover work for jobs, and reports over all stores.
    let across = [
        "stock_holds WHERE state = 'active' AND expires_at <= $now GROUP BY",
        "AS lag_milliseconds FROM stock_holds WHERE",
        "payment_events",
        "FROM stock_holds WHERE store_id = s.id",
        "FROM feed_positions p LEFT JOIN feed_followers f",
        "FROM stores s LEFT JOIN order_search_positions w",
        "FROM webhooks w WHERE w.active",
        "FROM webhooks w CROSS JOIN LATERAL",
        "FROM mail_outbox WHERE next_attempt_at <= $1",
    ];
    let of_store = |text: &str| {
        store_tables().iter().any(|table| {
            ["FROM ", "UPDATE ", "INTO ", "JOIN "].iter().any(|before| text.contains(&format!("{before}{table} ")))
        })
    };
    let all = statements(&["SELECT ", "WITH ", "INSERT INTO ", "UPDATE ", "DELETE FROM "]);
    let found: Vec<_> = all.into_iter().filter(|(path, text)| of_store(text) && !path.contains("/reports/")).collect();
    assert!(found.len() > 20, "{}", found.len());
    let is_of_no_store = |text: &str| {
        // A part of a composed statement has no WHERE.
        let is_part = !text.contains("WHERE") && !text.starts_with("INSERT");
        let names_it = is_part || text.contains("store_id = $1") || text.contains("(store_id,");
        !names_it && !across.iter().any(|known| text.contains(known))
    };
    let of_no_store: Vec<_> = found.iter().filter(|(_, text)| is_of_no_store(text)).collect();
    assert!(of_no_store.is_empty(), "{of_no_store:#?}");
}

#[test]
fn a_migration_adds_a_constraint_in_a_statement_of_its_own() {
    for (path, text) in files("migrations", "sql") {
        let code: String = text.lines().map(|line| line.split("--").next().unwrap()).collect::<Vec<_>>().join(" ");
        for statement in code.split(';').filter(|statement| statement.contains("ADD CONSTRAINT")) {
            let actions = ["ADD ", "DROP ", "ALTER COLUMN ", "SET (", "RENAME "];
            let count: usize = actions.iter().map(|action| statement.matches(action).count()).sum();
            assert_eq!(count, 1, "{path}: {statement}");
        }
    }
}

#[test]
fn the_plan_is_the_whole_of_it() {
    let database = TestDatabase::migrated();
    let plan = distribute::plan(&mut database.connect(), Entry::Coordinator).unwrap();
    assert_eq!(plan[0], "SET LOCAL citus.enable_local_reference_table_foreign_keys TO off");
    assert!(plan.contains(&"SELECT create_reference_table('stores')".to_owned()));
    assert!(
        plan.contains(&"SELECT create_distributed_table('products', 'store_id', colocate_with => 'none')".to_owned())
    );
    let together = "SELECT create_distributed_table('orders', 'store_id', colocate_with => 'products')";
    assert!(plan.contains(&together.to_owned()));
    assert!(plan.last().unwrap().ends_with("SET citus.propagate_set_commands = 'local'"), "{plan:#?}");
    assert_eq!(plan.iter().filter(|statement| statement.contains("create_")).count(), 2 + store_tables().len());
    let everywhere = distribute::plan(&mut database.connect(), Entry::AnyServer).unwrap();
    assert!(everywhere.contains(&"SELECT create_reference_table('sessions')".to_owned()));
    let refused = distribute::run(&mut database.connect(), &plan).unwrap_err();
    assert!(matches!(refused, DistributeError::NoCitus), "{refused}");
}

#[test]
fn a_table_on_no_list_is_refused() {
    let database = TestDatabase::migrated();
    diesel::sql_query("CREATE TABLE strays (id BIGINT)").execute(&mut database.connect()).unwrap();
    let refused = distribute::plan(&mut database.connect(), Entry::Coordinator).unwrap_err();
    assert!(refused.to_string().ends_with("strays"), "{refused}");
}

#[test]
fn the_command_prints_its_plan_and_needs_citus_for_the_rest() {
    let database = TestDatabase::migrated();
    let run = |arguments: &[&str]| process::run(process::stockroom(arguments).env("DATABASE_URL", &database.url));
    let printed = run(&["distribute", "--dry-run"]);
    let text = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.status.success() && text.contains("create_distributed_table('orders', 'store_id'"), "{text}");
    let refused = run(&["distribute"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CREATE EXTENSION citus"), "{refused:?}");
}
