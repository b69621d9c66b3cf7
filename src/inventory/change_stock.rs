//! Units come in, go out, or are counted.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::level::{Figures, Level, Movement, MovementKind};
use super::queries::levels::{self, NewMovement};
use super::queries::{figures, locations};
use super::shortage;
use super::stocked::{StockStatus, StockedProduct, StockedVariant};
use crate::auth::Scope;
use crate::catalogue::product::Product;
use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt, StockError};
use crate::kernel::id::{LocationId, MovementId, ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// What a quantity does to the stock on hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MovementType {
    /// Adds units.
    In,
    /// Removes units that nobody has reserved.
    Out,
    /// Sets what was counted.
    Adjustment,
}

/// A change of the stock of one variant at one place.
#[derive(Clone, Debug)]
pub struct StockChange {
    pub movement_type: MovementType,
    pub quantity: i64,
    /// The stock that the caller believes there is.
    pub expected_stock: Option<i64>,
    pub size: Option<String>,
    /// Without one, the store's main location.
    pub location: Option<LocationId>,
    pub reason: String,
    pub reference_id: Option<String>,
}

/// What a change has done.
#[derive(Debug)]
pub struct ChangedStock {
    pub product: StockedProduct,
    pub variant: VariantId,
    pub location: LocationId,
    pub previous_stock: i64,
    pub new_stock: i64,
    pub movement: MovementId,
}

impl ChangedStock {
    /// The status of the variant, of which so much is available by now.
    #[must_use]
    pub fn status(&self, available: i64) -> StockStatus {
        let variant = self.product.variants.iter().find(|variant| variant.id == self.variant);
        variant.map_or(StockStatus::OutOfStock, |variant| self.product.status_at(variant, available))
    }
}

/// Why a stock row stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Stale { current: i64 },
    Insufficient { available: i64, requested: i64 },
    BelowReserved { counted: i64, reserved: i64 },
    TooMuch,
}

/// Changes the stock of one variant at one location, decided under the lock of its row.
pub fn change_stock(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &ProductRef,
    change: &StockChange,
) -> Result<ChangedStock, Halt> {
    let product = figures::get_stocked(conn, scope.store, name)?;
    let variant = product.variant(name, change.size.as_deref())?;
    let location = locations::get_location(conn, scope.store, change.location)?;
    let mut level = lock_level(conn, scope.store, variant.id, location)?;
    let at = db::clock(conn)?;
    let previous_stock = level.stock;
    let movement = match decide(&mut level, change) {
        Ok(movement) => movement,
        Err(refused) => return Err(refuse(conn, scope.store, refused, &product, variant)?),
    };
    let movement = write(conn, scope, &level, &movement, change, at)?;
    let variant = variant.id;
    Ok(ChangedStock { product, variant, location, previous_stock, new_stock: level.stock, movement })
}

/// Refuses, or asks for another try if holds past their deadline stand in the way.
fn refuse(
    conn: &mut PgConnection,
    store: StoreId,
    refused: Refused,
    product: &StockedProduct,
    variant: &StockedVariant,
) -> Result<Halt, Failure> {
    let refusal = refused.tell(product, variant);
    match refused {
        Refused::Insufficient { .. } | Refused::BelowReserved { .. } => {
            shortage::halt(conn, store, refusal, &[variant.id])
        }
        Refused::Stale { .. } | Refused::TooMuch => Ok(refusal.into()),
    }
}

/// Locks the variant's rows and takes the one at the location, which is made if there is none yet.
fn lock_level(
    conn: &mut PgConnection,
    store: StoreId,
    variant: VariantId,
    location: LocationId,
) -> Result<Level, Halt> {
    let here = |levels: Vec<Level>| levels.into_iter().find(|level| level.location == location);
    if let Some(level) = here(levels::lock_for_update(conn, store, &[variant])?) {
        return Ok(level);
    }
    let at = db::clock(conn)?;
    levels::insert_missing(conn, store, &[variant], location, at)?;
    let level = here(levels::lock_for_update(conn, store, &[variant])?);
    level.ok_or_else(|| Failure::Internal(format!("no stock row of variant {variant} at {location}")).into())
}

fn write(
    conn: &mut PgConnection,
    scope: &Scope,
    level: &Level,
    movement: &Movement,
    change: &StockChange,
    at: DateTime<Utc>,
) -> Result<MovementId, Halt> {
    let (reason, reference_id) = (Some(change.reason.as_str()), change.reference_id.as_deref());
    let new = NewMovement { movement, reason, reference_id, actor: &scope.actor() };
    let ids = levels::write(conn, scope.store, &[level], &[new], at)?;
    ids.first().copied().ok_or_else(|| Failure::Internal("a movement got no id".to_owned()).into())
}

