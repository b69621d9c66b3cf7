//! Credits of a locked order.

use super::{By, Kind, NewPayment, OrderBatch, units::items_missing};
use crate::db::Failure;
use crate::fulfilment::credits::credit::{Credit, CreditKind, CreditLine};
use crate::fulfilment::credits::rest::{CreditedSums, ItemAmounts, OrderRest, shares_of_units};
use crate::fulfilment::credits::shares::Shares;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{OrderId, ReturnId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::OrderItem;
use crate::orders::status::PaymentStatus;

/// Units of an item to credit. The variants of a credit are distinct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditedUnits {
    pub variant: VariantId,
    pub quantity: i64,
    /// The part of the credit that the buyer still owes, at most the shares of the units.
    pub fee: Money,
}

/// The reason of a credit.
#[derive(Clone, Copy, Debug)]
pub struct CreditTerms<'a> {
    pub kind: CreditKind,
    pub by: By<'a>,
    /// The return whose receipt is credited.
    pub return_id: Option<ReturnId>,
}

impl OrderBatch {
    /// The part of an order that is not credited yet, with its fees. The order was locked with its items.
    pub fn rest(&self, id: OrderId) -> Result<OrderRest, Failure> {
        let none = CreditedSums::default();
        Ok(OrderRest::new(self.order(id)?, self.items(id)?, self.credited.get(&id).unwrap_or(&none)))
    }

    /// The shares of the next units of an item that are cancelled or returned.
    pub fn shares_of(&self, id: OrderId, variant: VariantId, quantity: i64) -> Result<Shares, Failure> {
        let item = self.items(id)?.iter().find(|item| item.variant_id == variant).ok_or_else(|| items_missing(id))?;
        Ok(shares_of_units(item, self.rest(id)?.of_item(variant).shares, quantity))
    }

    /// Credits cancelled or returned units, and counts them in their items. `delivery` is the part of the delivery
    /// that is credited with them. The caller moves the units.
    pub fn credit_units(
        &mut self,
        id: OrderId,
        units: &[CreditedUnits],
        delivery: Shares,
        terms: CreditTerms<'_>,
    ) -> Result<&mut Credit, Failure> {
        let mut lines = Vec::with_capacity(units.len());
        for &CreditedUnits { variant, quantity, fee } in units {
            lines.push(CreditLine { variant, quantity, shares: self.shares_of(id, variant, quantity)?, fee });
        }
        let items = self.items.get_mut(&id).ok_or_else(|| items_missing(id))?;
        for line in &lines {
            for item in items.iter_mut().filter(|item| item.variant_id == line.variant) {
                let counter = counter_of(item, terms.kind)?;
                *counter = counter.saturating_add(line.quantity);
            }
            self.changed_items.insert((id, line.variant));
        }
        let order = self.change(id)?;
        for line in &lines {
            order.credited_items = order.credited_items.saturating_add(line.quantity);
        }
        self.add_credit(id, lines, delivery, terms)
    }

    /// Forgives these amounts of items and of the delivery, and gives these fees back. They are at most the rest of the
    /// order.
    pub fn credit_amounts(
        &mut self,
        id: OrderId,
        amounts: OrderRest,
        terms: CreditTerms<'_>,
    ) -> Result<&mut Credit, Failure> {
        let OrderRest { items, delivery } = amounts;
        let line = |(variant, amounts): (VariantId, ItemAmounts)| {
            let ItemAmounts { shares, fee } = amounts;
            CreditLine { variant, quantity: 0, shares, fee: Money(fee.0.saturating_neg()) }
        };
        let lines = items.into_iter().filter(|(_, amounts)| amounts.total() > Money(0)).map(line);
        self.add_credit(id, lines.collect(), delivery, terms)
    }

    /// Credits all units that are left of an order without shipments, and the delivery.
    pub(super) fn credit_rest(&mut self, id: OrderId, by: By<'_>) -> Result<(), Failure> {
        let delivery = self.rest(id)?.delivery;
        let all = |item: &OrderItem| {
            let quantity = item.quantity.saturating_sub(item.cancelled_quantity);
            CreditedUnits { variant: item.variant_id, quantity, fee: Money(0) }
        };
        let units = self.items(id)?.iter().map(all).filter(|units| units.quantity > 0);
        let units: Vec<CreditedUnits> = units.collect();
        self.credit_units(id, &units, delivery, CreditTerms { kind: CreditKind::Cancel, by, return_id: None })?;
        for item in self.items.get_mut(&id).into_iter().flatten() {
            item.allocations.0.clear();
        }
        Ok(())
    }

    /// Pays for the order of an exchange with a credit of this batch: with the money that the buyer paid above the net
    /// total, up to what is left to pay. Nobody has paid for the other goods of an unpaid order. An order that was paid
    /// takes no more money, even if a part of it was refunded.
    pub fn pay_with_credit(&mut self, id: OrderId, number: &str, to: OrderId, actor: &str) -> Result<(), Failure> {
        if self.order(to)?.payment_status != PaymentStatus::Pending {
            return Ok(());
        }
        let (surplus, outstanding) = (self.order(id)?.surplus_amount(), self.order(to)?.outstanding_amount());
        let credit = self.credits.iter_mut().find(|credit| credit.credit_number == number);
        let credit = credit.ok_or_else(|| Failure::Internal(format!("credit {number} is missing")))?;
        let amount = credit.total().min(surplus).min(outstanding);
        if amount == Money(0) {
            return Ok(());
        }
        credit.used_amount = amount;
        let order = self.change(id)?;
        order.credit_used_amount = Money(order.credit_used_amount.0.saturating_add(amount.0));
        self.record(NewPayment {
            order: to,
            kind: Kind::Payment,
            reference: Some(number.to_owned()),
            amount,
            unapplied: Money(0),
            is_reused: false,
            credit: None,
            actor: actor.to_owned(),
        })?;
        self.settle(to, Some(number), actor).map(drop)
    }

    fn add_credit(
        &mut self,
        id: OrderId,
        lines: Vec<CreditLine>,
        delivery: Shares,
        terms: CreditTerms<'_>,
    ) -> Result<&mut Credit, Failure> {
        let CreditTerms { kind, by, return_id } = terms;
        let sums = self.credited.entry(id).or_default();
        sums.delivery = sums.delivery.plus(delivery);
        lines.iter().for_each(|line| sums.add_line(line));
        let credit = Credit {
            order: id,
            credit_number: document_number("CRN", self.now, &random_code()),
            kind,
            return_id,
            reason: by.reason.map(ToOwned::to_owned),
            actor: by.actor.to_owned(),
            lines,
            delivery,
            used_amount: Money(0),
        };
        let order = self.change(id)?;
        order.credited_amount = Money(order.credited_amount.0.saturating_add(credit.total().0));
        self.credits.push(credit);
        self.credits.last_mut().ok_or_else(|| Failure::Internal("a credit is missing".to_owned()))
    }
}

/// The number of the item's units that credits of this kind raise.
fn counter_of(item: &mut OrderItem, kind: CreditKind) -> Result<&mut i64, Failure> {
    match kind {
        CreditKind::Cancel => Ok(&mut item.cancelled_quantity),
        CreditKind::Return => Ok(&mut item.returned_quantity),
        CreditKind::Goodwill | CreditKind::Shipping => {
            Err(Failure::Internal(format!("a credit of the kind {} has no units", kind.as_str())))
        }
    }
}
