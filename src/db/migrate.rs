//! The migrations, built in.

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationConnection, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Failure, search_indexes, sql};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

const OLDER_SCHEMA: &str = "the database was created by a version of Stockroom before 0.2.0, whose tables this version does not upgrade: \
     use an empty database; `make reset` removes the database of `make run`";

/// Applies the missing migrations in one transaction, and returns their names. Also creates the missing indexes of
/// searches.
///
/// If several servers start at once, the first one locks the table of migrations, and the others wait. Without the lock,
/// two servers would create the same table, and PostgreSQL would give a sequence another name: `orders_id_seq1`.
pub fn run(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    // If two servers create diesel's own table at once, one of them fails. It succeeds at the second attempt.
    if conn.setup().is_err() {
        conn.setup()?;
    }
    conn.transaction(|conn| {
        conn.batch_execute("LOCK TABLE __diesel_schema_migrations IN EXCLUSIVE MODE")?;
        refuse_older_schema(&conn.applied_migrations().map_err(failed)?)?;
        let applied = conn.run_pending_migrations(MIGRATIONS).map_err(failed)?;
        let applied = applied.iter().map(ToString::to_string).collect();
        search_indexes::create(conn)?;
        Ok(applied)
    })
}

/// Checks that no migration is missing, without a write. For a database that is read-only.
pub fn check(conn: &mut PgConnection) -> Result<(), Failure> {
    let applied = list_applied(conn)?;
    refuse_older_schema(&applied)?;
    let mut missing: Vec<String> = known()?
        .iter()
        .map(|migration| migration.name())
        .filter(|name| !applied.contains(&name.version()))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort();
    Err(Failure::Internal(format!(
        "the database is read-only, and migrations are missing ({}): run `stockroom migrate` when it can be written to",
        missing.join(", ")
    )))
}

/// The versions of the applied migrations. Diesel would create its table first.
fn list_applied(conn: &mut PgConnection) -> QueryResult<Vec<MigrationVersion<'static>>> {
    let table_exists: bool =
        sql("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL").columns::<Bool>().get_result(conn)?;
    match table_exists {
        true => sql("SELECT version FROM __diesel_schema_migrations").columns::<Text>().load(conn),
        false => Ok(Vec::new()),
    }
}

fn known() -> Result<Vec<Box<dyn Migration<Pg>>>, Failure> {
    MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(failed)
}

/// A database has migrations from before the first one of this program if a version before 0.2.0 created it. Migrations
/// that are newer than this program are accepted: while servers are upgraded one by one, an old one may start again.
fn refuse_older_schema(applied: &[MigrationVersion<'_>]) -> Result<(), Failure> {
    let known = known()?;
    let first = known.iter().map(|migration| migration.name().version()).min();
    match applied.iter().any(|version| Some(version) < first.as_ref()) {
        true => Err(Failure::Internal(OLDER_SCHEMA.to_owned())),
        false => Ok(()),
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("migration failed: {error}"))
}

/// The language of the server's messages.
pub fn messages_language(conn: &mut PgConnection) -> QueryResult<String> {
    sql("SELECT current_setting('lc_messages')").columns::<Text>().get_result(conn)
}

/// Reverts all migrations, the newest first.
pub fn revert_all(conn: &mut PgConnection) -> Result<(), Failure> {
    conn.revert_all_migrations(MIGRATIONS)
        .map(drop)
        .map_err(|error| Failure::Internal(format!("taking migrations back failed: {error}")))
}
