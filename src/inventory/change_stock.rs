//! Receives, removes and counts units.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::locked_stock::{LockedStock, StockKey};
use super::observation::{Observation, StockAtObservation, is_ahead_of_clock};
use super::product_with_stock::{ProductWithStock, StockStatus, VariantWithStock};
use super::queries::levels::{self, NewMovement};
use super::queries::{locations, promises, stock_at, stock_by_variant};
use super::shortage::{self, StockItem};
use super::stock_level::{Movement, MovementKind, StockDelta, StockLevel};
use crate::auth::Scope;
use crate::catalogue::product::Product;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{LocationId, MovementId, ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// The effect of a quantity on the stock on hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MovementType {
    /// Adds units.
    In,
    /// Removes units that are not reserved.
    Out,
    /// Sets the stock to the counted quantity.
    Adjustment,
}

/// The time of an observation at the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedAt {
    Now,
    At(DateTime<Utc>),
}

/// A change of the stock of one variant at one location.
#[derive(Clone, Debug)]
pub struct StockChange {
    pub movement_type: MovementType,
    pub quantity: i64,
    /// If there is a time, the quantity of an adjustment is the number of units on the shelf at this time, including sold
    /// units.
    pub on_hand: Option<CountedAt>,
    /// The stock that the caller expects.
    pub expected_stock: Option<i64>,
    pub size: Option<String>,
    /// The store's main location if None.
    pub location: Option<LocationId>,
    pub reason: String,
    pub reference_id: Option<String>,
}

/// The result of a change.
#[derive(Debug)]
pub struct ChangedStock {
    pub product: ProductWithStock,
    pub variant: VariantId,
    pub location: LocationId,
    pub previous_stock: i64,
    pub new_stock: i64,
    pub movement: MovementId,
}

impl ChangedStock {
    /// The status of the variant, given its available units.
    #[must_use]
    pub fn status(&self, available: i64) -> StockStatus {
        let variant = self.product.variants.iter().find(|variant| variant.id == self.variant);
        variant.map_or(StockStatus::OutOfStock, |variant| self.product.status_at(variant, available))
    }
}

/// Changes the stock of one variant at one location. The decision is made under the lock of its row.
pub fn change_stock(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &ProductRef,
    change: &StockChange,
) -> Result<ChangedStock, Abort> {
    let product = stock_by_variant::get_stocked(conn, scope.store, name)?;
    let variant = product.variant(name, change.size.as_deref())?;
    let location = locations::lock_open_location(conn, scope.store, change.location)?;
    let mut level = lock_level(conn, scope.store, (variant.id, location))?;
    let at = db::clock(conn)?;
    let seen = change.on_hand.map(|observation| read_seen(conn, scope.store, &level, (observation, at))).transpose()?;
    let previous_stock = level.stock;
    let movement = match decide(&mut level, change, seen.as_ref(), item_of(&product.product, variant)) {
        Ok(movement) => movement,
        Err(refusal) => return Err(refuse(conn, scope.store, refusal, (variant.id, location))?),
    };
    let movement = write(conn, scope, &level, &movement, change, (seen, at))?;
    let variant = variant.id;
    Ok(ChangedStock { product, variant, location, previous_stock, new_stock: level.stock, movement })
}

/// Locks the stock row. Creates it if it does not exist.
fn lock_level(conn: &mut PgConnection, store: StoreId, key: StockKey) -> Result<StockLevel, Failure> {
    let stock = LockedStock::lock_keys(conn, store, &BTreeSet::from([key]))?;
    let (variant, location) = key;
    let missing = || Failure::Internal(format!("variant {variant} has no stock row at location {location}"));
    stock.row(key).cloned().ok_or_else(missing)
}

/// The time of an observation, and the stock row at that time.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub at: DateTime<Utc>,
    pub past: StockAtObservation,
}

/// Reads the locked row as it was at the time of the observation.
fn read_seen(
    conn: &mut PgConnection,
    store: StoreId,
    level: &StockLevel,
    (observation, now): (CountedAt, DateTime<Utc>),
) -> Result<Seen, Abort> {
    let CountedAt::At(at) = observation else {
        let on_hand = level.stock.saturating_add(level.committed);
        return Ok(Seen { at: now, past: StockAtObservation { on_hand, ..StockAtObservation::default() } });
    };
    if is_ahead_of_clock(at, now) {
        return Err(ApiError::field("counted_at", "must not be in the future").into());
    }
    // An observation that is slightly ahead of the clock is one of now.
    let at = at.min(now);
    let past = stock_at::read(conn, store, &[((level.variant, level.location), at)])?;
    Ok(Seen { at, past: past.first().copied().unwrap_or_default() })
}

