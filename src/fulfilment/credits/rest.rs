//! The part of an order that is not credited yet.

use std::collections::HashMap;

use super::shares::{Shares, share};
use crate::kernel::id::VariantId;
use crate::kernel::money::Money;
use crate::orders::order::{Order, OrderItem};

/// The sums of an order's credits, without their fees.
#[derive(Clone, Debug, Default)]
pub struct CreditedSums {
    pub items: HashMap<VariantId, Shares>,
    pub delivery: Shares,
}

/// The shares of the items, in the order of the lines, and of the delivery that can still be credited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRest {
    pub items: Vec<(VariantId, Shares)>,
    pub delivery: Shares,
}

impl OrderRest {
    #[must_use]
    pub fn new(order: &Order, items: &[OrderItem], credited: &CreditedSums) -> Self {
        let of_item = |item: &OrderItem| {
            let credited = credited.items.get(&item.variant_id).copied().unwrap_or_default();
            (item.variant_id, shares_of_item(item).minus(credited))
        };
        Self {
            items: items.iter().map(of_item).collect(),
            delivery: shares_of_delivery(order, items).minus(credited.delivery),
        }
    }

    #[must_use]
    pub fn of_item(&self, variant: VariantId) -> Shares {
        let rest = self.items.iter().find(|(item, _)| *item == variant);
        rest.map(|(_, rest)| *rest).unwrap_or_default()
    }

    #[must_use]
    pub fn total(&self) -> Money {
        let items = self.items.iter().map(|(_, rest)| *rest);
        items.fold(self.delivery, Shares::plus).total()
    }

    /// Splits an amount over all items and the delivery, in proportion to what is left of each. The parts add up to
    /// the amount, which is at most the total.
    #[must_use]
    pub fn split(&self, amount: Money) -> Self {
        let whole = self.total().0;
        let mut upto: i64 = 0;
        let mut part = |rest: Shares| {
            let from = upto;
            upto = upto.saturating_add(rest.total().0);
            rest.part(share(amount, whole, from, upto))
        };
        let items = self.items.iter().map(|(variant, rest)| (*variant, part(*rest))).collect();
        Self { items, delivery: part(self.delivery) }
    }
}

/// The amounts of an item.
#[must_use]
pub const fn shares_of_item(item: &OrderItem) -> Shares {
    Shares {
        subtotal: item.total_price,
        discount: item.discount_amount,
        tax: item.tax_amount,
        included_tax: item.included_tax_amount,
    }
}

/// The amounts of the delivery: its taxes are those of the order without those of the items.
fn shares_of_delivery(order: &Order, items: &[OrderItem]) -> Shares {
    let of_items = items.iter().map(shares_of_item).fold(Shares::default(), Shares::plus);
    Shares {
        subtotal: order.shipping_amount,
        discount: Money(0),
        tax: Money(order.tax_amount.0.saturating_sub(of_items.tax.0)),
        included_tax: Money(order.included_tax_amount.0.saturating_sub(of_items.included_tax.0)),
    }
}

/// The shares of the next units of an item, after its cancelled and returned ones. They are at most the rest of the
/// item, and its last units take all of it.
#[must_use]
pub fn shares_of_units(item: &OrderItem, rest: Shares, quantity: i64) -> Shares {
    let from = item.cancelled_quantity.saturating_add(item.returned_quantity);
    let to = from.saturating_add(quantity);
    if to >= item.quantity {
        return rest;
    }
    let shares = shares_of_item(item).of_units(item.quantity, from, to);
    // A part of the item may be forgiven already.
    if shares.fits(rest) { shares } else { rest.part(shares.total()) }
}

#[cfg(test)]
mod tests;
