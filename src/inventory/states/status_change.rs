//! Finds the changes of the stock status of variants, without a database.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::auth::principal::SYSTEM;
use crate::events::EventType;
use crate::inventory::product_with_stock::StockStatus;
use crate::kernel::id::{LocationId, ProductId, VariantId};

/// A variant, with the data that decide its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedVariant {
    pub product: ProductId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub minimum: i64,
    /// A variant that is not on sale has no status. It counts as in stock, and gives no event.
    pub is_on_sale: bool,
    /// The status after the last row that was read.
    pub status: StockStatus,
    /// The stock at each place that sells.
    pub levels: BTreeMap<LocationId, TrackedLevel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackedLevel {
    /// The units that nobody has reserved.
    pub available: i64,
    pub safety: i64,
}

/// A row of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedRow {
    pub position: i64,
    pub at: DateTime<Utc>,
    /// In the order of the feed.
    pub changes: Vec<AvailableChange>,
    /// Variants whose status may have changed without a movement.
    pub variants: Vec<VariantId>,
}

/// A movement that changes the units that nobody has reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvailableChange {
    pub variant: VariantId,
    pub location: LocationId,
    pub change: i64,
    /// The units after it.
    pub after: i64,
    pub actor: String,
    pub at: DateTime<Utc>,
}

/// A change of a status. Its event comes after the movements of the row at this position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    pub position: i64,
    pub variant: VariantId,
    /// None if the variant is not on sale any more.
    pub event_type: Option<EventType>,
    pub before: StockStatus,
    pub after: StockStatus,
    pub available: i64,
    pub actor: String,
    pub at: DateTime<Utc>,
}

/// The changes of statuses that the rows cause, in the order of the feed, and in a row by variant. `variants` are all
/// variants of the rows, with their stock after the last row. They get their status after the last row.
///
/// The rows of one transaction become visible together, so only the status at the end of a row counts: a move between
/// two places is no sell-out.
pub fn find_status_changes(
    variants: &mut BTreeMap<VariantId, TrackedVariant>,
    rows: &[TrackedRow],
) -> Vec<StatusChange> {
    for change in rows.iter().flat_map(|row| &row.changes) {
        add(variants, change, change.change.saturating_neg());
    }
    let mut found = Vec::new();
    for row in rows {
        let mut causes: BTreeMap<VariantId, (&str, DateTime<Utc>)> =
            row.variants.iter().map(|variant| (*variant, (SYSTEM, row.at))).collect();
        for change in &row.changes {
            add(variants, change, change.change);
            causes.insert(change.variant, (&change.actor, change.at));
        }
        for (id, (actor, at)) in causes {
            let Some(variant) = variants.get_mut(&id) else { continue };
            let before = variant.status;
            let event_type = variant.update();
            if variant.status == before {
                continue;
            }
            found.push(StatusChange {
                position: row.position,
                variant: id,
                event_type,
                before,
                after: variant.status,
                available: variant.sellable(),
                actor: actor.to_owned(),
                at,
            });
        }
    }
    found
}

/// Movements at places that do not sell change nothing.
fn add(variants: &mut BTreeMap<VariantId, TrackedVariant>, at: &AvailableChange, change: i64) {
    if let Some(level) = variants.get_mut(&at.variant).and_then(|variant| variant.levels.get_mut(&at.location)) {
        level.available = level.available.saturating_add(change);
    }
}

impl TrackedVariant {
    /// The units that buyers can get.
    fn sellable(&self) -> i64 {
        let levels = self.levels.values().map(|level| level.available.saturating_sub(level.safety).max(0));
        levels.fold(0, i64::saturating_add)
    }

    /// Computes the status again. Returns the type of the event, if there is one.
    fn update(&mut self) -> Option<EventType> {
        let before = self.status;
        self.status = match self.is_on_sale {
            true => StockStatus::new(self.sellable(), self.minimum),
            false => StockStatus::InStock,
        };
        if self.is_on_sale { event_between(before, self.status) } else { None }
    }
}

/// The event of a change. A variant that was out of stock is back, also if it is low now.
fn event_between(before: StockStatus, after: StockStatus) -> Option<EventType> {
    match (before, after) {
        _ if before == after => None,
        (_, StockStatus::OutOfStock) => Some(EventType::StockOut),
        (StockStatus::InStock, StockStatus::LowStock) => Some(EventType::StockLow),
        (_, StockStatus::InStock | StockStatus::LowStock) => Some(EventType::StockBack),
    }
}

#[cfg(test)]
mod tests;
