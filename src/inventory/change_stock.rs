//! Receives, removes and counts units.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::product_with_stock::{ProductWithStock, StockStatus, VariantWithStock};
use super::queries::levels::{self, NewMovement};
use super::queries::{figures, locations};
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

/// A change of the stock of one variant at one location.
#[derive(Clone, Debug)]
pub struct StockChange {
    pub movement_type: MovementType,
    pub quantity: i64,
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
    let product = figures::get_stocked(conn, scope.store, name)?;
    let variant = product.variant(name, change.size.as_deref())?;
    let location = locations::lock_open_location(conn, scope.store, change.location)?;
    let mut level = lock_level(conn, scope.store, variant.id, location)?;
    let at = db::clock(conn)?;
    let previous_stock = level.stock;
    let movement = match decide(&mut level, change, item_of(&product.product, variant)) {
        Ok(movement) => movement,
        Err(refusal) if matches!(refusal.code, Code::InsufficientStock | Code::StockBelowReserved) => {
            return Err(shortage::refuse_or_retry(conn, scope.store, refusal, &[variant.id])?);
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let movement = write(conn, scope, &level, &movement, change, at)?;
    let variant = variant.id;
    Ok(ChangedStock { product, variant, location, previous_stock, new_stock: level.stock, movement })
}

/// Locks the variant's rows and returns the one at the location. Creates that row if it does not exist.
fn lock_level(
    conn: &mut PgConnection,
    store: StoreId,
    variant: VariantId,
    location: LocationId,
) -> Result<StockLevel, Abort> {
    let find_at_location = |levels: Vec<StockLevel>| levels.into_iter().find(|level| level.location == location);
    if let Some(level) = find_at_location(levels::lock_for_update(conn, store, &[variant])?) {
        return Ok(level);
    }
    let at = db::clock(conn)?;
    levels::insert_missing(conn, store, &BTreeSet::from([(variant, location)]), at)?;
    let level = find_at_location(levels::lock_for_update(conn, store, &[variant])?);
    level.ok_or_else(|| Failure::Internal(format!("no stock row of variant {variant} at {location}")).into())
}

fn write(
    conn: &mut PgConnection,
    scope: &Scope,
    level: &StockLevel,
    movement: &Movement,
    change: &StockChange,
    at: DateTime<Utc>,
) -> Result<MovementId, Abort> {
    let (reason, reference_id) = (Some(change.reason.as_str()), change.reference_id.as_deref());
    let new = NewMovement { movement, reason, reference_id, actor: &scope.actor(), effective_at: None };
    let ids = levels::write(conn, scope.store, &[level], &[new], at)?;
    ids.first().copied().ok_or_else(|| Failure::Internal("a movement got no id".to_owned()).into())
}

/// Changes the row in memory, or refuses.
fn decide(level: &mut StockLevel, change: &StockChange, item: StockItem<'_>) -> Result<Movement, ApiError> {
    let name = item.product_name;
    if change.expected_stock.is_some_and(|expected| expected != level.stock) {
        let mut refusal = ApiError::new(Code::StaleStock, format!("The stock of '{name}' is {} by now.", level.stock));
        refusal.extra.current_stock = Some(level.stock);
        return Err(refusal);
    }
    let quantity = change.quantity;
    let (kind, delta) = match change.movement_type {
        MovementType::In if quantity > MAX_STOCK.saturating_sub(level.stock) => return Err(too_much()),
        MovementType::In => (MovementKind::Receive, quantity),
        MovementType::Out if quantity > level.available() => {
            return Err(shortage::insufficient_stock(vec![shortage::stock_error(item, level.available(), quantity)]));
        }
        MovementType::Out => (MovementKind::Remove, quantity.saturating_neg()),
        MovementType::Adjustment if quantity < level.reserved => {
            let detail = format!("The stock of '{name}' can't be {quantity}: {} units are reserved.", level.reserved);
            return Err(ApiError::new(Code::StockBelowReserved, detail));
        }
        MovementType::Adjustment => (MovementKind::Adjust, quantity.saturating_sub(level.stock)),
    };
    level.apply(kind, StockDelta::stock(delta)).map_err(|_does_not_fit| too_much())
}

pub(super) fn too_much() -> ApiError {
    ApiError::field("quantity", format!("must not bring the stock above {MAX_STOCK}"))
}

pub(super) fn item_of<'a>(product: &'a Product, variant: &'a VariantWithStock) -> StockItem<'a> {
    let (sku, size) = (variant.sku.as_str(), variant.size.as_deref());
    StockItem { product_id: product.id, sku, product_name: &product.name, size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::stock_level::StockCounts;
    use crate::kernel::id::ProductId;

    fn level(stock: i64, reserved: i64) -> StockLevel {
        StockLevel {
            variant: VariantId(1),
            location: LocationId(1),
            stock,
            reserved,
            sold: 7,
            committed: 2,
            safety: 0,
            version: 3,
        }
    }

    fn change(movement_type: MovementType, quantity: i64) -> StockChange {
        StockChange {
            movement_type,
            quantity,
            expected_stock: None,
            size: None,
            location: None,
            reason: "Count".into(),
            reference_id: None,
        }
    }

    fn decided(level: &mut StockLevel, change: &StockChange) -> Result<Movement, ApiError> {
        let item = StockItem { product_id: ProductId(1), sku: "TEE", product_name: "Tee", size: None };
        decide(level, change, item)
    }

    #[test]
    fn every_type_moves_the_stock_and_never_the_sold_units() {
        for (movement_type, quantity, kind, after) in [
            (MovementType::In, 10, MovementKind::Receive, 110),
            (MovementType::Out, 10, MovementKind::Remove, 90),
            (MovementType::Adjustment, 40, MovementKind::Adjust, 40),
            (MovementType::Adjustment, 100, MovementKind::Adjust, 100),
        ] {
            let mut level = level(100, 30);
            let movement = decided(&mut level, &change(movement_type, quantity)).unwrap();
            assert_eq!(
                (movement.kind, movement.after),
                (kind, StockCounts { stock: after, reserved: 30, sold: 7, committed: 2 })
            );
            assert_eq!((movement.version, movement.delta.stock), (4, after - 100));
        }
    }

    #[test]
    fn reserved_units_cannot_be_removed() {
        for (movement_type, quantity, code) in [
            (MovementType::Out, 71, Code::InsufficientStock),
            (MovementType::Adjustment, 29, Code::StockBelowReserved),
            (MovementType::In, MAX_STOCK, Code::ValidationFailed),
        ] {
            let mut level = level(100, 30);
            let before = level.clone();
            let refusal = decided(&mut level, &change(movement_type, quantity)).unwrap_err();
            assert_eq!((refusal.code, level), (code, before));
        }
    }

    #[test]
    fn a_stale_expectation_is_refused_before_anything_else() {
        let stale = StockChange { expected_stock: Some(99), ..change(MovementType::Out, 1_000) };
        let refusal = decided(&mut level(100, 0), &stale).unwrap_err();
        assert_eq!((refusal.code, refusal.extra.current_stock), (Code::StaleStock, Some(100)));
        let fresh = StockChange { expected_stock: Some(100), ..change(MovementType::Out, 100) };
        assert!(decided(&mut level(100, 0), &fresh).is_ok());
    }
}
