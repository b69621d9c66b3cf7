//! Orders that the buyer collects: they become ready, and their units are handed over.

use super::order_batch::{By, OrderBatch};
use super::ship::{self, Dispatch};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::OrderId;
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;

/// Records that the units of an order are ready to be collected. They stay at their place and can be cancelled. A second
/// call changes nothing.
pub fn make_ready(batch: &mut OrderBatch, id: OrderId, by: By<'_>) -> Result<(), Abort> {
    let order = batch.order(id)?;
    refuse_delivered(order)?;
    if !matches!(order.status, OrderStatus::Pending | OrderStatus::Processing) {
        let detail = format!("An order that is '{}' can't become ready.", order.status.as_str());
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    if order.ready_at.is_some() {
        return Ok(());
    }
    if order.status == OrderStatus::Pending {
        batch.set_status(id, OrderStatus::Processing, by)?;
    }
    let now = batch.now();
    batch.change(id)?.ready_at = Some(now);
    Ok(())
}

/// Hands all units that are left over to the buyer.
pub fn collect(batch: &mut OrderBatch, id: OrderId, by: By<'_>) -> Result<(), Abort> {
    let order = batch.order(id)?;
    refuse_delivered(order)?;
    if matches!(order.status, OrderStatus::Shipped | OrderStatus::Delivered) {
        return Err(ApiError::new(Code::InvalidTransition, "The order was already collected.").into());
    }
    ship::ship(batch, id, &Dispatch::default(), by)?;
    Ok(())
}

fn refuse_delivered(order: &Order) -> Result<(), ApiError> {
    match order.pickup_location_id {
        Some(_) => Ok(()),
        None => Err(ApiError::new(Code::InvalidTransition, "The buyer does not collect this order at a location.")),
    }
}
