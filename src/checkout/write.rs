//! The third part of checkout: writes the plans as sets.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::load::CheckoutContext;
use super::plan::PlannedOrder;
use super::refusal::Refusal;
use crate::cart::queries::{self as carts, CartLine, OrderedCart};
use crate::db::Failure;
use crate::events::{self, EventType, RecordedEvent};
use crate::inventory::alternatives::{Alternatives, MAX_LINES_WITH_ALTERNATIVES};
use crate::inventory::hold_set::HoldSet;
use crate::kernel::id::{OrderId, ProductId, StoreId};
use crate::orders::guest_token::GuestToken;
use crate::orders::queries::items;
use crate::orders::queries::orders::{self, NewOrder};
use crate::orders::status::PaymentStatus;
use crate::orders::unfulfilled::{Unfulfilled, UnfulfilledLine};

/// Inserts the orders with their numbers and the first row of their history.
pub fn create_orders(conn: &mut PgConnection, store: StoreId, planned: &[&PlannedOrder]) -> Result<(), Failure> {
    let new: Vec<NewOrder<'_>> = planned
        .iter()
        .map(|planned| NewOrder {
            order: &planned.plan.order,
            guest_token_hash: planned.guest_token.as_ref().map(GuestToken::hash),
            checkout: planned.plan.checkout.as_deref(),
            actor: &planned.actor,
        })
        .collect();
    let entries = orders::insert(conn, store, &new).map_err(Failure::from).map_err(|failure| {
        // This is very rare: the numbers of a day differ in 50 random bits. The transaction runs again.
        if failure.violates("orders_number_key") { Failure::Retry(failure.to_string()) } else { failure }
    })?;
    planned.iter().try_for_each(|planned| record_placed(store, planned, &entries))
}

/// Records that an order was placed, with the first places of its units, which no row keeps. An order whose total is 0 is
/// paid at once.
fn record_placed(store: StoreId, planned: &PlannedOrder, entries: &HashMap<OrderId, i64>) -> Result<(), Failure> {
    let order = &planned.plan.order;
    let missing = || Failure::Internal(format!("order {} has no history", order.id));
    let entry = entries.get(&order.id).copied().ok_or_else(missing)?;
    let event = |event_type| RecordedEvent::new(event_type, order.id.0, &planned.actor, order.created_at);
    let places = planned.plan.items.iter().map(|item| json!(item.allocations.0)).collect();
    events::record(store, &event(EventType::OrderPlaced).with_source(entry).with_data(places))?;
    match order.payment_status {
        PaymentStatus::Paid => {
            events::record(store, &event(EventType::OrderPaid).with_data(json!({"received_amount": 0})))
        }
        _ => Ok(()),
    }
}

/// Inserts the items with their current name, price and attributes, and the locations of their units.
pub fn create_order_items(conn: &mut PgConnection, store: StoreId, planned: &[&PlannedOrder]) -> Result<(), Failure> {
    let new: Vec<_> = planned.iter().flat_map(|planned| &planned.plan.items).collect();
    Ok(items::insert(conn, store, &new)?)
}

/// Writes `stock −= q`, `sold += q`. For an order that is sold at payment it writes `reserved += q` with a hold. It also
/// ends the holds of the carts. Every changed stock row is written once, with a movement for each change.
pub fn fulfil_stock(conn: &mut PgConnection, holds: &HoldSet, at: DateTime<Utc>) -> Result<(), Failure> {
    holds.write(conn, at)
}

/// Deletes exactly the ordered lines, keeps what the orders left out, and ends the round of their carts.
pub fn clear_carts(
    conn: &mut PgConnection,
    store: StoreId,
    ordered: &[OrderedCart],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    if ordered.is_empty() {
        return Ok(());
    }
    let left: Vec<CartLine> = ordered.iter().flat_map(|cart| &cart.left).copied().collect();
    if !left.is_empty() {
        carts::update_lines(conn, store, &left, at)?;
    }
    carts::clear_ordered(conn, store, ordered)
}

/// Writes the lines that partial orders left out, with their alternatives. They are read after the stock is written, so
/// that they are still available.
pub fn write_unfulfilled(
    conn: &mut PgConnection,
    store: StoreId,
    context: &CheckoutContext,
    decided: &mut [Result<PlannedOrder, Refusal>],
) -> Result<(), Failure> {
    let plans = decided.iter_mut().flatten().map(|planned| &mut planned.plan);
    let mut orders: Vec<(OrderId, &mut Unfulfilled)> =
        plans.filter_map(|plan| Some((plan.order.id, plan.order.unfulfilled.as_mut()?))).collect();
    if orders.is_empty() {
        return Ok(());
    }
    add_alternatives(conn, context, orders.iter_mut().map(|(_, unfulfilled)| &mut **unfulfilled))?;
    let new: Vec<(OrderId, &Unfulfilled)> = orders.iter().map(|(id, unfulfilled)| (*id, &**unfulfilled)).collect();
    orders::set_unfulfilled(conn, store, &new)
}

/// Adds the alternatives of short lines, in one statement.
pub fn add_alternatives<'a>(
    conn: &mut PgConnection,
    context: &CheckoutContext,
    unfulfilled: impl Iterator<Item = &'a mut Unfulfilled>,
) -> Result<(), Failure> {
    let category_of: HashMap<ProductId, &str> = context
        .sellables
        .values()
        .filter_map(|sellable| Some((sellable.product_id, sellable.category.as_deref()?)))
        .collect();
    let lines = unfulfilled.flat_map(|unfulfilled| unfulfilled.0.iter_mut().take(MAX_LINES_WITH_ALTERNATIVES));
    let lines: Vec<(&mut UnfulfilledLine, &str)> = lines
        .filter_map(|line| {
            let category = category_of.get(&line.product_id)?;
            Some((line, *category))
        })
        .collect();
    let categories: BTreeSet<&str> = lines.iter().map(|(_, category)| *category).collect();
    let alternatives = Alternatives::read(conn, context.store.id, &categories)?;
    for (line, category) in lines {
        line.alternatives = alternatives.to(line.product_id, category).cloned().collect();
    }
    Ok(())
}
