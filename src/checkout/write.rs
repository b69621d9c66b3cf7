//! The third part of checkout: what was decided, written set by set.

use diesel::PgConnection;

use super::placement::{Buyer, Placement};
use super::plan::Plan;
use crate::cart::queries as carts;
use crate::db::Failure;
use crate::inventory::hold::{Ending, NewHold};
use crate::inventory::queries::holds;
use crate::inventory::shelf::Shelf;
use crate::kernel::id::{CartId, HoldId, OrderId, OrderItemId, StoreId};
use crate::orders::guest_token::GuestToken;
use crate::orders::queries::items;
use crate::orders::queries::orders::{self, NewOrder};
use crate::orders::response::OrderResponse;

/// Ids that were taken before anything was decided, in the order in which they are given out.
pub struct Numbers {
    orders: std::vec::IntoIter<OrderId>,
    items: std::vec::IntoIter<OrderItemId>,
}

impl Numbers {
    /// Wraps ids that were taken.
    #[must_use]
    pub fn new(orders: Vec<OrderId>, items: Vec<OrderItemId>) -> Self {
        Self { orders: orders.into_iter(), items: items.into_iter() }
    }

    /// Stands in for ids where nothing will be written.
    #[must_use]
    pub fn none(orders: usize, items: usize) -> Self {
        Self::new(vec![OrderId(0); orders], vec![OrderItemId(0); items])
    }

    pub fn next_order(&mut self) -> Result<OrderId, Failure> {
        self.orders.next().ok_or_else(|| Failure::Internal("no order id is left".to_owned()))
    }

    pub fn next_item(&mut self) -> Result<OrderItemId, Failure> {
        self.items.next().ok_or_else(|| Failure::Internal("no item id is left".to_owned()))
    }
}

/// A plan, who placed it, and the token that opens it for a guest.
pub struct Placed {
    pub plan: Plan,
    actor: String,
    guest_token: Option<GuestToken>,
}

impl Placed {
    #[must_use]
    pub fn new(plan: Plan, placement: &Placement) -> Self {
        let guest_token = (placement.buyer == Buyer::Guest).then(GuestToken::random);
        Self { plan, actor: placement.actor.clone(), guest_token }
    }

    /// The order as it is answered to the one who placed it.
    #[must_use]
    pub fn response(&self) -> OrderResponse {
        let Plan { order, items, reductions, .. } = &self.plan;
        let mut response = OrderResponse::new(order, items, reductions);
        response.guest_token = self.guest_token.as_ref().map(GuestToken::reveal);
        response
    }
}

/// The orders with their numbers, and the first row of their history.
pub fn create_orders(conn: &mut PgConnection, store: StoreId, placed: &[&Placed]) -> Result<(), Failure> {
    let new: Vec<NewOrder<'_>> = placed
        .iter()
        .map(|placed| NewOrder {
            order: &placed.plan.order,
            guest_token_hash: placed.guest_token.as_ref().map(GuestToken::hash),
            checkout: placed.plan.checkout.as_deref(),
            actor: &placed.actor,
        })
        .collect();
    orders::insert(conn, store, &new).map_err(Failure::from).map_err(|failure| {
        // One in 2⁵⁰: the next run takes another number.
        if failure.violates("orders_number_key") { Failure::Retry(failure.to_string()) } else { failure }
    })
}

/// The items with name, price and attributes as they are now, and where their units come from.
pub fn create_order_items(conn: &mut PgConnection, store: StoreId, placed: &[&Placed]) -> Result<(), Failure> {
    let new: Vec<_> = placed.iter().flat_map(|placed| &placed.plan.items).collect();
    Ok(items::insert(conn, store, &new)?)
}

/// `stock −= q`, `sold += q`, or `reserved += q` with a hold until the order is paid: the rows as they
/// are in memory, and a movement for each change.
pub fn fulfil_stock(conn: &mut PgConnection, store: StoreId, placed: &[&Placed], shelf: &Shelf) -> Result<(), Failure> {
    let Some(first) = placed.first() else { return Ok(()) };
    let at = first.plan.order.created_at;
    shelf.write(conn, at)?;
    for (ending, of) in [(Ending::Sold, None), (Ending::Transferred, Some(()))] {
        let used = placed.iter().filter(|placed| placed.plan.order.payment_expires_at.map(drop) == of);
        let used: Vec<HoldId> = used.flat_map(|placed| &placed.plan.used_holds).copied().collect();
        if !used.is_empty() {
            holds::end(conn, store, &used, ending, at)?;
        }
    }
    let kept: Vec<NewHold> = placed.iter().flat_map(|placed| &placed.plan.holds).copied().collect();
    if !kept.is_empty() {
        holds::insert(conn, store, &kept, at)?;
    }
    Ok(())
}

/// Deletes exactly the lines that were ordered, and ends the round of their carts.
pub fn clear_carts(conn: &mut PgConnection, store: StoreId, placed: &[&Placed]) -> Result<(), Failure> {
    let bought = placed.iter().filter_map(|placed| placed.plan.cart.as_ref());
    let (carts, lines): (Vec<CartId>, Vec<usize>) = bought.map(|(cart, lines)| (*cart, *lines)).unzip();
    if carts.is_empty() {
        return Ok(());
    }
    carts::clear_ordered(conn, store, &carts, lines.into_iter().sum())
}
