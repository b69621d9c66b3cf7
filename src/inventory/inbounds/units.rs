//! Moves, adds and removes the units of document lines in locked stock rows. Changes memory only; `LockedStock::write`
//! writes them.

use diesel::PgConnection;

use super::line::InboundLine;
use crate::auth::Scope;
use crate::error::{Abort, ApiError};
use crate::inventory::locked_stock::{LockedStock, MovementContext};
use crate::inventory::shortage::{self, StockItem};
use crate::inventory::stock_level::{MovementKind, StockDelta, StockLevel};
use crate::kernel::id::LocationId;
use crate::kernel::quantity::MAX_STOCK;

/// Moves units of a line from one location to another. Refuses if the stock there would exceed the maximum.
pub fn move_units(
    stock: &mut LockedStock,
    line: &InboundLine,
    (from, to): (LocationId, LocationId),
    quantity: i64,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    if quantity == 0 {
        return Ok(());
    }
    refuse_too_much(stock, line, to, quantity)?;
    let variant = line.variant_id;
    Ok(stock.transfer(((variant, from), (variant, to)), quantity, context)?)
}

/// Adds units of a line to the stock of a location. Refuses if it would exceed the maximum.
pub fn add_units(
    stock: &mut LockedStock,
    line: &InboundLine,
    (location, kind): (LocationId, MovementKind),
    quantity: i64,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    if quantity == 0 {
        return Ok(());
    }
    refuse_too_much(stock, line, location, quantity)?;
    let delta = StockDelta::stock(quantity);
    Ok(stock.record_movement((line.variant_id, location), kind, delta, context).map(drop)?)
}

/// Removes units of a line from the stock of a location. The caller has checked that they are there.
pub fn remove_units(
    stock: &mut LockedStock,
    line: &InboundLine,
    (location, kind): (LocationId, MovementKind),
    quantity: i64,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    if quantity == 0 {
        return Ok(());
    }
    let delta = StockDelta::stock(quantity.saturating_neg());
    Ok(stock.record_movement((line.variant_id, location), kind, delta, context).map(drop)?)
}

fn refuse_too_much(
    stock: &LockedStock,
    line: &InboundLine,
    location: LocationId,
    quantity: i64,
) -> Result<(), ApiError> {
    let present = stock.row((line.variant_id, location)).map_or(0, |row| row.stock);
    if present.saturating_add(quantity) <= MAX_STOCK {
        return Ok(());
    }
    let message = format!("must not bring the stock of '{}' above {MAX_STOCK}", line.product_name);
    Err(ApiError::field("lines", message))
}

/// Units of a line that a location must have.
#[derive(Clone, Copy, Debug)]
pub struct NeededUnits<'a> {
    pub line: &'a InboundLine,
    pub location: LocationId,
    pub quantity: i64,
}

/// Refuses with every line of which its location has too few units that are not reserved.
pub fn refuse_short(
    conn: &mut PgConnection,
    scope: &Scope,
    stock: &LockedStock,
    needed: &[NeededUnits<'_>],
) -> Result<(), Abort> {
    let mut short = Vec::new();
    let mut variants = Vec::new();
    for &NeededUnits { line, location, quantity } in needed {
        let available = stock.row((line.variant_id, location)).map_or(0, StockLevel::available);
        if quantity > available {
            let InboundLine { product_id, sku, product_name, size, .. } = line;
            let item = StockItem { product_id: *product_id, sku, product_name, size: size.as_deref() };
            short.push(shortage::stock_error(item, available, quantity));
            variants.push(line.variant_id);
        }
    }
    if short.is_empty() {
        return Ok(());
    }
    Err(shortage::refuse_or_retry(conn, scope.store, shortage::insufficient_stock(short), &variants)?)
}
