//! The result of the decisions: the orders to write.

use crate::db::Failure;
use crate::kernel::id::{OrderId, OrderItemId};
use crate::orders::guest_token::GuestToken;
use crate::orders::order::{Order, OrderItem, StockReduction};
use crate::orders::response::OrderResponse;

use super::placement::{Buyer, Placement};

/// An order to write.
pub struct Plan {
    pub order: Order,
    pub items: Vec<OrderItem>,
    /// Empty until the units are sold.
    pub reductions: Vec<StockReduction>,
    /// The id and the round of the cart, such as `12/3`. It is unique, so a cart's round is ordered only once. None
    /// without a cart.
    pub checkout: Option<String>,
}

impl Plan {
    /// The number of units that the order sells now.
    #[must_use]
    pub fn units_sold(&self) -> i64 {
        self.reductions.iter().fold(0, |sum: i64, reduction| sum.saturating_add(reduction.quantity))
    }
}

/// A plan with its actor, and with the token that gives a guest access to the order.
pub struct PlannedOrder {
    pub plan: Plan,
    pub actor: String,
    pub guest_token: Option<GuestToken>,
}

impl PlannedOrder {
    #[must_use]
    pub fn new(plan: Plan, placement: &Placement) -> Self {
        let guest_token = match &placement.exchange {
            Some(exchange) => exchange.guest_token_hash.clone().map(GuestToken::known),
            None => (placement.buyer == Buyer::Guest).then(GuestToken::random),
        };
        Self { plan, actor: placement.actor.clone(), guest_token }
    }

    /// The order as its buyer sees it.
    #[must_use]
    pub fn response(&self) -> OrderResponse {
        let Plan { order, items, reductions, .. } = &self.plan;
        let mut response = OrderResponse::new(order, items, reductions, &[]);
        response.guest_token = self.guest_token.as_ref().and_then(GuestToken::reveal);
        response
    }
}

/// Ids that were taken before the decisions. They are assigned in order.
pub struct IdAllocator {
    orders: std::vec::IntoIter<OrderId>,
    items: std::vec::IntoIter<OrderItemId>,
}

impl IdAllocator {
    #[must_use]
    pub fn new(orders: Vec<OrderId>, items: Vec<OrderItemId>) -> Self {
        Self { orders: orders.into_iter(), items: items.into_iter() }
    }

    /// Assigns zeros, for a preview that writes nothing.
    #[must_use]
    pub fn zeros(orders: usize, items: usize) -> Self {
        Self::new(vec![OrderId(0); orders], vec![OrderItemId(0); items])
    }

    pub fn next_order(&mut self) -> Result<OrderId, Failure> {
        self.orders.next().ok_or_else(|| Failure::Internal("no order id is left".to_owned()))
    }

    pub fn next_item(&mut self) -> Result<OrderItemId, Failure> {
        self.items.next().ok_or_else(|| Failure::Internal("no item id is left".to_owned()))
    }
}
