//! What checkout has decided: a plan for each order that will be placed.

use chrono::{DateTime, TimeDelta, Utc};

use super::price::Priced;
use super::refusal::Refusal;
use super::write::Numbers;
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::inventory::hold::NewHold;
use crate::kernel::id::{CartId, HoldId};
use crate::orders::order::{Order, OrderItem, StockReduction};

/// An order that will be written as it is here.
pub struct Plan {
    pub order: Order,
    pub items: Vec<OrderItem>,
    /// Empty until stock is really reduced.
    pub reductions: Vec<StockReduction>,
    /// What is kept until the order is paid.
    pub holds: Vec<NewHold>,
    /// The cart's own holds, and what becomes of them.
    pub used_holds: Vec<HoldId>,
    /// The cart that it was made of, and how many lines that had.
    pub cart: Option<(CartId, usize)>,
    /// Cart and round: one order of each.
    pub checkout: Option<String>,
}

impl Plan {
    /// Units that are sold by it.
    #[must_use]
    pub fn units_sold(&self) -> i64 {
        self.reductions.iter().fold(0, |sum: i64, reduction| sum.saturating_add(reduction.quantity))
    }
}

/// Why a placement becomes no plan. A failure is a mistake of ours and ends the whole slice.
pub enum Stop {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The moment until which stock is kept for an order that is sold at payment.
pub(super) fn deadline(now: DateTime<Utc>, seconds: i64) -> Option<DateTime<Utc>> {
    now.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

/// A line with name, price and attributes as they are now.
pub(super) fn order_item(order: &Order, line: &Priced<'_>, numbers: &mut Numbers) -> Result<OrderItem, Failure> {
    let Sellable { variant_id, product_id, sku, product_name, size, unit_price, .. } = line.sellable;
    Ok(OrderItem {
        id: numbers.next_item()?,
        order_id: order.id,
        product_id: *product_id,
        variant_id: *variant_id,
        sku: sku.clone(),
        product_name: product_name.clone(),
        size: size.clone(),
        quantity: line.wanted.quantity,
        unit_price: *unit_price,
        total_price: line.total,
        attributes: line.sellable.attributes(),
        allocations: Vec::with_capacity(1),
    })
}
