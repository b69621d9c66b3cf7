//! Computes and stores the figures of scarce variants.

use std::collections::HashMap;

use diesel::PgConnection;

use super::queries::progress;
use super::queries::scarce_variants::{self, ScarceVariant};
use crate::db::{Failure, outbox};
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::states::queries as states;
use crate::kernel::id::{StoreId, VariantId};
use crate::stores::queries::scarcity_changes;

/// The result of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The number of variants whose stored figures changed.
    pub changed: usize,
    /// True if more variants wait.
    pub is_behind: bool,
    /// True if some variants have never been computed.
    pub is_first_sweep: bool,
}

/// Computes the variants that changed since the last step, and the next ones of the sweep. Does nothing if another
/// server does the same.
///
/// The lock is taken first, and the figures are read by later statements. So figures that are written later are always
/// newer, and a noted change is deleted only with newer figures.
pub fn find_scarce(conn: &mut PgConnection, store: StoreId) -> Result<Found, Failure> {
    let Some(last) = progress::lock(conn, store)? else { return Ok(Found::default()) };
    let due = progress::find_due(conn, store, &last)?;
    let scarce = scarce_variants::compute(conn, store, &due.variants)?;
    let changed = scarce_variants::replace(conn, store, &due.variants, &scarce)?;
    note_statuses(conn, store, &due.variants, &scarce)?;
    scarcity_changes::delete(conn, store, &due.changes)?;
    let is_behind = progress::write(conn, store, &last, &due)?;
    Ok(Found { changed, is_behind, is_first_sweep: !last.is_complete })
}

/// Lets the relay find the statuses again that differ from the stored ones. So a change without a movement, such as a
/// higher minimum, changes the status of a variant, too.
fn note_statuses(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    scarce: &[ScarceVariant],
) -> Result<(), Failure> {
    let stored = states::list_statuses(conn, store, variants)?;
    let status = |row: &ScarceVariant| (row.variant_id, StockStatus::new(row.sellable_quantity, row.minimum));
    let found: HashMap<VariantId, StockStatus> = scarce.iter().map(status).collect();
    let status_in = |statuses: &HashMap<VariantId, StockStatus>, id: &VariantId| {
        statuses.get(id).copied().unwrap_or(StockStatus::InStock)
    };
    let differs = |id: &&VariantId| status_in(&stored, id) != status_in(&found, id);
    let different: Vec<i64> = variants.iter().filter(differs).map(|id| id.0).collect();
    if !different.is_empty() {
        outbox::note(store, |appended| appended.variants.extend(different));
    }
    Ok(())
}
