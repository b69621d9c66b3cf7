//! An order as it is stored.

use std::borrow::Borrow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz};
use serde_json::Value;

use super::allocation::Allocations;
use super::status::{OrderStatus, PaymentStatus};
use super::tax_line::TaxLines;
use super::unfulfilled::Unfulfilled;
use crate::db::schema::{order_items, orders};
use crate::error::ApiError;
use crate::inventory::hold_set::Delivery;
use crate::inventory::routing::{Coordinates, Position};
use crate::kernel::id::{LocationId, OrderId, OrderItemId, ProductId, StoreId, UserId, VariantId};
use crate::kernel::money::{Currency, Money};

/// The DSL reads tables of at most 32 columns, which is enough for all others. So orders are read by the names of the
/// columns.
#[derive(Clone, Debug, QueryableByName)]
#[diesel(table_name = orders)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Order {
    pub id: OrderId,
    pub store_id: StoreId,
    pub order_number: String,
    pub user_id: Option<UserId>,
    pub created_by: Option<UserId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_phone: Option<String>,
    /// The address for mails about the order, if it was sent with it.
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
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
    /// The cancelled and returned units.
    pub credited_items: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub tracking_number: Option<String>,
    pub currency: Currency,
    pub subtotal: Money,
    /// The tax that is added to the prices.
    pub tax_amount: Money,
    /// The tax that the prices contain.
    pub included_tax_amount: Money,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub tax_lines: Option<TaxLines>,
    pub shipping_amount: Money,
    pub discount_amount: Money,
    pub total_amount: Money,
    pub total_items: i64,
    pub shipping_address: Option<Value>,
    pub billing_address: Option<Value>,
    #[diesel(sql_type = Nullable<Text>)]
    pub notes: Option<String>,
    /// The place where the buyer collects the order.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub pickup_location_id: Option<LocationId>,
    /// None if the order got all requested units.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub unfulfilled: Option<Unfulfilled>,
    /// The order whose goods this one replaces.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub exchange_of: Option<OrderId>,
    #[diesel(sql_type = Nullable<Text>)]
    pub invoice_number: Option<String>,
    /// Set only on orders that the buyer collects.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ready_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Order {
    /// True if units of it may have been shipped.
    #[must_use]
    pub const fn may_have_shipments(&self) -> bool {
        matches!(self.status, OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered)
    }

    /// The order as it was when it was placed, with this status.
    #[must_use]
    pub fn as_placed(&self, status: OrderStatus) -> Self {
        // An order that costs nothing was paid at once.
        let is_paid = self.paid_at == Some(self.created_at) && self.total_amount == Money(0);
        Self {
            status,
            payment_status: if is_paid { PaymentStatus::Paid } else { PaymentStatus::Pending },
            paid_at: self.paid_at.filter(|_| is_paid),
            payment_reference: None,
            received_amount: Money(0),
            refunded_amount: Money(0),
            unapplied_amount: Money(0),
            credited_amount: Money(0),
            credit_used_amount: Money(0),
            credited_items: 0,
            tracking_number: None,
            invoice_number: None,
            ready_at: None,
            updated_at: self.created_at,
            ..self.clone()
        }
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
    /// The places that give its units. A shipment takes the units from them, and a cancellation returns them.
    pub allocations: Allocations,
    pub shipped_quantity: i64,
    pub cancelled_quantity: i64,
    pub returned_quantity: i64,
    /// Its shares of the order's discount and taxes.
    pub discount_amount: Money,
    pub tax_amount: Money,
    pub included_tax_amount: Money,
    /// The place of its rate among the tax lines of the order, if it is known and listed there.
    pub tax_line: Option<i64>,
}

impl OrderItem {
    /// The item as it was when its order was placed, with the first places of its units if they are known.
    #[must_use]
    pub fn as_placed(&self, places: Option<Allocations>) -> Self {
        let allocations = places.unwrap_or_else(|| self.allocations.clone());
        Self { allocations, shipped_quantity: 0, cancelled_quantity: 0, returned_quantity: 0, ..self.clone() }
    }

    /// The units that are not shipped yet, at one location or at all locations.
    #[must_use]
    pub fn unshipped(&self, location: Option<LocationId>) -> i64 {
        let parts =
            self.allocations.0.iter().filter(|part| location.is_none_or(|location| part.location_id == location));
        parts.fold(0, |sum: i64, part| sum.saturating_add(part.unshipped()))
    }

    /// Marks units as shipped, in the order of the allocations. Returns the units of each location. The caller has
    /// checked that these units are left.
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

    /// Takes units that are not shipped out of the allocations, the last location first. Returns the units of each
    /// location. The caller has checked that these units are left.
    pub fn take_unshipped(&mut self, quantity: i64) -> Vec<(LocationId, i64)> {
        let mut rest = quantity;
        let mut taken = Vec::with_capacity(1);
        for part in self.allocations.0.iter_mut().rev() {
            let units = part.unshipped().min(rest);
            if units > 0 {
                part.quantity = part.quantity.saturating_sub(units);
                rest = rest.saturating_sub(units);
                taken.push((part.location_id, units));
            }
        }
        self.allocations.0.retain(|part| part.quantity > 0);
        taken
    }
}

/// The item that a line of a request names. `field` is the list of the lines, and `index` is the place of the line in it.
/// Refuses an item of another order.
pub fn item_of_line<I: Borrow<OrderItem>>(
    items: impl IntoIterator<Item = I>,
    id: OrderItemId,
    (field, index): (&str, usize),
) -> Result<I, ApiError> {
    let item = items.into_iter().find(|item| item.borrow().id == id);
    item.ok_or_else(|| ApiError::field(format!("{field}[{index}].item_id"), "is not an item of the order"))
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

/// Stock that an order took, with the quantities before and after, as read under the lock.
#[derive(Clone, Debug)]
pub struct StockReduction {
    pub product_id: ProductId,
    pub size: Option<String>,
    pub quantity: i64,
    pub previous_stock: i64,
    pub new_stock: i64,
}
