//! An order as it is stored.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::status::{OrderStatus, PaymentStatus};
use super::tax_line::TaxLines;
use super::unfulfilled::Unfulfilled;
use crate::db::schema::{order_items, orders};
use crate::inventory::hold_set::Delivery;
use crate::inventory::routing::{Coordinates, Position};
use crate::kernel::fold;
use crate::kernel::id::{self, LocationId, OrderId, OrderItemId, ProductId, StoreId, UserId, VariantId};
use crate::kernel::json_column::json_column;
use crate::kernel::money::{Currency, Money};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = orders)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Order {
    pub id: OrderId,
    pub store_id: StoreId,
    pub order_number: String,
    pub user_id: Option<UserId>,
    pub created_by: Option<UserId>,
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub delivery_address: Option<String>,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub payment_method: String,
    /// Set only on orders that are sold at payment.
    pub payment_expires_at: Option<DateTime<Utc>>,
    pub paid_at: Option<DateTime<Utc>>,
    pub payment_reference: Option<String>,
    /// The sum of all payments, also of those that were not accepted.
    pub received_amount: Money,
    pub refunded_amount: Money,
    /// Received money that was not accepted and is due back.
    pub unapplied_amount: Money,
    /// The sum of the credits.
    pub credited_amount: Money,
    /// The part of the credits that paid for the orders of exchanges.
    pub credit_used_amount: Money,
    pub tracking_number: Option<String>,
    pub currency: Currency,
    pub subtotal: Money,
    /// The tax that is added to the prices.
    pub tax_amount: Money,
    /// The tax that the prices contain.
    pub included_tax_amount: Money,
    pub tax_lines: Option<TaxLines>,
    pub shipping_amount: Money,
    pub discount_amount: Money,
    pub total_amount: Money,
    pub total_items: i64,
    pub shipping_address: Option<Value>,
    pub billing_address: Option<Value>,
    pub notes: Option<String>,
    /// The place where the buyer collects the order.
    pub pickup_location_id: Option<LocationId>,
    /// None if the order got all requested units.
    pub unfulfilled: Option<Unfulfilled>,
    /// The order whose goods this one replaces.
    pub exchange_of: Option<OrderId>,
    pub invoice_number: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Order {
    /// The amount of the due refund: all unrefunded payments of a cancelled order, or the payments above the total of
    /// another one.
    #[must_use]
    pub fn refund_due_amount(&self) -> Money {
        let kept = self.received_amount.0.saturating_sub(self.refunded_amount.0);
        let owed = if self.status == OrderStatus::Cancelled { 0 } else { self.total_amount.0 };
        Money(kept.saturating_sub(owed).max(0))
    }

    /// The search text: the order's number, and the names and phones of the customer and the addresses. A phone is
    /// found in its original form and by its digits.
    #[must_use]
    pub fn search_text(&self) -> String {
        let of_address = |key: &'static str| {
            let addresses = [&self.shipping_address, &self.billing_address];
            addresses.into_iter().filter_map(move |address| address.as_ref()?.get(key)?.as_str())
        };
        let names = self.customer_name.as_deref().into_iter().chain(of_address("full_name"));
        let phones: Vec<&str> = self.customer_phone.as_deref().into_iter().chain(of_address("phone")).collect();
        let digits: Vec<String> = phones.iter().map(|phone| fold::digits(phone)).collect();
        let texts = std::iter::once(self.order_number.as_str()).chain(names).chain(phones.iter().copied());
        let mut seen = HashSet::new();
        fold::search_text(texts.chain(digits.iter().map(String::as_str)).filter(|text| seen.insert(text.to_string())))
    }

    /// True if its stock is sold at payment and not at checkout.
    #[must_use]
    pub fn is_sold_at_payment(&self) -> bool {
        self.payment_expires_at.is_some()
    }
}

/// An order item. Name, price and attributes are copies from the time of the order.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = order_items)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct OrderItem {
    pub id: OrderItemId,
    pub order_id: OrderId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub quantity: i64,
    pub unit_price: Money,
    pub total_price: Money,
    pub attributes: Value,
    /// The original locations of its units. A cancellation returns the units to them.
    pub allocations: Allocations,
    pub shipped_quantity: i64,
    pub cancelled_quantity: i64,
    pub returned_quantity: i64,
    /// Its shares of the order's discount and taxes.
    pub discount_amount: Money,
    pub tax_amount: Money,
    pub included_tax_amount: Money,
}

impl OrderItem {
    /// The units that are not shipped yet, at one location or at all.
    #[must_use]
    pub fn unshipped(&self, location: Option<LocationId>) -> i64 {
        let parts =
            self.allocations.0.iter().filter(|part| location.is_none_or(|location| part.location_id == location));
        parts.fold(0, |sum: i64, part| sum.saturating_add(part.unshipped()))
    }

