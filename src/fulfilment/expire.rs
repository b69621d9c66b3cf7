//! Expires the overdue holds of carts, unpaid orders and reservations.
//!
//! An overdue hold already counts as available, so no result depends on the time of this run. The background job uses
//! this code. A request that needs these units uses it too.

use diesel::PgConnection;

use super::order_batch::OrderBatch;
use crate::auth::principal::SYSTEM;
use crate::cart::queries as carts;
use crate::db::{self, Failure, OnLocked};
use crate::error::Overdue;
use crate::events::{self, EventType, RecordedEvent};
use crate::inventory::hold::{Holder, hold_expired};
use crate::inventory::hold_set::HoldSet;
use crate::inventory::locked_stock::MovementContext;
use crate::inventory::queries::{holds, reservations};
use crate::inventory::reservation::State;
use crate::kernel::id::{CartId, OrderId, ReservationId, StoreId};
use crate::orders::order::Order;
use crate::orders::queries::orders;
use crate::orders::status::OrderStatus;

/// Expires the overdue holds of these variants, and waits for transactions that have locked their holders.
pub fn reclaim(conn: &mut PgConnection, overdue: &Overdue) -> Result<(), Failure> {
    let holders = holds::list_due_of(conn, overdue.store, &overdue.variants)?;
    expire(conn, overdue.store, &holders, OnLocked::Wait).map(drop)
}

/// Expires the overdue holds of these holders. The number of statements does not depend on the number of holders.
/// Returns the number of expired holds.
///
/// Locks in the global order: carts, orders, reservations, stock rows.
pub fn expire(
    conn: &mut PgConnection,
    store: StoreId,
    holders: &[Holder],
    on_locked: OnLocked,
) -> Result<usize, Failure> {
    if holders.is_empty() {
        return Ok(0);
    }
    let Locked { holders, orders } = lock(conn, store, holders, on_locked)?;
    let holds = HoldSet::lock(conn, store, &holders, &[])?;
    let mut batch = OrderBatch::new(store, db::clock(conn)?, orders, holds);
    batch.load_overdue(conn)?;
    let mut ended: usize = 0;
    let mut reservations = Vec::new();
    for holder in holders {
        let of_holder = match holder {
            Holder::Order(order) => expire_order(&mut batch, order)?,
            Holder::Cart(_) | Holder::Reservation(_) | Holder::Transfer(_) => expire_holds(&mut batch, holder)?,
        };
        ended = ended.saturating_add(of_holder);
        if let Holder::Reservation(id) = holder
            && of_holder > 0
        {
            reservations.push(id);
        }
    }
    batch.write(conn)?;
    if !reservations.is_empty() {
        reservations::end(conn, store, &reservations, State::Expired, batch.now())?;
    }
    for id in reservations {
        let event = RecordedEvent::new(EventType::ReservationExpired, id.0, SYSTEM, batch.now());
        events::record(store, &event)?;
    }
    Ok(ended)
}

/// Returns the number of expired holds. All holds of an order expire together.
fn expire_order(batch: &mut OrderBatch, order: OrderId) -> Result<usize, Failure> {
    let held = batch.holds_mut().holds_of(Holder::Order(order)).len();
    Ok(if batch.expire_if_overdue(order)? { held } else { 0 })
}

fn expire_holds(batch: &mut OrderBatch, holder: Holder) -> Result<usize, Failure> {
    let context = MovementContext { reference: &holder.reference(), reason: None, actor: SYSTEM };
    let now = batch.now();
    batch.holds_mut().expire(holder, now, context, hold_expired)
}

struct Locked {
    holders: Vec<Holder>,
    orders: Vec<Order>,
}

fn lock(conn: &mut PgConnection, store: StoreId, holders: &[Holder], on_locked: OnLocked) -> Result<Locked, Failure> {
    let (mut carts, mut orders, mut reservations) = (Vec::<CartId>::new(), Vec::<OrderId>::new(), Vec::new());
    for holder in holders {
        match *holder {
            Holder::Cart(id) => carts.push(id),
            Holder::Order(id) => orders.push(id),
            Holder::Reservation(id) => reservations.push(id),
            // Its holds have no deadline.
            Holder::Transfer(_) => {}
        }
    }
    let mut locked = Vec::with_capacity(holders.len());
    if !carts.is_empty() {
        locked.extend(carts::lock_by_id(conn, store, &carts, on_locked)?.into_iter().map(Holder::Cart));
    }
    let mut orders = if orders.is_empty() { Vec::new() } else { orders::lock_by_id(conn, store, &orders, on_locked)? };
    orders.retain(|order| order.status == OrderStatus::UnderPaying);
    locked.extend(orders.iter().map(|order| Holder::Order(order.id)));
    if !reservations.is_empty() {
        let found: Vec<ReservationId> = reservations::lock_by_id(conn, store, &reservations, on_locked)?;
        locked.extend(found.into_iter().map(Holder::Reservation));
    }
    Ok(Locked { holders: locked, orders })
}
