//! The migrations, built in.

use std::time::Duration;

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Failure;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Between tries, when another server migrates at the same time.
const PAUSE: Duration = Duration::from_millis(100);

/// Applies what is missing and names it.
pub fn run(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| Failure::Internal(format!("migration failed: {error}")))?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Applies what is missing, though another server may be doing the same. Whoever comes second with
/// a migration fails on it, so that each failure leaves one less to do.
pub fn run_beside_others(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let mut tries = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_or(0, |all| all.len());
    loop {
        match run(conn) {
            Err(failure) if tries > 0 => {
                log::warn!(error:% = failure; "migrating is tried again");
                tries = tries.saturating_sub(1);
                std::thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// The language of the server's messages.
pub fn messages_language(conn: &mut PgConnection) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        lc_messages: String,
    }
    super::sql("SELECT current_setting('lc_messages') AS lc_messages")
        .get_result::<Row>(conn)
        .map(|row| row.lc_messages)
}

/// Takes every migration back, newest first.
pub fn revert_all(conn: &mut PgConnection) -> Result<(), Failure> {
    conn.revert_all_migrations(MIGRATIONS)
        .map(drop)
        .map_err(|error| Failure::Internal(format!("taking migrations back failed: {error}")))
}