    /// Marks units as shipped, in the order of the allocations. Returns the units of each location. The caller has
    /// checked that so many are left.
    pub fn mark_shipped(&mut self, quantity: i64, location: Option<LocationId>) -> Vec<(LocationId, i64)> {
        let mut rest = quantity;
        let mut shipped = Vec::with_capacity(1);
        for part in &mut self.allocations.0 {
            let units = part.unshipped().min(rest);
            if units > 0 && location.is_none_or(|location| part.location_id == location) {
                part.shipped_quantity = part.shipped_quantity.saturating_add(units);
                rest = rest.saturating_sub(units);
                shipped.push((part.location_id, units));
            }
        }
        self.shipped_quantity = self.shipped_quantity.saturating_add(quantity.saturating_sub(rest));
        shipped
    }
}

json_column! {
    /// The allocations of an item.
    pub struct Allocations(pub Vec<Allocation>);
}

impl Allocations {
    /// Moves units that are not shipped to another place. The caller has checked that so many are left.
    pub fn reallocate(&mut self, (from, to): (LocationId, LocationId), quantity: i64) {
        let parts = &mut self.0;
        for part in parts.iter_mut().filter(|part| part.location_id == from) {
            part.quantity = part.quantity.saturating_sub(quantity);
        }
        match parts.iter_mut().find(|part| part.location_id == to) {
            Some(part) => part.quantity = part.quantity.saturating_add(quantity),
            None => parts.push(Allocation::new(to, quantity)),
        }
        parts.retain(|part| part.quantity > 0);
    }
}

/// The way of an order's units to a stored address, if there is one.
#[must_use]
pub fn delivery_to(address: Option<&Value>) -> Delivery {
    let Some(address) = address else { return Delivery::Unknown };
    let text = |name: &str| address[name].as_str().map(ToOwned::to_owned);
    Delivery::To(Position {
        coordinates: Coordinates::new(address["latitude"].as_f64(), address["longitude"].as_f64()),
        country: text("country"),
        region: text("state"),
        postal_code: text("postal_code"),
    })
}

/// Units of an item from one location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub location_id: LocationId,
    pub quantity: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shipped_quantity: i64,
}

impl Allocation {
    #[must_use]
    pub const fn new(location_id: LocationId, quantity: i64) -> Self {
        Self { location_id, quantity, shipped_quantity: 0 }
    }

    #[must_use]
    pub const fn unshipped(&self) -> i64 {
        self.quantity.saturating_sub(self.shipped_quantity)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(quantity: &i64) -> bool {
    *quantity == 0
}

/// Stock that an order took, with the quantities before and after, as read under the lock.
#[derive(Clone, Debug)]
pub struct StockReduction {
    pub product_id: ProductId,
    pub size: Option<String>,
    pub quantity: i64,
    pub previous_stock: i64,
    pub new_stock: i64,
}

/// An order in a path, identified by id or by number in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRef {
    Id(OrderId),
    Number(String),
}

impl OrderRef {
    #[must_use]
    pub fn from_path(segment: &str) -> Self {
        if id::is_digits(segment) {
            Self::Id(OrderId::from_path(segment))
        } else if segment.bytes().all(|b| b.is_ascii_graphic()) {
            Self::Number(segment.to_ascii_uppercase())
        } else {
            Self::Id(OrderId(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_are_not_shipped_move_to_another_place() {
        let part = |location, quantity, shipped_quantity| Allocation {
            shipped_quantity,
            ..Allocation::new(LocationId(location), quantity)
        };
        // The places and the units before, the move, and the places and the units after it.
        for (before, (from, to, quantity), after) in [
            (vec![part(1, 5, 0)], (1, 2, 3), vec![part(1, 2, 0), part(2, 3, 0)]),
            (vec![part(1, 5, 2), part(2, 1, 1)], (1, 2, 3), vec![part(1, 2, 2), part(2, 4, 1)]),
            (vec![part(1, 5, 0), part(2, 1, 0)], (1, 2, 5), vec![part(2, 6, 0)]),
        ] {
            let mut allocations = Allocations(before);
            allocations.reallocate((LocationId(from), LocationId(to)), quantity);
            assert_eq!(allocations.0, after);
        }
    }

    #[test]
    fn an_order_is_named_by_digits_or_by_number() {
        assert_eq!(OrderRef::from_path("12"), OrderRef::Id(OrderId(12)));
        assert_eq!(OrderRef::from_path("ORD-1"), OrderRef::Number("ORD-1".into()));
        assert_eq!(OrderRef::from_path("ord-1a"), OrderRef::Number("ORD-1A".into()));
        assert_eq!(OrderRef::from_path("a\u{0}"), OrderRef::Id(OrderId(0)));
    }
}
