//! One throw-away PostgreSQL for all tests of this checkout, shared by the test processes.
//!
//! It is left running for the next test binary; `scripts/stop_test_postgres.sh` stops it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::embedded_postgres::{Embedded, Options};

/// Settings for speed. After a crash of the machine the folder is useless.
const SETTINGS: [(&str, &str); 6] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("autovacuum", "off"),
    ("max_connections", "300"),
    ("max_wal_size", "2GB"),
];

/// The running cluster, and a connection that shows that this process lives.
struct Cluster {
    embedded: Embedded,
    _sign_of_life: Mutex<PgConnection>,
}

/// The target folder of cargo.
pub fn target_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}

/// The URL of a database of the cluster, which is started if it does not run.
pub fn url(database: &str) -> String {
    cluster().embedded.url(database)
}

/// The log of the server.
pub fn log() -> PathBuf {
    target_dir().join("test-postgres").join("data").join("server.log")
}

/// The account that the cluster runs as.
pub fn owner() -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(log()).unwrap().uid()
}

/// A connection to the database from which others are made.
pub fn maintenance() -> PgConnection {
    PgConnection::establish(&url("postgres")).unwrap()
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let options = Options {
            data_dir: target_dir().join("test-postgres").join("data"),
            bin_dir: None,
            settings: SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        };
        let embedded = Embedded::start(&options).unwrap_or_else(|error| panic!("no PostgreSQL for the tests: {error}"));
        let mut conn = PgConnection::establish(&embedded.url("postgres")).unwrap();
        let pid = std::process::id();
        conn.batch_execute(&format!("SET application_name = 'tests-{pid}'")).unwrap();
        drop_leftovers(&mut conn);
        Cluster { embedded, _sign_of_life: Mutex::new(conn) }
    })
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    datname: String,
}

/// Databases of processes that were killed. A test's database is `test_<process>_<number>`.
fn drop_leftovers(conn: &mut PgConnection) {
    let leftovers: Vec<Name> = diesel::sql_query(
        "SELECT datname::text FROM pg_database d WHERE datname ~ '^(test|building)_[0-9]+_' AND \
         (split_part(datname, '_', 2) = $1 OR NOT EXISTS (SELECT FROM pg_stat_activity \
            WHERE application_name = 'tests-' || split_part(d.datname, '_', 2)))",
    )
    .bind::<diesel::sql_types::Text, _>(std::process::id().to_string())
    .load(conn)
    .unwrap();
    for Name { datname } in leftovers {
        // Another process may drop the same database.
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {datname} WITH (FORCE)")).ok();
    }
}
