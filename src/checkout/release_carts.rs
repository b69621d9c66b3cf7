//! Releasing what carts hold in stores that hold carts no more.

use diesel::PgConnection;

use crate::auth::principal::SYSTEM;
use crate::cart::queries as carts;
use crate::db::{self, Failure};
use crate::inventory::hold::{Ending, Hold, Holder};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::queries::holds;
use crate::inventory::shelf::{Note, Shelf};
use crate::kernel::id::{HoldId, StoreId, VariantId};
use crate::stores::queries as stores;

/// Carts released in one transaction: few enough that buyers of the same rows wait little.
const AT_A_TIME: i64 = 200;

/// The reason in the ledger.
const REASON: &str = "The store stopped holding what is in carts.";

/// Releases what some carts of a store hold, unless the store holds carts. Returns how many holds ended: none if
/// there is nothing left but carts that somebody else has locked, which a job looks for again.
///
/// Locks in the order of all locks: carts, stock rows.
pub fn release_carts(conn: &mut PgConnection, store: StoreId) -> Result<usize, Failure> {
    let found = holds::list_holding_carts(conn, store, AT_A_TIME)?;
    let locked = carts::lock_by_id(conn, store, &found, true)?;
    if locked.is_empty() || stores::get_store(conn, store)?.hold_cart_items {
        return Ok(0);
    }
    let holders: Vec<Holder> = locked.into_iter().map(Holder::Cart).collect();
    let kept = holds::list_active(conn, store, &holders)?;
    let variants: Vec<VariantId> = kept.iter().map(|hold| hold.variant).collect();
    let mut shelf = Shelf::lock(conn, store, &variants)?;
    let now = db::clock(conn)?;
    let (due, live): (Vec<&Hold>, Vec<&Hold>) = kept.iter().partition(|hold| hold.expires_at <= now);
    for (ending, ended) in [(Ending::Expired, due), (Ending::Released, live)] {
        for hold in &ended {
            let expired = hold.expiry_reason();
            let reason = if ending == Ending::Expired { expired.as_str() } else { REASON };
            let note = Note { reference: &hold.holder.reference(), reason: Some(reason), actor: SYSTEM };
            let release = Figures::release(hold.quantity);
            shelf.book((hold.variant, hold.location), MovementKind::Release, release, note)?;
        }
        let ids: Vec<HoldId> = ended.iter().map(|hold| hold.id).collect();
        if !ids.is_empty() {
            holds::end(conn, store, &ids, ending, now)?;
        }
    }
    shelf.write(conn, now)?;
    Ok(kept.len())
}
