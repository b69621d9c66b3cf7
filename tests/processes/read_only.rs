//! A start while the database is read-only. The server serves reads, and writes as soon as the database accepts them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::database::TestDatabase;
use crate::common::process::{self, Place, Process};
use crate::common::{Reply, cluster, json};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use stockroom::embedded_postgres::DATABASE;

/// The time limit for the first write after the database accepts writes again.
const HEALING: Duration = Duration::from_secs(10);
const LATEST_MIGRATION: &str = "(SELECT MAX(version) FROM __diesel_schema_migrations)";

/// A command on a database of its own.
fn command(name: &str, url: &str) -> std::process::Command {
    let mut command = process::stockroom(&[name]);
    command.env("DATABASE_URL", url).env("JWT_SECRET", "a secret that only this test has, and nobody else");
    command
}

fn log_in(server: &Process) -> Reply {
    server.client().post("/auth/login", &json!({"email": "admin@example.com", "password": "stockroom-demo"}))
}

#[track_caller]
fn assert_serves_reads_only(server: &Process) {
    server.client().get("/inventory/products").expect(200);
    server.client().under("").get("/health/ready").refused(503, "DATABASE_UNAVAILABLE");
    log_in(server).refused(503, "DATABASE_UNAVAILABLE");
    assert!(server.log().contains("the database is read-only"), "{}", server.log());
}

#[track_caller]
fn assert_heals(server: &Process) {
    let since = Instant::now();
    while server.client().under("").get("/health/ready").status != 200 {
        assert!(since.elapsed() < HEALING, "no writes after {HEALING:?}: {}", server.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    log_in(server).expect(200);
}

/// Sets the default of new connections to the database.
fn set_read_only(database: &TestDatabase, value: &str) {
    let name = &database.name;
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = {value}");
    cluster::maintenance().batch_execute(&set).unwrap();
}

#[test]
fn a_server_starts_on_a_standby_and_writes_after_its_promotion() {
    let place = Place::new();
    let postgres = place.postgres();
    for arguments in [&["migrate"][..], &["seed", "--demo"]] {
        let output = process::run(process::stockroom(arguments).env("DATABASE_URL", postgres.url(DATABASE)));
        assert!(output.status.success(), "{output:?}");
    }
    postgres.stop().unwrap();
    fs::write(place.data_dir().join("standby.signal"), "").unwrap();
    let postgres = place.postgres();
    let server = Process::start(command("serve", &postgres.url(DATABASE)), &place.folder);
    assert_serves_reads_only(&server);
    PgConnection::establish(&postgres.url(DATABASE)).unwrap().batch_execute("SELECT pg_promote()").unwrap();
    assert_heals(&server);
    assert!(server.terminate().success());
    postgres.stop().unwrap();
}

#[test]
fn a_server_starts_on_a_read_only_database_and_writes_when_it_accepts_writes() {
    let (place, database) = (Place::new(), TestDatabase::migrated());
    assert!(process::run(process::stockroom(&["seed", "--demo"]).env("DATABASE_URL", &database.url)).status.success());
    set_read_only(&database, "on");
    let migrated = process::run(&mut command("migrate", &database.url));
    assert!(migrated.status.success() && String::from_utf8_lossy(&migrated.stdout).contains("nothing to do"));
    let server = Process::start(command("serve", &database.url), &place.folder);
    assert_serves_reads_only(&server);
    set_read_only(&database, "off");
    assert_heals(&server);
}

#[test]
fn a_read_only_database_that_lacks_migrations_is_refused_with_their_names() {
    let (empty, incomplete) = (TestDatabase::empty(), TestDatabase::migrated());
    let forget = format!("DELETE FROM __diesel_schema_migrations WHERE version = {LATEST_MIGRATION}");
    incomplete.connect().batch_execute(&forget).unwrap();
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).unwrap();
    let migrations: BTreeSet<String> =
        folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    let (first, last) = (migrations.first().unwrap(), migrations.last().unwrap());
    for (database, missing) in [(&empty, vec![first, last]), (&incomplete, vec![last])] {
        set_read_only(database, "on");
        for name in ["serve", "migrate"] {
            let refused = process::run(&mut command(name, &database.url));
            let message = String::from_utf8(refused.stderr).unwrap();
            assert!(!refused.status.success());
            assert!(message.contains("the database is read-only, and migrations are missing"), "{name}: {message}");
            assert!(missing.iter().all(|migration| message.contains(migration.as_str())), "{name}: {message}");
            assert_eq!(message.contains(first.as_str()), missing.contains(&first), "{name}: {message}");
        }
    }
}
