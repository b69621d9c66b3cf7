//! Computes the value rows of a store again, from zero, and compares.

use std::collections::BTreeSet;
use std::slice;

use chrono::DateTime;
use diesel::PgConnection;

use super::queries::{checkpoints, rows};
use super::row::ValueRow;
use super::value::{EventValue, ValuationState, value_events};
use crate::db::Failure;
use crate::kernel::id::{StoreId, VariantId};

/// The number of rows that are read together.
const ROWS_AT_A_TIME: i64 = 10_000;

/// The maximal number of differences.
const MAX_DIFFERENCES: usize = 20;

/// Describes value rows and checkpoints that another run does not give. Variants that wait for a correction are left
/// out.
pub fn find_differences(conn: &mut PgConnection, store: StoreId) -> Result<Vec<String>, Failure> {
    let marked: BTreeSet<VariantId> = checkpoints::list_marked(conn, store)?.into_iter().collect();
    let mut differences = Vec::new();
    let (mut variant, mut at, mut state) = (VariantId(0), DateTime::UNIX_EPOCH, ValuationState::default());
    loop {
        let page = rows::list(conn, store, (variant, at), VariantId(i64::MAX), ROWS_AT_A_TIME)?;
        let Some(last) = page.last().map(|row| (row.new.variant, row.new.entry.at)) else { break };
        let mut ended: Vec<(VariantId, ValuationState)> = Vec::new();
        for row in &page {
            if row.new.variant != variant {
                ended.push((variant, std::mem::take(&mut state)));
                variant = row.new.variant;
            }
            let valued = value_events(&mut state, slice::from_ref(&row.new.entry));
            let is_same = valued.first().is_some_and(|outcome| is_same(row, outcome, &state));
            if !is_same && !marked.contains(&variant) {
                differences.push(describe(row));
            }
        }
        differences.extend(compare(conn, store, ended, &marked)?);
        at = last.1;
    }
    differences.extend(compare(conn, store, vec![(variant, state)], &marked)?);
    differences.truncate(MAX_DIFFERENCES);
    Ok(differences)
}

fn is_same(row: &ValueRow, outcome: &EventValue, state: &ValuationState) -> bool {
    let EventValue { effect, quantity, average, fifo, state: saved } = &row.outcome;
    (effect, quantity, average, fifo) == (&outcome.effect, &outcome.quantity, &outcome.average, &outcome.fifo)
        && saved.as_ref().is_none_or(|saved| saved == state)
}

fn describe(row: &ValueRow) -> String {
    format!(
        "variant {} at {}: {} of {} units",
        row.new.variant,
        row.new.entry.at,
        row.kind().as_str(),
        row.new.entry.quantity
    )
}

/// Compares final states with the checkpoints.
fn compare(
    conn: &mut PgConnection,
    store: StoreId,
    states: Vec<(VariantId, ValuationState)>,
    marked: &BTreeSet<VariantId>,
) -> Result<Vec<String>, Failure> {
    let states: Vec<_> = states.into_iter().filter(|(variant, _)| variant.0 > 0 && !marked.contains(variant)).collect();
    let variants: Vec<VariantId> = states.iter().map(|(variant, _)| *variant).collect();
    let stored = checkpoints::list_states(conn, store, &variants)?;
    let differs = |one: &&(VariantId, ValuationState)| !stored.contains(one);
    Ok(states.iter().filter(differs).map(|(variant, _)| format!("checkpoint of variant {variant}")).collect())
}
