//! Moves rows to the feed, together with the changes of stock statuses that they cause.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::PgConnection;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::queries;
use super::status_change::{AvailableChange, StatusChange, TrackedRow, TrackedVariant, find_status_changes};
use crate::db::Failure;
use crate::db::outbox::{self, Moved};
use crate::events::{EventType, RecordedEvent};
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::stock_outs::{self, period::find_changes};
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// Moves rows of the outbox to the end of the feed, whose lock this transaction has. The number of statements does not
/// depend on the number of rows.
pub fn move_to_feed(conn: &mut PgConnection, store: StoreId, limit: i64) -> Result<Moved, Failure> {
    let moved = outbox::move_to_feed(conn, store, limit)?;
    let rows = load_rows(conn, store, &moved)?;
    let named: BTreeSet<VariantId> = rows.iter().flat_map(variants_of).collect();
    if named.is_empty() {
        return Ok(moved);
    }
    let mut variants = queries::list_variants(conn, store, &named.into_iter().collect::<Vec<_>>())?;
    set_available(conn, store, &mut variants, &rows)?;
    let before: BTreeMap<VariantId, StockStatus> = variants.iter().map(|(id, variant)| (*id, variant.status)).collect();
    let status_changes = find_status_changes(&mut variants, &rows);
    let changed = variants.iter().filter(|(id, variant)| before.get(id) != Some(&variant.status));
    let changed: Vec<_> = changed.map(|(id, variant)| (*id, variant.status)).collect();
    queries::write(conn, store, &changed)?;
    stock_outs::queries::write(conn, store, &find_changes(&status_changes))?;
    write_events(conn, store, &status_changes, &variants)?;
    Ok(moved)
}

fn variants_of(row: &TrackedRow) -> impl Iterator<Item = VariantId> {
    row.variants.iter().copied().chain(row.changes.iter().map(|change| change.variant))
}

/// Sets the units of the variants at the end of the feed. For a stock row that the rows change, they are the units after its
/// last movement, because the outbox has the movements of a stock row in their order. Other stock rows are looked up.
fn set_available(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &mut BTreeMap<VariantId, TrackedVariant>,
    rows: &[TrackedRow],
) -> Result<(), Failure> {
    let changes = rows.iter().flat_map(|row| &row.changes);
    let mut available: HashMap<(VariantId, LocationId), i64> =
        changes.map(|change| ((change.variant, change.location), change.after)).collect();
    let levels = variants.iter().flat_map(|(id, variant)| variant.levels.keys().map(|location| (*id, *location)));
    let others: Vec<(VariantId, LocationId)> = levels.filter(|level| !available.contains_key(level)).collect();
    if !others.is_empty() {
        available.extend(queries::list_available(conn, store, &others)?);
    }
    for (id, variant) in variants {
        for (location, level) in &mut variant.levels {
            level.available = available.get(&(*id, *location)).copied().unwrap_or(0);
        }
    }
    Ok(())
}

/// The moved rows with their movements. Rows that are older than the table of statuses are left out, because the statuses
/// contain their movements already.
fn load_rows(conn: &mut PgConnection, store: StoreId, moved: &Moved) -> Result<Vec<TrackedRow>, Failure> {
    let rows = moved.rows.iter().filter_map(|row| row.variants.as_ref().map(|variants| (row, variants)));
    let rows: Vec<_> = rows.filter(|(row, variants)| !row.movements.is_empty() || !variants.is_empty()).collect();
    let ids: Vec<i64> = rows.iter().flat_map(|(row, _)| row.movements.iter().copied()).collect();
    let mut changes: HashMap<i64, AvailableChange> = HashMap::new();
    if !ids.is_empty() {
        changes = queries::list_changes(conn, store, &ids)?;
    }
    let tracked = rows.into_iter().map(|(row, variants)| TrackedRow {
        position: row.position,
        at: row.created_at,
        changes: row.movements.iter().filter_map(|id| changes.remove(id)).collect(),
        variants: variants.iter().copied().map(VariantId).collect(),
    });
    Ok(tracked.collect())
}

fn write_events(
    conn: &mut PgConnection,
    store: StoreId,
    changes: &[StatusChange],
    variants: &BTreeMap<VariantId, TrackedVariant>,
) -> Result<(), Failure> {
    // As text, an event takes a small part of the memory of a tree of values.
    let mut events: BTreeMap<i64, Vec<Box<RawValue>>> = BTreeMap::new();
    for change in changes {
        let of_event = change.event_type.zip(variants.get(&change.variant));
        let Some((event_type, variant)) = of_event else { continue };
        let event = to_raw_value(&event(change, event_type, variant))
            .map_err(|error| Failure::Internal(format!("an event: {error}")))?;
        events.entry(change.position).or_default().push(event);
    }
    if events.is_empty() { Ok(()) } else { outbox::write_status_events(conn, store, &events) }
}

fn event(change: &StatusChange, event_type: EventType, variant: &TrackedVariant) -> RecordedEvent {
    let TrackedVariant { product, sku, product_name, size, minimum, .. } = variant;
    let StatusChange { variant: id, before, after, available, actor, at, .. } = change;
    RecordedEvent::new(event_type, product.0, actor, *at).with_data(json!({
        "product_id": product,
        "variant_id": id,
        "sku": sku,
        "product_name": product_name,
        "size": size,
        "available_quantity": available,
        "min_stock_level": minimum,
        "stock_status": after,
        "previous_stock_status": before,
    }))
}
