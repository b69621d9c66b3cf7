//! Computes value rows again from a receipt whose cost was corrected.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;

use super::queries::{checkpoints, hours, revaluations, rows};
use super::row::{ValueRow, ValueTotals};
use super::value::{ValuationState, ValuedEvent, value_events};
use super::value_ledger::by_hour;
use crate::db::{self, Failure};
use crate::kernel::id::{InboundReceiptId, StoreId, VariantId};

/// Marks the variants of a receipt, so that the job values them anew. For the transaction that corrects its costs.
pub fn correct_receipt(conn: &mut PgConnection, store: StoreId, receipt: InboundReceiptId) -> Result<(), Failure> {
    Ok(checkpoints::mark_receipt(conn, store, receipt)?)
}

/// The maximal number of rows that one transaction values again.
const MAX_ROWS_PER_TRANSACTION: i64 = 10_000;

/// Values the marked rows of a variant, or as many as fit into a transaction. New movements wait until all are done.
/// Returns the number of rows.
pub(super) fn revalue(conn: &mut PgConnection, store: StoreId, variant: VariantId) -> Result<usize, Failure> {
    let checkpoint = checkpoints::lock(conn, store, &[variant])?.pop();
    let Some((mut checkpoint, from)) = checkpoint.and_then(|one| one.fold_again_from.map(|from| (one, from))) else {
        return Ok(0);
    };
    let start = rows::find_state_before(conn, store, variant, from)?;
    let (start, mut state) = start.unwrap_or((DateTime::UNIX_EPOCH, ValuationState::default()));
    let mut valued = rows::list(conn, store, (variant, start), variant, MAX_ROWS_PER_TRANSACTION)?;
    let mut changes = by_hour(&valued).into_iter().map(|(hour, before)| (hour, negative(&before))).collect();
    let events: Vec<ValuedEvent> = valued.iter().map(|row| row.new.entry.clone()).collect();
    for (row, outcome) in valued.iter_mut().zip(value_events(&mut state, &events)) {
        row.outcome = outcome;
    }
    let is_last = db::count(valued.len()) < MAX_ROWS_PER_TRANSACTION;
    match valued.last_mut() {
        Some(last) if !is_last => {
            // The next transaction starts there.
            last.outcome.state = Some(state);
            checkpoint.fold_again_from = last.new.entry.at.checked_add_signed(Duration::microseconds(1));
        }
        _ => (checkpoint.state, checkpoint.fold_again_from) = (state, None),
    }
    add_totals(&mut changes, &valued);
    rows::write(conn, store, &valued)?;
    hours::add(conn, store, &changes)?;
    revaluations::note(conn, store, from)?;
    checkpoints::write(conn, store, &[checkpoint])?;
    Ok(valued.len())
}

fn negative(totals: &ValueTotals) -> ValueTotals {
    let mut negative = ValueTotals::default();
    negative.subtract(totals);
    negative
}

fn add_totals(changes: &mut BTreeMap<DateTime<Utc>, ValueTotals>, rows: &[ValueRow]) {
    for (hour, after) in by_hour(rows) {
        changes.entry(hour).or_default().add(&after);
    }
}
