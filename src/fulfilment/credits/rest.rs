//! The part of an order that is not credited yet.

use std::collections::HashMap;

use super::credit::CreditLine;
use super::shares::{Shares, share};
use crate::kernel::id::VariantId;
use crate::kernel::money::Money;
use crate::orders::order::{Order, OrderItem};

/// Amounts of an item: shares, and fees for returned units. A fee has no discount and no tax, because the whole shares
/// of these units are credited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemAmounts {
    pub shares: Shares,
    pub fee: Money,
}

impl ItemAmounts {
    #[must_use]
    pub const fn total(self) -> Money {
        Money(self.shares.total().0.saturating_add(self.fee.0))
    }

    /// The part with this total, which is at most the whole. It takes the fee first, so that a fee can be given back
    /// without lowering the credit of the units that are left.
    #[must_use]
    pub fn part(self, total: Money) -> Self {
        let fee = self.fee.min(total);
        Self { shares: self.shares.part(Money(total.0.saturating_sub(fee.0))), fee }
    }
}

/// The sums of an order's credits. The fees are those that the buyer still owes.
#[derive(Clone, Debug, Default)]
pub struct CreditedSums {
    pub items: HashMap<VariantId, ItemAmounts>,
    pub delivery: Shares,
}

impl CreditedSums {
    pub fn add_line(&mut self, line: &CreditLine) {
        let sums = self.items.entry(line.variant).or_default();
        sums.shares = sums.shares.plus(line.shares);
        sums.fee = Money(sums.fee.0.saturating_add(line.fee.0));
    }
}

/// The shares of the items, in the order of the lines, and of the delivery that can still be credited, and the fees that
/// can be given back. The total is the net total of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRest {
    pub items: Vec<(VariantId, ItemAmounts)>,
    pub delivery: Shares,
}

impl OrderRest {
    #[must_use]
    pub fn new(order: &Order, items: &[OrderItem], credited: &CreditedSums) -> Self {
        let of_item = |item: &OrderItem| {
            let ItemAmounts { shares, fee } = credited.items.get(&item.variant_id).copied().unwrap_or_default();
            (item.variant_id, ItemAmounts { shares: shares_of_item(item).minus(shares), fee })
        };
        Self {
            items: items.iter().map(of_item).collect(),
            delivery: shares_of_delivery(order, items).minus(credited.delivery),
        }
    }

    #[must_use]
    pub fn of_item(&self, variant: VariantId) -> ItemAmounts {
        let rest = self.items.iter().find(|(item, _)| *item == variant);
        rest.map(|(_, rest)| *rest).unwrap_or_default()
    }

    #[must_use]
    pub fn total(&self) -> Money {
        let totals = self.items.iter().map(|(_, rest)| rest.total().0);
        Money(totals.fold(self.delivery.total().0, i64::saturating_add))
    }

    /// The fees of all items.
    fn fees(&self) -> Money {
        Money(self.items.iter().map(|(_, rest)| rest.fee.0).fold(0, i64::saturating_add))
    }

    /// Splits an amount, which is at most the total. It takes the fees first. The rest is shared over all items and the
    /// delivery, in proportion to what is left of each. The parts add up to the amount.
    #[must_use]
    pub fn split(&self, amount: Money) -> Self {
        let (whole, fees) = (self.total(), self.fees());
        let of_fees = fees.min(amount);
        let of_shares = Money(amount.0.saturating_sub(of_fees.0));
        let mut fee = divide(of_fees, fees);
        let mut part = divide(of_shares, Money(whole.0.saturating_sub(fees.0)));
        let mut of_item = |rest: &ItemAmounts| ItemAmounts {
            shares: rest.shares.part(part(rest.shares.total())),
            fee: fee(rest.fee),
        };
        let items = self.items.iter().map(|(variant, rest)| (*variant, of_item(rest))).collect();
        Self { items, delivery: self.delivery.part(part(self.delivery.total())) }
    }
}

/// Divides an amount over the parts of a whole, in proportion to each. The amount is at most the whole.
fn divide(amount: Money, whole: Money) -> impl FnMut(Money) -> Money {
    let mut upto: i64 = 0;
    move |part| {
        let from = upto;
        upto = upto.saturating_add(part.0);
        share(amount, whole.0, from, upto)
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
