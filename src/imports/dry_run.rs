//! Slices of a dry run after the first one.
//!
//! The import would have written the rows of the earlier slices. So those about the same products or orders are written
//! first, in a transaction that is rolled back. Its locks are those of one slice, and not those of the whole file.

use std::collections::BTreeSet;

use diesel::PgConnection;

use super::document::Import;
use super::outcome::WriteMode;
use super::queries::imports;
use super::queries::rows::{self, StoredRow};
use super::run::{self, DecidedSlice, MAX_ROWS_OF_STOP};
use crate::auth::Scope;
use crate::db::{self, End, Failure};
use crate::error::Abort;
use crate::kernel::id::{ImportId, StoreId};

/// True if the next rows may depend on rows of earlier slices, which a dry run has not written.
#[must_use]
pub fn needs_earlier_rows(import: &Import) -> bool {
    import.dry_run && import.next_row > 1 && !import.columns.kind.group().is_empty()
}

/// Decides on the next rows of a dry run, whose row has been locked. The transaction must be rolled back.
pub fn decide_slice(conn: &mut PgConnection, scope: &Scope, import: &Import) -> Result<DecidedSlice, Abort> {
    let stored = run::read_slice(conn, scope.store, import)?;
    write_earlier(conn, scope, import, &stored)?;
    run::decide_slice(conn, scope, import, stored)
}

/// Writes the rows of earlier slices about the same products or orders, with their results, because the results name the
/// lines of orders.
fn write_earlier(conn: &mut PgConnection, scope: &Scope, import: &Import, next: &[StoredRow]) -> Result<(), Abort> {
    let groups: BTreeSet<String> =
        next.iter().filter_map(|row| run::stored_group(&import.columns, &row.row.cells)).collect();
    // A transaction of an import never has more rows.
    let limit = db::count(MAX_ROWS_OF_STOP);
    let earlier = rows::list_changing_before(conn, scope.store, import, &groups, limit)?;
    if earlier.is_empty() {
        return Ok(());
    }
    let outcomes = run::apply(conn, scope, import, (&earlier, &[]), WriteMode::Always)?;
    let numbers: Vec<i64> = earlier.iter().map(|row| row.number).collect();
    Ok(rows::write_outcomes(conn, scope.store, import.id, &numbers, &outcomes)?)
}

/// Writes the results of a slice of a dry run. None if another server has done so, or works on the import.
pub fn write_decided(
    conn: &mut PgConnection,
    store: StoreId,
    id: ImportId,
    slice: &DecidedSlice,
) -> Result<End<Option<Import>>, Failure> {
    let Some(mut import) = imports::lock_running(conn, store, id)? else { return Ok(End::RollBack(None)) };
    if !slice.is_next_of(&import) {
        return Ok(End::RollBack(None));
    }
    run::write_slice(conn, store, &mut import, slice)?;
    Ok(End::Commit(Some(import)))
}
