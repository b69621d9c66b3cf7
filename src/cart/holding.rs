//! Cart holds: stores that turn them on reserve the items of a cart for a limited time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::queries::Cart;
use crate::auth::Scope;
use crate::auth::principal::SYSTEM;
use crate::catalogue::queries::sellables;
use crate::db::Failure;
use crate::error::Abort;
use crate::inventory::hold::{Hold, Holder, hold_expired};
use crate::inventory::hold_set::{Delivery, HoldSet, ReserveUnits};
use crate::inventory::locked_stock::{LockedStock, MovementContext};
use crate::inventory::queries::{holds, locations};
use crate::inventory::routing;
use crate::inventory::shortage;
use crate::kernel::id::{HoldId, VariantId};
use crate::settings::Reservations;

/// The number of units of a variant that a cart should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldTarget {
    pub variant: VariantId,
    pub quantity: i64,
}

/// Changes the holds of a locked cart to the targets: reserves or releases the difference, and extends the deadlines of
/// all its holds. If too few units are available, the request is refused and nothing changes.
pub fn hold(
    conn: &mut PgConnection,
    scope: &Scope,
    cart: &Cart,
    targets: &[HoldTarget],
    settings: &Reservations,
) -> Result<(), Abort> {
    let holder = Holder::Cart(cart.id);
    let variants: Vec<VariantId> = targets.iter().map(|target| target.variant).collect();
    let known = holds::list_active(conn, scope.store, &[holder])?;
    let mut holds = HoldSet::new(LockedStock::lock(conn, scope.store, &variants)?, known);
    let (now, places) = locations::read_places(conn, scope.store)?;
    holds.stock_mut().set_places(places);
    let (reference, actor) = (holder.reference(), scope.actor());
    let context = MovementContext { reference: &reference, reason: None, actor: &actor };
    // Expires the overdue holds of these variants as the job does, so that the result does not depend on the job.
    holds.expire(holder, now, MovementContext { actor: SYSTEM, ..context }, hold_expired)?;
    let expires_at = TimeDelta::try_seconds(settings.cart_hold_seconds)
        .and_then(|seconds| now.checked_add_signed(seconds))
        .ok_or_else(|| Failure::Internal("a cart hold has no deadline".to_owned()))?;
    for &HoldTarget { variant, quantity } in targets {
        let held = holds.held(holder, variant);
        if quantity > held {
            let missing = BTreeMap::from([(variant, quantity.saturating_sub(held))]);
            match holds.route(&missing, &Delivery::Unknown, None) {
                Ok(route) => {
                    let parts = routing::parts_of(&route, variant);
                    holds.reserve(ReserveUnits { holder, variant, expires_at: Some(expires_at) }, &parts, context)?;
                }
                Err(short) => {
                    let available = short.iter().fold(held, |sum, short| sum.saturating_add(short.available));
                    return Err(refuse(conn, scope, available, HoldTarget { variant, quantity })?);
                }
            }
        } else {
            holds.release_part(holder, variant, held.saturating_sub(quantity), context)?;
        }
    }
    let deadlines = deadlines(holds.holds_of(holder), now, expires_at, settings.cart_hold_max_seconds);
    holds.extend(deadlines);
    Ok(holds.write(conn, now)?)
}

/// The new deadlines of a cart's holds. A deadline never moves back, and never exceeds a maximal age in seconds. An
/// overdue hold stays overdue, because its units already count as available.
fn deadlines(
    holds: &[Hold],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    most_seconds: i64,
) -> Vec<(HoldId, DateTime<Utc>)> {
    let active = holds.iter().filter_map(|hold| Some((hold, hold.expires_at.filter(|deadline| *deadline > now)?)));
    let extended = active.map(|(hold, deadline)| {
        let oldest = TimeDelta::try_seconds(most_seconds).and_then(|most| hold.created_at.checked_add_signed(most));
        (hold.id, oldest.map_or(expires_at, |oldest| oldest.min(expires_at)).max(deadline))
    });
    extended.collect()
}

/// Refuses with 400. If overdue holds cause the shortage, asks for a second attempt.
fn refuse(conn: &mut PgConnection, scope: &Scope, available: i64, target: HoldTarget) -> Result<Abort, Failure> {
    let HoldTarget { variant, quantity } = target;
    let sellable = sellables::load(conn, scope.store, &[variant])?
        .pop()
        .ok_or_else(|| Failure::Internal(format!("variant {variant} is missing")))?;
    let refusal = shortage::insufficient_stock(vec![shortage::stock_error(&sellable, available, quantity)]);
    shortage::refuse_or_retry(conn, scope.store, refusal, &[variant])
}
