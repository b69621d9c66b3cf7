//! Cancels units of an order that are not shipped. They return to their locations, and their shares are credited.

use std::collections::BTreeMap;

use super::credits::credit::CreditKind;
use super::credits::shares::Shares;
use super::order_batch::{By, CreditTerms, CreditedUnits, OrderBatch};
use super::ship::exceeded;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{OrderId, OrderItemId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::{OrderItem, item_of_line};
use crate::orders::status::OrderStatus;

/// Units of an item to cancel.
#[derive(Clone, Copy, Debug)]
pub struct CancelledLine {
    pub item: OrderItemId,
    pub quantity: i64,
}

/// The units to cancel, and the field of the request that lists them.
#[derive(Clone, Copy, Debug)]
pub struct CancelledLines<'a> {
    pub field: &'static str,
    pub lines: &'a [CancelledLine],
}

/// The part of the delivery that is credited with cancelled units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryCredit {
    None,
    Rest,
}

/// Cancels units of a sold order. If no units are left, the order is cancelled with its delivery. If some of them were
/// shipped, it is shipped or delivered.
pub fn cancel_lines(
    batch: &mut OrderBatch,
    id: OrderId,
    cancelled: CancelledLines<'_>,
    delivery: DeliveryCredit,
    by: By<'_>,
) -> Result<(), Abort> {
    let expired = batch.expire_if_overdue(id)?;
    let order = batch.order(id)?;
    if !matches!(order.status, OrderStatus::Pending | OrderStatus::Processing) {
        let detail = format!("Units of an order that is '{}' can't be cancelled.", order.status.as_str());
        let refusal = ApiError::new(Code::InvalidTransition, detail);
        return Err(if expired { Abort::Recorded(refusal) } else { refusal.into() });
    }
    let units = add_up(batch.items(id)?, cancelled)?;
    let (shipped, left) = (batch.items(id)?.iter()).fold((0, 0), |(shipped, left): (i64, i64), item| {
        (shipped.saturating_add(item.shipped_quantity), left.saturating_add(item.unshipped(None)))
    });
    let cancelled = units.iter().fold(0, |sum: i64, units| sum.saturating_add(units.quantity));
    if shipped == 0 && cancelled == left {
        batch.cancel(id, by)?;
        return Ok(());
    }
    let delivery = match delivery {
        DeliveryCredit::None => Shares::default(),
        DeliveryCredit::Rest => batch.rest(id)?.delivery,
    };
    cancel_units(batch, id, &units, delivery, by)?;
    Ok(())
}

/// Restores and credits units while others are left or shipped. After the last one, the order is shipped,
/// or delivered if its shipments have arrived.
fn cancel_units(
    batch: &mut OrderBatch,
    id: OrderId,
    units: &[CreditedUnits],
    delivery: Shares,
    by: By<'_>,
) -> Result<(), Failure> {
    batch.restore(id, units, by)?;
    batch.credit_units(id, units, delivery, CreditTerms { kind: CreditKind::Cancel, by, return_id: None })?;
    batch.finish_shipping(id, by)?;
    batch.settle(id, None, by.actor).map(drop)
}

/// Adds up the lines of each item. Refuses more units than are left to ship.
fn add_up(items: &[OrderItem], cancelled: CancelledLines<'_>) -> Result<Vec<CreditedUnits>, ApiError> {
    let CancelledLines { field, lines } = cancelled;
    let mut quantities: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let item = item_of_line(items, line.item, (field, index))?;
        let quantity = quantities.entry(item.variant_id).or_default();
        *quantity = quantity.saturating_add(line.quantity);
        let left = item.unshipped(None);
        if *quantity > left {
            return Err(exceeded(item, None, (*quantity, left)));
        }
    }
    let units = |(variant, quantity)| CreditedUnits { variant, quantity, fee: Money(0) };
    Ok(quantities.into_iter().map(units).collect())
}
