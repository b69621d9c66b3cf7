//! Keeps the figures of scarce variants.

use diesel::PgConnection;

use super::queries::{kept, progress};
use crate::db::Failure;
use crate::kernel::id::StoreId;
use crate::stores::queries::scarcity_changes;

/// The result of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The number of variants whose kept figures changed.
    pub changed: usize,
    /// True if more variants wait.
    pub is_behind: bool,
}

/// Computes the variants that changed since the last step, and the next ones of the sweep. Does nothing if another
/// server does the same.
///
/// The lock is taken first, and the figures are read by later statements. So figures that are written later are always
/// newer, and a noted change is deleted only with newer figures.
pub fn find_scarce(conn: &mut PgConnection, store: StoreId) -> Result<Found, Failure> {
    let Some(last) = progress::lock(conn, store)? else { return Ok(Found::default()) };
    let due = progress::find_due(conn, store, &last)?;
    let scarce = kept::compute(conn, store, &due.variants)?;
    let changed = kept::replace(conn, store, &due.variants, &scarce)?;
    scarcity_changes::delete(conn, store, &due.changes)?;
    let is_behind = progress::write(conn, store, &last, &due)?;
    Ok(Found { changed, is_behind })
}
