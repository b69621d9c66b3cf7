//! The migrations, built in.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Failure;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Applies what is missing and names it, all or nothing.
///
/// Another server may be doing the same: whoever comes second waits and finds less to do. Without
/// the wait both would make the same table, and PostgreSQL names the sequence of the one that stays
/// as if the other were there: `orders_id_seq1`.
pub fn run(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    // Two that make diesel's own table at once: one of them fails when the other has made it.
    if conn.setup().is_err() {
        conn.setup()?;
    }
    conn.transaction(|conn| {
        conn.batch_execute("LOCK TABLE __diesel_schema_migrations IN EXCLUSIVE MODE")?;
        let applied = conn
            .run_pending_migrations(MIGRATIONS)
            .map_err(|error| Failure::Internal(format!("migration failed: {error}")))?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
}

/// The language of the server's messages.
pub fn messages_language(conn: &mut PgConnection) -> QueryResult<String> {
    super::sql("SELECT current_setting('lc_messages')").columns::<Text>().get_result(conn)
}

/// Takes every migration back, newest first.
pub fn revert_all(conn: &mut PgConnection) -> Result<(), Failure> {
    conn.revert_all_migrations(MIGRATIONS)
        .map(drop)
        .map_err(|error| Failure::Internal(format!("taking migrations back failed: {error}")))
}