fn decide(level: &mut Level, change: &StockChange) -> Result<Movement, Refused> {
    if change.expected_stock.is_some_and(|expected| expected != level.stock) {
        return Err(Refused::Stale { current: level.stock });
    }
    let quantity = change.quantity;
    let (kind, delta) = match change.movement_type {
        MovementType::In if quantity > MAX_STOCK.saturating_sub(level.stock) => return Err(Refused::TooMuch),
        MovementType::In => (MovementKind::Receive, quantity),
        MovementType::Out if quantity > level.available() => {
            return Err(Refused::Insufficient { available: level.available(), requested: quantity });
        }
        MovementType::Out => (MovementKind::Remove, quantity.saturating_neg()),
        MovementType::Adjustment if quantity < level.reserved => {
            return Err(Refused::BelowReserved { counted: quantity, reserved: level.reserved });
        }
        MovementType::Adjustment => (MovementKind::Adjust, quantity.saturating_sub(level.stock)),
    };
    let delta = Figures { stock: delta, ..Figures::default() };
    level.apply(kind, delta).map_err(|_too_much| Refused::TooMuch)
}

impl Refused {
    fn tell(self, product: &StockedProduct, variant: &StockedVariant) -> ApiError {
        let name = &product.product.name;
        match self {
            Self::Stale { current } => {
                let detail = format!("The stock of '{name}' is {current} by now.");
                let mut refusal = ApiError::new(Code::StaleStock, detail);
                refusal.extra.current_stock = Some(current);
                refusal
            }
            Self::Insufficient { available, requested } => {
                shortage::refuse(vec![short_line(&product.product, variant, requested, available)])
            }
            Self::BelowReserved { counted, reserved } => ApiError::new(
                Code::StockBelowReserved,
                format!("The stock of '{name}' can't be {counted}: {reserved} units are reserved."),
            ),
            Self::TooMuch => ApiError::field("quantity", format!("must not bring the stock above {MAX_STOCK}")),
        }
    }
}

fn short_line(product: &Product, variant: &StockedVariant, requested: i64, available: i64) -> StockError {
    StockError {
        product_id: product.id.0,
        sku: variant.sku.clone(),
        product_name: product.name.clone(),
        size: variant.size.clone(),
        requested_quantity: requested,
        available_quantity: available,
        shortage: requested.saturating_sub(available),
        message: shortage::message(&product.name, available, requested),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(stock: i64, reserved: i64) -> Level {
        Level { variant: VariantId(1), location: LocationId(1), stock, reserved, sold: 7, version: 3 }
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

    #[test]
    fn every_type_moves_stock_and_never_what_is_sold() {
        for (movement_type, quantity, kind, after) in [
            (MovementType::In, 10, MovementKind::Receive, 110),
            (MovementType::Out, 10, MovementKind::Remove, 90),
            (MovementType::Adjustment, 40, MovementKind::Adjust, 40),
            (MovementType::Adjustment, 100, MovementKind::Adjust, 100),
        ] {
            let mut level = level(100, 30);
            let movement = decide(&mut level, &change(movement_type, quantity)).unwrap();
            assert_eq!((movement.kind, movement.after), (kind, Figures { stock: after, reserved: 30, sold: 7 }));
            assert_eq!((movement.version, movement.delta.stock), (4, after - 100));
        }
    }

    #[test]
    fn what_is_reserved_stays() {
        let refused = |movement_type, quantity| decide(&mut level(100, 30), &change(movement_type, quantity));
        assert_eq!(refused(MovementType::Out, 71), Err(Refused::Insufficient { available: 70, requested: 71 }));
        assert_eq!(refused(MovementType::Adjustment, 29), Err(Refused::BelowReserved { counted: 29, reserved: 30 }));
        assert_eq!(refused(MovementType::In, MAX_STOCK), Err(Refused::TooMuch));
    }

    #[test]
    fn a_stale_expectation_is_told_before_anything_else() {
        let stale = StockChange { expected_stock: Some(99), ..change(MovementType::Out, 1_000) };
        assert_eq!(decide(&mut level(100, 0), &stale), Err(Refused::Stale { current: 100 }));
        let fresh = StockChange { expected_stock: Some(100), ..change(MovementType::Out, 100) };
        assert!(decide(&mut level(100, 0), &fresh).is_ok());
    }
}
