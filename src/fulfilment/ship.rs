//! Shipments: sold units leave the places that they were allocated to.

use chrono::{DateTime, Utc};

use super::order_batch::{By, OrderBatch};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{LocationId, OrderId, OrderItemId, VariantId};
use crate::kernel::quantity::units;
use crate::orders::order::{OrderItem, item_of_line};
use crate::orders::status::OrderStatus;

/// A request to ship units of an order.
#[derive(Clone, Debug, Default)]
pub struct Dispatch {
    /// All units that are left if None.
    pub lines: Option<Vec<DispatchLine>>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
}

/// Units of an item, from one place or from any.
#[derive(Clone, Copy, Debug)]
pub struct DispatchLine {
    pub item: OrderItemId,
    pub quantity: i64,
    pub location: Option<LocationId>,
}

/// Units of an item that leave a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippedUnits {
    pub variant: VariantId,
    pub location: LocationId,
    pub quantity: i64,
}

/// A shipment to write.
#[derive(Clone, Debug)]
pub struct NewShipment {
    pub order: OrderId,
    pub shipment_number: String,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub actor: String,
    /// Set at once if the buyer collects the units.
    pub delivered_at: Option<DateTime<Utc>>,
    pub lines: Vec<ShippedUnits>,
}

/// Ships units of a sold order. Returns the number of the shipment.
pub fn ship(batch: &mut OrderBatch, id: OrderId, dispatch: &Dispatch, by: By<'_>) -> Result<String, Abort> {
    let order = batch.order(id)?;
    if !matches!(order.status, OrderStatus::Pending | OrderStatus::Processing) {
        let detail = format!("An order that is '{}' can't be shipped.", order.status.as_str());
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    let delivered_at = order.pickup_location_id.map(|_place| batch.now());
    let lines = choose_units(batch.items(id)?, dispatch.lines.as_deref())?;
    let shipment_number = document_number("SHP", batch.now(), &random_code());
    let Dispatch { lines: _, carrier, tracking_number, tracking_url } = dispatch.clone();
    let actor = by.actor.to_owned();
    let number = shipment_number.clone();
    let units =
        NewShipment { order: id, shipment_number, carrier, tracking_number, tracking_url, actor, delivered_at, lines };
    batch.ship(units, by)?;
    Ok(number)
}

/// Chooses the places of the units, in the order of the allocations. Changes nothing.
fn choose_units(items: &[OrderItem], lines: Option<&[DispatchLine]>) -> Result<Vec<ShippedUnits>, ApiError> {
    let mut rest = items.to_vec();
    let all: Vec<DispatchLine>;
    let lines = match lines {
        Some(lines) => lines,
        None => {
            let left = items.iter().map(|item| (item.id, item.unshipped(None))).filter(|(_, quantity)| *quantity > 0);
            all = left.map(|(item, quantity)| DispatchLine { item, quantity, location: None }).collect();
            &all
        }
    };
    let mut chosen: Vec<ShippedUnits> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let left = item_of_line(items, line.item, ("lines", index))?.unshipped(line.location);
        let item = item_of_line(&mut rest, line.item, ("lines", index))?;
        // The lines before may have taken units of the same item.
        let taken = left.saturating_sub(item.unshipped(line.location));
        let requested = taken.saturating_add(line.quantity);
        if requested > left {
            return Err(exceeded(item, line.location, (requested, left)));
        }
        for (location, quantity) in item.mark_shipped(line.quantity, line.location) {
            let is_same = |units: &&mut ShippedUnits| (units.variant, units.location) == (item.variant_id, location);
            match chosen.iter_mut().find(is_same) {
                Some(units) => units.quantity = units.quantity.saturating_add(quantity),
                None => chosen.push(ShippedUnits { variant: item.variant_id, location, quantity }),
            }
        }
    }
    Ok(chosen)
}

/// The 409 error for more units than are left to ship, at one place or at all places.
pub fn exceeded(item: &OrderItem, location: Option<LocationId>, (requested, left): (i64, i64)) -> ApiError {
    let place = location.map(|location| format!(" from location {location}")).unwrap_or_default();
    let (name, left) = (&item.product_name, units(left));
    let detail = format!("Of '{name}', the order has at most {left} left to ship{place}, not {requested}.");
    ApiError::new(Code::QuantityExceeded, detail)
}

#[cfg(test)]
mod tests;
