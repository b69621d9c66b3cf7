//! Rows that change the stock of a variant at a place.

mod row;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use row::{StockRow, column_of};

use super::document::Import;
use super::input_row::InputRow;
use super::outcome::{Outcome, RowAction, WriteMode};
use super::places::PlacesByCode;
use super::queries::rows as stored_rows;
use super::variants;
use crate::auth::Scope;
use crate::catalogue::queries::sellables::Sellable;
use crate::db;
use crate::error::{Abort, ApiError, Code, FieldError, Overdue};
use crate::inventory::change_stock::{self, Seen, StockChange};
use crate::inventory::locked_stock::{LockedStock, MovementContext, StockKey};
use crate::inventory::queries::{holds, levels, stock_at};
use crate::inventory::shortage::StockItem;
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::{StoreId, VariantId};

/// A row with the stock row that it changes.
struct Target {
    index: usize,
    /// The number of the row in the file.
    number: i64,
    key: StockKey,
    row: StockRow,
    seen: Option<Seen>,
}

/// Decides on the rows, and writes their changes if the mode allows it.
pub fn apply(
    conn: &mut PgConnection,
    scope: &Scope,
    (import, rows): (&Import, &[InputRow]),
    mode: WriteMode,
) -> Result<Vec<Outcome>, Abort> {
    let mut outcomes: Vec<Outcome> = rows.iter().map(|_| Outcome::new(RowAction::Unchanged)).collect();
    let mut targets = find_targets(conn, scope.store, (import, rows), &mut outcomes)?;
    let mut named = NamedStock::lock(conn, scope.store, &targets, mode)?;
    let at = db::clock(conn)?;
    read_seen(conn, scope.store, &mut targets, at)?;
    // The rows that were refused when the file arrived are missing here. So the last number does not follow from the
    // number of rows.
    let last = rows.last().map_or(0, |row| row.number);
    let done_before = stored_rows::list_changed_before(conn, scope.store, import, last)?;
    let (reference, actor) = (format!("import:{}", import.id), scope.actor());
    let context = MovementContext { reference: &reference, reason: None, actor: &actor };
    let mut waiting = Vec::new();
    for target in &targets {
        let is_done = target.row.is_relative() && done_before.contains(&target.number);
        let decided = if is_done { Ok(RowAction::Unchanged) } else { named.decide(target, context, at) };
        let outcome = decided.map_or_else(
            |refusal| {
                if matches!(refusal.code, Code::InsufficientStock | Code::StockBelowReserved) {
                    waiting.push((target.key.0, refusal.clone()));
                }
                Outcome::refused(vec![FieldError::new(column_of(&refusal, &target.row), refusal.detail)])
            },
            Outcome::new,
        );
        if let Some(slot) = outcomes.get_mut(target.index) {
            *slot = outcome.about(name_of(target.key));
        }
    }
    refuse_or_retry(conn, scope.store, waiting)?;
    if mode.writes(&outcomes) {
        named.stock.write(conn, at)?;
    }
    Ok(outcomes)
}

/// Reads the rows, and finds their variants and places. Sets the outcomes of refused rows.
fn find_targets(
    conn: &mut PgConnection,
    store: StoreId,
    (import, rows): (&Import, &[InputRow]),
    outcomes: &mut [Outcome],
) -> Result<Vec<Target>, Abort> {
    let columns = &import.columns;
    let variants = variants::resolve(conn, store, (columns, rows))?;
    let places = PlacesByCode::lock(conn, store)?;
    let mut targets = Vec::new();
    for (((index, row), variant), outcome) in rows.iter().enumerate().zip(variants).zip(outcomes.iter_mut()) {
        let target = StockRow::read(columns, row).and_then(|values| {
            let alone = |error| vec![error];
            let key = (variant.map_err(alone)?, places.find_open(columns, row).map_err(alone)?);
            Ok(Target { index, number: row.number, key, row: values, seen: None })
        });
        match target {
            Ok(target) => targets.push(target),
            Err(errors) => *outcome = Outcome::refused(errors),
        }
    }
    refuse_repeated(conn, store, import, &mut targets, outcomes)?;
    Ok(targets)
}

/// Refuses rows about the stock row of an earlier row of the file, which may have named it in another way.
fn refuse_repeated(
    conn: &mut PgConnection,
    store: StoreId,
    import: &Import,
    targets: &mut Vec<Target>,
    outcomes: &mut [Outcome],
) -> Result<(), Abort> {
    let names: Vec<String> = targets.iter().map(|target| name_of(target.key)).collect();
    let mut seen = stored_rows::list_about(conn, store, (import.id, import.next_row), &names)?;
    targets.retain(|target| {
        let first = *seen.entry(name_of(target.key)).or_insert(target.number);
        if first == target.number {
            return true;
        }
        if let Some(outcome) = outcomes.get_mut(target.index) {
            let message = format!("has the size and the location of row {first}");
            *outcome = Outcome::refused(vec![FieldError::new("sku", message)]);
        }
        false
    });
    Ok(())
}

