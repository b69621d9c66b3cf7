//! Turns new movements of a store into value rows, a part in each transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::PgConnection;

use super::correct;
use super::queries::progress::{self, MAX_VARIANTS, PendingWork};
use super::queries::{checkpoints, hours, ledger, rows};
use super::resolve::resolve;
use super::row::{Checkpoint, NewValuedEvent, ValueRow, ValueTotals};
use super::stock_event::{self, Unvalued};
use super::value::{ValuedEvent, value_events};
use crate::db::{self, Failure};
use crate::kernel::id::{StoreId, VariantId};

/// The maximal number of movements that one transaction values.
const MAX_MOVEMENTS_PER_TRANSACTION: i64 = 2_000;

/// The result of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valued {
    /// The number of movements that were valued, for the first time or again.
    pub movements: usize,
    /// True if what the search found did not fit into the transaction.
    pub is_part: bool,
    /// True if another search may find more.
    pub is_behind: bool,
}

/// Values what a search found, as much as fits into a transaction. Does nothing if another server values this store.
///
/// A movement is new if its version is above the one in the checkpoint. Versions have no gaps, so movements that are
/// committed late are valued late, and never left out.
pub fn value_pending(conn: &mut PgConnection, store: StoreId, pending: &PendingWork) -> Result<Valued, Failure> {
    if !progress::lock(conn, store, pending.at)? {
        return Ok(Valued::default());
    }
    let again = match pending.revalue {
        Some(variant) => correct::revalue(conn, store, variant)?,
        None => 0,
    };
    let (new, is_part) = value_part(conn, store, &pending.variants)?;
    let has_more = is_part || db::count(pending.variants.len()) >= MAX_VARIANTS;
    if !has_more {
        progress::write(conn, store, pending)?;
    }
    let is_behind = has_more || pending.revalue.is_some() || (pending.is_behind && pending.swept_to > 0);
    Ok(Valued { movements: again.saturating_add(new), is_part, is_behind })
}

fn value_part(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> Result<(usize, bool), Failure> {
    if variants.is_empty() {
        return Ok((0, false));
    }
    let locked = checkpoints::lock(conn, store, variants)?;
    let mut locked: BTreeMap<VariantId, Checkpoint> = locked.into_iter().map(|one| (one.variant, one)).collect();
    let (mut part, is_part) =
        stock_event::take_part(ledger::list_unvalued(conn, store, variants)?, MAX_MOVEMENTS_PER_TRANSACTION);
    let mut movements = ledger::list_movements(conn, store, &part)?;
    stock_event::cut(&mut movements, &mut part);
    let count = movements.len();
    let entries = resolve(conn, store, stock_event::group(movements), &mut locked)?;
    let valued = value_entries(&mut locked, entries);
    rows::write(conn, store, &valued)?;
    hours::add(conn, store, &by_hour(&valued))?;
    checkpoints::write(conn, store, &move_on(locked, &part))?;
    Ok((count, is_part))
}

/// Values the entries, which are in the order of variants and posting.
fn value_entries(checkpoints: &mut BTreeMap<VariantId, Checkpoint>, entries: Vec<NewValuedEvent>) -> Vec<ValueRow> {
    let mut rows = Vec::with_capacity(entries.len());
    for of_variant in entries.chunk_by(|one, next| one.variant == next.variant) {
        let checkpoint = of_variant.first().and_then(|new| checkpoints.get_mut(&new.variant));
        let Some(checkpoint) = checkpoint else { continue };
        let events: Vec<ValuedEvent> = of_variant.iter().map(|new| new.entry.clone()).collect();
        let outcomes = value_events(&mut checkpoint.state, &events);
        let valued = of_variant.iter().cloned().zip(outcomes);
        rows.extend(valued.map(|(new, outcome)| ValueRow { new, outcome }));
    }
    rows
}

/// The checkpoints of the part, with the versions up to which it has valued.
fn move_on(mut locked: BTreeMap<VariantId, Checkpoint>, part: &[Unvalued]) -> Vec<Checkpoint> {
    for row in part {
        if let Some(checkpoint) = locked.get_mut(&row.variant) {
            checkpoint.versions.0.insert(row.location.0, row.to);
        }
    }
    let in_part: BTreeSet<VariantId> = part.iter().map(|row| row.variant).collect();
    locked.into_values().filter(|one| in_part.contains(&one.variant)).collect()
}

/// The sums of the rows by their hour.
pub(super) fn by_hour(rows: &[ValueRow]) -> BTreeMap<DateTime<Utc>, ValueTotals> {
    let mut hours: BTreeMap<DateTime<Utc>, ValueTotals> = BTreeMap::new();
    for row in rows {
        hours.entry(hour_of(row.new.entry.at)).or_default().add(&row.totals());
    }
    hours
}

fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}
