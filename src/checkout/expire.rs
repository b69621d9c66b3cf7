//! Ending holds that are past their deadline: of carts, orders under payment and reservations.
//!
//! Nothing depends on when this runs. An expired hold counts as free already; this makes it so in the
//! rows. The background job and the buyer who is short of exactly these units run the same code.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::PgConnection;

use crate::auth::principal::SYSTEM;
use crate::cart::queries as carts;
use crate::db::{self, Failure};
use crate::error::Overdue;
use crate::inventory::hold::{Ending, Hold, Holder};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::queries::{holds, reservations};
use crate::inventory::reservation::State;
use crate::inventory::shelf::{Note, Shelf};
use crate::kernel::id::{HoldId, OrderId, ReservationId, StoreId, VariantId};
use crate::orders::queries::expiry::{self, Expiring};
use crate::orders::queries::history::{self, NewStep};
use crate::orders::status::OrderStatus;

/// Whether a holder that somebody else is working on is waited for or left to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    Wait,
    Skip,
}

/// Ends what is past its deadline on these variants, waiting for whoever works on it.
pub fn reclaim(conn: &mut PgConnection, overdue: &Overdue) -> Result<(), Failure> {
    let holders = holds::list_due_of(conn, overdue.store, &overdue.variants)?;
    expire(conn, overdue.store, &holders, Locking::Wait).map(drop)
}

/// Ends the overdue holds of these holders, in the number of statements of one. Returns how many ended.
///
/// Locks in the order of all locks: carts, orders, reservations, stock rows.
pub fn expire(conn: &mut PgConnection, store: StoreId, holders: &[Holder], locking: Locking) -> Result<usize, Failure> {
    if holders.is_empty() {
        return Ok(0);
    }
    let Locked { holders, orders } = lock(conn, store, holders, locking)?;
    let kept = holds::list_active(conn, store, &holders)?;
    let variants: Vec<VariantId> = kept.iter().map(|hold| hold.variant).collect();
    let mut shelf = Shelf::lock(conn, store, &variants)?;
    let now = db::clock(conn)?;
    let due: Vec<Hold> = kept.into_iter().filter(|hold| hold.expires_at <= now).collect();
    if due.is_empty() {
        return Ok(0);
    }
    for hold in &due {
        let (reference, reason) = describe(hold, &orders);
        let note = Note { reference: &reference, reason: Some(&reason), actor: SYSTEM };
        shelf.book((hold.variant, hold.location), MovementKind::Release, Figures::release(hold.quantity), note)?;
    }
    shelf.write(conn, now)?;
    let ids: Vec<HoldId> = due.iter().map(|hold| hold.id).collect();
    holds::end(conn, store, &ids, Ending::Expired, now)?;
    end_orders(conn, store, &due, &orders, now)?;
    end_reservations(conn, store, &due, now)?;
    Ok(due.len())
}

struct Locked {
    holders: Vec<Holder>,
    orders: HashMap<OrderId, Expiring>,
}

fn lock(conn: &mut PgConnection, store: StoreId, holders: &[Holder], locking: Locking) -> Result<Locked, Failure> {
    let skip = locking == Locking::Skip;
    let mut by_kind: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for holder in holders {
        by_kind.entry(holder.kind()).or_default().push(holder.id());
    }
    let mut locked = Vec::with_capacity(holders.len());
    let mut orders = HashMap::new();
    if let Some(ids) = by_kind.get("cart") {
        locked.extend(carts::lock_by_id(conn, store, ids, skip)?.into_iter().map(Holder::Cart));
    }
    if let Some(ids) = by_kind.get("order") {
        for order in expiry::lock(conn, store, ids, skip)? {
            locked.push(Holder::Order(order.id));
            orders.insert(order.id, order);
        }
    }
    if let Some(ids) = by_kind.get("reservation") {
        locked.extend(reservations::lock_by_id(conn, store, ids, skip)?.into_iter().map(Holder::Reservation));
    }
    Ok(Locked { holders: locked, orders })
}

/// The name that the ledger knows the holder by, and the reason.
fn describe(hold: &Hold, orders: &HashMap<OrderId, Expiring>) -> (String, String) {
    match hold.holder {
        Holder::Order(id) => {
            let number = orders.get(&id).map(|order| order.order_number.clone()).unwrap_or_default();
            (number, payment_expired(hold.expires_at))
        }
        Holder::Cart(_) | Holder::Reservation(_) => (hold.holder.reference(), hold.expiry_reason()),
    }
}

/// The reason in an order's history.
#[must_use]
pub fn payment_expired(deadline: DateTime<Utc>) -> String {
    let deadline = deadline.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("Payment expired at {deadline}. Stock released automatically.")
}

fn end_orders(
    conn: &mut PgConnection,
    store: StoreId,
    due: &[Hold],
    orders: &HashMap<OrderId, Expiring>,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let mut ended: BTreeMap<OrderId, String> = BTreeMap::new();
    for hold in due {
        if let Holder::Order(id) = hold.holder
            && orders.contains_key(&id)
        {
            ended.entry(id).or_insert_with(|| payment_expired(hold.expires_at));
        }
    }
    if ended.is_empty() {
        return Ok(());
    }
    let ids: Vec<OrderId> = ended.keys().copied().collect();
    expiry::cancel_expired(conn, store, &ids, now)?;
    let steps: Vec<NewStep<'_>> = ended
        .iter()
        .map(|(id, reason)| NewStep {
            order: *id,
            from: Some(OrderStatus::UnderPaying),
            to: OrderStatus::Cancelled,
            reason: Some(reason),
            actor: SYSTEM,
        })
        .collect();
    Ok(history::append(conn, store, &steps, now)?)
}

fn end_reservations(conn: &mut PgConnection, store: StoreId, due: &[Hold], now: DateTime<Utc>) -> Result<(), Failure> {
    let mut ids: Vec<ReservationId> = due
        .iter()
        .filter_map(|hold| match hold.holder {
            Holder::Reservation(id) => Some(id),
            Holder::Cart(_) | Holder::Order(_) => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() { Ok(()) } else { reservations::end(conn, store, &ids, State::Expired, now) }
}
