//! A database for each test, cloned from one that was migrated once.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use stockroom::db;

use super::cluster;

/// A database that is dropped at the end.
pub struct TestDatabase {
    pub name: String,
    pub url: String,
}

/// Defaults of the database that differ from PostgreSQL's own, with `STOCKROOM_TEST_DEFAULTS`.
const OTHER_DEFAULTS: [(&str, &str); 10] = [
    ("standard_conforming_strings", "off"),
    ("timezone", "Pacific/Apia"),
    ("datestyle", "German, DMY"),
    ("intervalstyle", "sql_standard"),
    ("default_transaction_isolation", "serializable"),
    ("bytea_output", "escape"),
    ("extra_float_digits", "0"),
    ("xmloption", "document"),
    ("default_transaction_deferrable", "on"),
    ("plan_cache_mode", "force_custom_plan"),
];

impl TestDatabase {
    /// Migrated and without rows.
    pub fn migrated() -> Self {
        Self::create(template())
    }

    /// Without tables.
    pub fn empty() -> Self {
        Self::create("template0")
    }

    fn create(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let url = cluster::url(&name);
        let mut conn = cluster::maintenance();
        conn.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
        if std::env::var_os("STOCKROOM_TEST_DEFAULTS").is_some() {
            OTHER_DEFAULTS.iter().for_each(|(setting, value)| {
                conn.batch_execute(&format!("ALTER DATABASE {name} SET {setting} = '{value}'")).unwrap();
            });
        }
        Self { name, url }
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped = PgConnection::establish(&cluster::url("postgres"))
            .map(|mut conn| conn.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)));
        // A later run drops a database that is left.
        drop(dropped);
    }
}

/// The name of the database to clone: one for each state of the migrations.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let hash = hash_of_migrations();
        let name = format!("template_{hash:016x}");
        let mut conn = cluster::maintenance();
        // One process creates it, and the others wait. The lock ends with the connection.
        diesel::sql_query("SELECT pg_advisory_lock($1)")
            .bind::<BigInt, _>(i64::from_ne_bytes(hash.to_ne_bytes()))
            .execute(&mut conn)
            .unwrap();
        if !exists(&mut conn, &name) {
            make_template(&mut conn, &name);
        }
        name
    })
}

/// The template has another name until it is complete.
fn make_template(conn: &mut PgConnection, name: &str) {
    let building = format!("building_{}_{name}", std::process::id());
    conn.batch_execute(&format!("CREATE DATABASE {building} TEMPLATE template0")).unwrap();
    let mut inside = PgConnection::establish(&cluster::url(&building)).unwrap();
    db::migrate::run(&mut inside).unwrap();
    drop(inside);
    // The server notices a moment later that the connection is gone.
    let renamed = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        conn.batch_execute(&format!("ALTER DATABASE {building} RENAME TO {name}")).is_ok()
    });
    assert!(renamed, "{building} could not be renamed");
}

fn exists(conn: &mut PgConnection, name: &str) -> bool {
    diesel::sql_query("SELECT datname FROM pg_database WHERE datname = $1").bind::<Text, _>(name).execute(conn).unwrap()
        > 0
}

fn hash_of_migrations() -> u64 {
    let mut folders: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut hasher = DefaultHasher::new();
    for folder in folders {
        folder.file_name().hash(&mut hasher);
        fs::read_to_string(folder.join("up.sql")).unwrap().hash(&mut hasher);
    }
    hasher.finish()
}
