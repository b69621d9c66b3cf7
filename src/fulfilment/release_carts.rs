//! Releases the holds of carts in stores that turned cart holds off.

use diesel::PgConnection;

use crate::auth::principal::SYSTEM;
use crate::cart::queries as carts;
use crate::db::{self, Failure, OnLocked};
use crate::inventory::hold::{Holder, hold_expired};
use crate::inventory::hold_set::HoldSet;
use crate::inventory::locked_stock::MovementContext;
use crate::inventory::queries::holds;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// The number of carts in one transaction. It is small, so that other requests for the same rows wait only briefly.
const BATCH_SIZE: i64 = 200;

/// The reason in the ledger.
const REASON: &str = "The store stopped holding what is in carts.";

/// Releases the holds of some carts of a store, unless the store holds carts. Returns the number of released holds.
/// If it is zero, only carts remain that other transactions have locked, and a job releases these later.
///
/// Locks in the global order: carts, stock rows.
pub fn release_carts(conn: &mut PgConnection, store: StoreId) -> Result<usize, Failure> {
    let found = holds::list_holding_carts(conn, store, BATCH_SIZE)?;
    let locked = carts::lock_by_id(conn, store, &found, OnLocked::Skip)?;
    if locked.is_empty() || stores::get_store(conn, store)?.hold_cart_items {
        return Ok(0);
    }
    let holders: Vec<Holder> = locked.into_iter().map(Holder::Cart).collect();
    let mut holds = HoldSet::lock(conn, store, &holders, &[])?;
    let now = db::clock(conn)?;
    let mut ended: usize = 0;
    for holder in holders {
        let reference = holder.reference();
        let context = MovementContext { reference: &reference, reason: Some(REASON), actor: SYSTEM };
        ended = ended.saturating_add(holds.holds_of(holder).len());
        holds.expire(holder, now, context, hold_expired)?;
        holds.release(holder, context)?;
    }
    holds.write(conn, now)?;
    Ok(ended)
}