/// Refuses with the promised units, or asks for a second attempt if only overdue holds cause the refusal.
fn refuse(
    conn: &mut PgConnection,
    store: StoreId,
    mut refusal: ApiError,
    (variant, location): (VariantId, LocationId),
) -> Result<Abort, Failure> {
    if !matches!(refusal.code, Code::InsufficientStock | Code::StockBelowReserved) {
        return Ok(refusal.into());
    }
    if refusal.code == Code::StockBelowReserved {
        let promises = promises::list(conn, store, location, &[variant])?.remove(&variant);
        refusal.extra.promises = promises.unwrap_or_default();
    }
    shortage::refuse_or_retry(conn, store, refusal, &[variant])
}

fn write(
    conn: &mut PgConnection,
    scope: &Scope,
    level: &StockLevel,
    movement: &Movement,
    change: &StockChange,
    (seen, at): (Option<Seen>, DateTime<Utc>),
) -> Result<MovementId, Abort> {
    let (reason, reference_id) = (Some(change.reason.as_str()), change.reference_id.as_deref());
    let effective_at = seen.map(|seen| seen.at);
    let new = NewMovement { movement, reason, reference_id, actor: &scope.actor(), effective_at };
    let ids = levels::write(conn, scope.store, &[level], &[new], at)?;
    ids.first().copied().ok_or_else(|| Failure::Internal("a movement got no id".to_owned()).into())
}

/// Changes the row in memory, or refuses.
pub fn decide(
    level: &mut StockLevel,
    change: &StockChange,
    seen: Option<&Seen>,
    item: StockItem<'_>,
) -> Result<Movement, ApiError> {
    let name = item.product_name;
    if change.expected_stock.is_some_and(|expected| expected != level.stock) {
        let mut refusal = ApiError::new(Code::StaleStock, format!("The stock of '{name}' is {} by now.", level.stock));
        refusal.extra.current_stock = Some(level.stock);
        return Err(refusal);
    }
    let quantity = match seen {
        None => change.quantity,
        Some(seen) => stock_after_observation(level, change.quantity, seen, item)?,
    };
    let (kind, delta) = match change.movement_type {
        MovementType::In if quantity > MAX_STOCK.saturating_sub(level.stock) => return Err(too_much()),
        MovementType::In => (MovementKind::Receive, quantity),
        MovementType::Out if quantity > level.available() => {
            return Err(shortage::insufficient_stock(vec![shortage::stock_error(item, level.available(), quantity)]));
        }
        MovementType::Out => (MovementKind::Remove, quantity.saturating_neg()),
        MovementType::Adjustment if quantity < level.reserved => {
            let detail = match (seen, level.reserved.saturating_add(level.committed)) {
                (None, _) => {
                    format!("The stock of '{name}' can't be {quantity}, because {} of it is reserved.", level.reserved)
                }
                (Some(_), promised) => format!("More units of '{name}' are promised than were counted: {promised}."),
            };
            return Err(ApiError::new(Code::StockBelowReserved, detail));
        }
        MovementType::Adjustment => (MovementKind::Adjust, quantity.saturating_sub(level.stock)),
    };
    level.apply(kind, StockDelta::stock(delta)).map_err(|_does_not_fit| too_much())
}

/// The stock that follows from an observation: it changes by the difference at the time of the observation.
fn stock_after_observation(
    level: &StockLevel,
    counted: i64,
    seen: &Seen,
    item: StockItem<'_>,
) -> Result<i64, ApiError> {
    let variance = seen.past.variance(Observation { counted, at: seen.at }).ok_or_else(|| {
        let detail = format!("'{}' was counted later than that.", item.product_name);
        let mut refusal = ApiError::new(Code::StaleStock, detail);
        refusal.extra.current_stock = Some(level.stock);
        refusal
    })?;
    Ok(level.stock.saturating_add(variance))
}

pub(super) fn too_much() -> ApiError {
    ApiError::field("quantity", format!("must not bring the stock above {MAX_STOCK}"))
}

pub(super) fn item_of<'a>(product: &'a Product, variant: &'a VariantWithStock) -> StockItem<'a> {
    let (sku, size) = (variant.sku.as_str(), variant.size.as_deref());
    StockItem { product_id: product.id, sku, product_name: &product.name, size }
}

#[cfg(test)]
mod tests;