/// The name by which a stock row is stored as the target of a row of the file.
fn name_of((variant, location): StockKey) -> String {
    format!("{variant}/{location}")
}

/// Reads the stock rows as they were when they were counted.
fn read_seen(conn: &mut PgConnection, store: StoreId, targets: &mut [Target], now: DateTime<Utc>) -> Result<(), Abort> {
    let counted = targets.iter_mut().filter(|target| target.row.counted_at.is_some());
    let mut counted: Vec<&mut Target> = counted.collect();
    if counted.is_empty() {
        return Ok(());
    }
    // An observation that is slightly ahead of the clock counts as one of the present. Others are refused later.
    let time = |target: &Target| target.row.counted_at.unwrap_or(now).min(now);
    let observations: Vec<_> = counted.iter().map(|target| (target.key, time(target))).collect();
    let past = stock_at::read(conn, store, &observations)?;
    for ((target, (_, at)), past) in counted.iter_mut().zip(&observations).zip(past) {
        target.seen = Some(Seen { at: *at, past });
    }
    Ok(())
}

/// Asks for a second attempt if overdue holds are the reason why rows are refused.
fn refuse_or_retry(conn: &mut PgConnection, store: StoreId, refused: Vec<(VariantId, ApiError)>) -> Result<(), Abort> {
    let Some((_, first)) = refused.first().cloned() else { return Ok(()) };
    let variants: Vec<VariantId> = refused.iter().map(|(variant, _)| *variant).collect();
    let overdue = holds::list_overdue_variants(conn, store, &variants)?;
    if overdue.is_empty() { Ok(()) } else { Err(Abort::Overdue(first, Overdue { store, variants: overdue })) }
}

/// The locked stock rows with the names of their variants.
struct NamedStock {
    stock: LockedStock,
    names: HashMap<VariantId, Sellable>,
}

impl NamedStock {
    /// Locks the stock rows. Those that do not exist are created, unless nothing will be written.
    fn lock(conn: &mut PgConnection, store: StoreId, targets: &[Target], mode: WriteMode) -> Result<Self, Abort> {
        let keys: BTreeSet<StockKey> = targets.iter().map(|target| target.key).collect();
        let stock = match mode {
            WriteMode::Never => lock_existing(conn, store, &keys)?,
            WriteMode::Always | WriteMode::IfNoneRefused => LockedStock::lock_keys(conn, store, &keys)?,
        };
        let variants: BTreeSet<VariantId> = keys.iter().map(|(variant, _)| *variant).collect();
        let names = variants::load_names(conn, store, &variants.into_iter().collect::<Vec<_>>())?;
        Ok(Self { stock, names })
    }

    fn decide(
        &mut self,
        target: &Target,
        context: MovementContext<'_>,
        now: DateTime<Utc>,
    ) -> Result<RowAction, ApiError> {
        let Target { key, row, seen, .. } = target;
        row.check_time(now)?;
        let (Some(level), Some(name)) = (self.stock.row(*key), self.names.get(&key.0)) else {
            return Err(ApiError::internal());
        };
        if row.is_there(level, seen.as_ref()) {
            return Ok(RowAction::Unchanged);
        }
        let change: StockChange = row.to_change(key.1);
        let context = MovementContext { reason: Some(&change.reason), ..context };
        self.stock.record_decision(*key, context, seen.map(|seen| seen.at), |level| {
            change_stock::decide(level, &change, seen.as_ref(), StockItem::from(name))
        })?;
        Ok(RowAction::Updated)
    }
}

/// Locks the stock rows that exist. The others are empty in memory.
fn lock_existing(conn: &mut PgConnection, store: StoreId, keys: &BTreeSet<StockKey>) -> Result<LockedStock, Abort> {
    let mut rows = levels::lock_keys_for_update(conn, store, keys)?;
    let existing: BTreeSet<StockKey> = rows.iter().map(|level| (level.variant, level.location)).collect();
    rows.extend(keys.difference(&existing).map(|key| empty(*key)));
    Ok(LockedStock::new(store, rows))
}

fn empty((variant, location): StockKey) -> StockLevel {
    StockLevel { variant, location, stock: 0, reserved: 0, sold: 0, committed: 0, safety: 0, version: 0 }
}
