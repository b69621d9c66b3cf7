//! Moves units between the shelf of a place and its quarantine, or removes them as scrap.

use std::collections::BTreeSet;

use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change_stock::{item_of, too_much};
use super::locked_stock::{LockedStock, MovementContext, StockKey};
use super::queries::{locations, stock_by_variant};
use super::shortage;
use super::stock_level::{MovementKind, StockDelta};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError};
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{LocationId, ProductId, ProductRef, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// Where units of a place are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MoveSource {
    /// The units that are not reserved.
    Sellable,
    Quarantine,
}

/// Where units of a place are moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MoveTarget {
    Sellable,
    Quarantine,
    /// The units are removed.
    Scrap,
}

/// A move of units of one variant.
#[derive(Clone, Debug)]
pub struct StockMove {
    pub quantity: i64,
    pub size: Option<String>,
    pub location: LocationId,
    pub from: MoveSource,
    pub to: MoveTarget,
    pub reason: String,
}

/// A move that was written.
#[derive(Debug)]
pub struct MovedStock {
    pub product: ProductId,
    pub variant: VariantId,
    pub location: LocationId,
    /// The reference of its movements.
    pub number: String,
}

/// Moves the units. Reserved units never move.
pub fn move_stock(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &ProductRef,
    units: &StockMove,
) -> Result<MovedStock, Abort> {
    let product = stock_by_variant::get_stocked(conn, scope.store, name)?;
    let variant = product.variant(name, units.size.as_deref())?;
    let place = locations::lock_open_location(conn, scope.store, Some(units.location))?;
    let quarantine = locations::get_quarantine(conn, scope.store, place)?;
    let (from, to) = keys_of(variant.id, units, place, quarantine)?;
    let keys: BTreeSet<StockKey> = [Some(from), to].into_iter().flatten().collect();
    let mut stock = LockedStock::lock_keys(conn, scope.store, &keys)?;
    let at = db::clock(conn)?;
    let available = stock.row(from).map_or(0, |level| level.available());
    if units.quantity > available {
        let short = shortage::stock_error(item_of(&product.product, variant), available, units.quantity);
        let refusal = shortage::insufficient_stock(vec![short]);
        return Err(shortage::refuse_or_retry(conn, scope.store, refusal, &[variant.id])?);
    }
    let stock_at_target = to.and_then(|to| stock.row(to)).map_or(0, |level| level.stock);
    if units.quantity > MAX_STOCK.saturating_sub(stock_at_target) {
        return Err(too_much().into());
    }
    let (number, actor) = (document_number("MOV", at, &random_code()), scope.actor());
    let context = MovementContext { reference: &number, reason: Some(&units.reason), actor: &actor };
    match to {
        None => {
            let taken = StockDelta::stock(units.quantity.saturating_neg());
            stock.record_movement(from, MovementKind::Remove, taken, context)?;
        }
        Some(to) => stock.transfer((from, to), units.quantity, context)?,
    }
    stock.write(conn, at)?;
    Ok(MovedStock { product: product.product.id, variant: variant.id, location: place, number })
}

/// The rows that give and get the units. Scrap has no row.
fn keys_of(
    variant: VariantId,
    units: &StockMove,
    place: LocationId,
    quarantine: LocationId,
) -> Result<(StockKey, Option<StockKey>), ApiError> {
    let (shelf, quarantine) = ((variant, place), (variant, quarantine));
    match (units.from, units.to) {
        (MoveSource::Sellable, MoveTarget::Quarantine) => Ok((shelf, Some(quarantine))),
        (MoveSource::Quarantine, MoveTarget::Sellable) => Ok((quarantine, Some(shelf))),
        (MoveSource::Sellable, MoveTarget::Scrap) => Ok((shelf, None)),
        (MoveSource::Quarantine, MoveTarget::Scrap) => Ok((quarantine, None)),
        (MoveSource::Sellable, MoveTarget::Sellable) | (MoveSource::Quarantine, MoveTarget::Quarantine) => {
            Err(ApiError::field("to", "must differ from `from`"))
        }
    }
}
