//! The parts of a new order that follow from its placement alone.

use chrono::{DateTime, TimeDelta, Utc};

use super::placement::{Buyer, Placement};
use super::plan::IdAllocator;
use super::price::PricedLine;
use crate::cart::pricing::LineShares;
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::kernel::id::UserId;
use crate::kernel::money::Money;
use crate::orders::allocation::Allocations;
use crate::orders::order::{Order, OrderItem};
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::stores::payment_methods::SellAt;

/// The payment of a new order.
pub struct Payment {
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    pub paid_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Payment {
    /// A free order needs no payment confirmation.
    pub fn new(sell_at: SellAt, total: Money, now: DateTime<Utc>, window_seconds: i64) -> Self {
        let is_free = total == Money(0);
        let (status, expires_at) = match sell_at {
            SellAt::AtPayment if !is_free => (OrderStatus::UnderPaying, deadline(now, window_seconds)),
            _ => (OrderStatus::Pending, None),
        };
        let (payment_status, paid_at) =
            if is_free { (PaymentStatus::Paid, Some(now)) } else { (PaymentStatus::Pending, None) };
        Self { status, payment_status, paid_at, expires_at }
    }
}

/// The customer of a new order, and the account that creates it.
pub fn accounts(placement: &Placement) -> (Option<UserId>, Option<UserId>) {
    match placement.buyer {
        Buyer::Account(user) => (Some(user), Some(user)),
        Buyer::Staff(user) => (placement.exchange.as_ref().and_then(|exchange| exchange.customer), Some(user)),
        Buyer::Guest => (None, None),
    }
}

/// The end of the payment window of an order that is sold at payment.
fn deadline(now: DateTime<Utc>, seconds: i64) -> Option<DateTime<Utc>> {
    now.checked_add_signed(TimeDelta::try_seconds(seconds)?)
}

/// An order item with the current name, price and attributes.
pub fn order_item(
    order: &Order,
    line: &PricedLine<'_>,
    shares: LineShares,
    ids: &mut IdAllocator,
) -> Result<OrderItem, Failure> {
    let Sellable { variant_id, product_id, sku, product_name, size, unit_price, .. } = line.sellable;
    Ok(OrderItem {
        id: ids.next_item()?,
        order_id: order.id,
        product_id: *product_id,
        variant_id: *variant_id,
        sku: sku.clone(),
        product_name: product_name.clone(),
        size: size.clone(),
        quantity: line.quantity,
        unit_price: *unit_price,
        total_price: line.total,
        attributes: line.sellable.attributes(),
        allocations: Allocations(Vec::with_capacity(1)),
        shipped_quantity: 0,
        cancelled_quantity: 0,
        returned_quantity: 0,
        discount_amount: shares.discount,
        tax_amount: shares.tax,
        included_tax_amount: shares.included_tax,
        tax_line: shares.tax_line,
    })
}
