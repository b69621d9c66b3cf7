//! The third part of checkout: writes the plans as sets.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::plan::Placed;
use crate::cart::queries as carts;
use crate::db::Failure;
use crate::inventory::hold_set::HoldSet;
use crate::kernel::id::{CartId, StoreId};
use crate::orders::guest_token::GuestToken;
use crate::orders::queries::items;
use crate::orders::queries::orders::{self, NewOrder};

/// Inserts the orders with their numbers and the first row of their history.
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
        // This is very rare: the numbers of a day differ in 50 random bits. The transaction runs again.
        if failure.violates("orders_number_key") { Failure::Retry(failure.to_string()) } else { failure }
    })
}

/// Inserts the items with their current name, price and attributes, and the locations of their units.
pub fn create_order_items(conn: &mut PgConnection, store: StoreId, placed: &[&Placed]) -> Result<(), Failure> {
    let new: Vec<_> = placed.iter().flat_map(|placed| &placed.plan.items).collect();
    Ok(items::insert(conn, store, &new)?)
}

/// Writes `stock −= q`, `sold += q`. For an order that is sold at payment it writes `reserved += q` with a hold. It also
/// ends the holds of the carts. Every changed stock row is written once, with a movement for each change.
pub fn fulfil_stock(conn: &mut PgConnection, holds: &HoldSet, at: DateTime<Utc>) -> Result<(), Failure> {
    holds.write(conn, at)
}

/// Deletes exactly the ordered lines, and ends the round of their carts.
pub fn clear_carts(conn: &mut PgConnection, store: StoreId, placed: &[&Placed]) -> Result<(), Failure> {
    let bought = placed.iter().filter_map(|placed| placed.plan.cart.as_ref());
    let (carts, lines): (Vec<CartId>, Vec<usize>) = bought.map(|(cart, lines)| (*cart, *lines)).unzip();
    if carts.is_empty() {
        return Ok(());
    }
    carts::clear_ordered(conn, store, &carts, lines.into_iter().sum())
}
