//! The migrations, built in.

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Failure;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Applies what is missing and names it.
pub fn run(conn: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| Failure::Internal(format!("migration failed: {error}")))?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Takes every migration back, newest first.
pub fn revert_all(conn: &mut PgConnection) -> Result<(), Failure> {
    conn.revert_all_migrations(MIGRATIONS)
        .map(drop)
        .map_err(|error| Failure::Internal(format!("taking migrations back failed: {error}")))
}
