//! Cart holds: in stores that turn them on, what is in a cart is kept for its customer for a while.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;

use super::queries::Cart;
use crate::auth::Scope;
use crate::auth::principal::SYSTEM;
use crate::catalogue::queries::sellables;
use crate::db::{self, Failure};
use crate::error::Halt;
use crate::inventory::hold::{Ending, Hold, Holder, NewHold};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::queries::holds;
use crate::inventory::shelf::{Note, Shelf};
use crate::inventory::shortage;
use crate::kernel::id::{HoldId, VariantId};
use crate::settings::Reservations;

/// How many units of a variant a cart is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub variant: VariantId,
    pub quantity: i64,
}

/// Brings a locked cart's holds to the targets: reserves or releases the difference, and moves the
/// deadline of all that it holds. What can't be reserved is refused and changes nothing.
pub fn hold(
    conn: &mut PgConnection,
    scope: &Scope,
    cart: &Cart,
    targets: &[Target],
    terms: &Reservations,
) -> Result<(), Halt> {
    let holder = Holder::Cart(cart.id);
    let mut change = Change::load(conn, scope, holder, targets)?;
    let now = db::clock(conn)?;
    change.expire(now)?;
    let expires_at = TimeDelta::try_seconds(terms.cart_hold_seconds)
        .and_then(|seconds| now.checked_add_signed(seconds))
        .ok_or_else(|| Failure::Internal("a cart hold without an end".to_owned()))?;
    for target in targets {
        let held = change.held(target.variant);
        if target.quantity > held && !change.reserve(*target, held, expires_at)? {
            return Err(refuse(conn, scope, &change.shelf, *target, held)?);
        }
        change.release(target.variant, held.saturating_sub(target.quantity))?;
    }
    change.write(conn, scope, now)?;
    // Decided at the same moment as all else: what was held then is not lost on the way.
    holds::set_deadlines(conn, scope.store, &change.deadlines(now, expires_at, terms.cart_hold_max_seconds))?;
    Ok(())
}

/// A change of a cart's holds, worked out in memory.
struct Change {
    holder: Holder,
    actor: String,
    shelf: Shelf,
    holds: Vec<Hold>,
    changed: Vec<(HoldId, i64)>,
    ended: Vec<HoldId>,
    expired: Vec<HoldId>,
    new: Vec<NewHold>,
}

impl Change {
    fn load(conn: &mut PgConnection, scope: &Scope, holder: Holder, targets: &[Target]) -> Result<Self, Failure> {
        let variants: Vec<VariantId> = targets.iter().map(|target| target.variant).collect();
        let holds = holds::list_active(conn, scope.store, &[holder])?;
        let shelf = Shelf::lock(conn, scope.store, &variants)?;
        let (changed, ended, expired, new) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { holder, actor: scope.actor(), shelf, holds, changed, ended, expired, new })
    }

    /// Ends what the cart held of these variants until a deadline that has passed, as the job would: it
    /// is reserved anew or not at all, and what becomes of it does not depend on the job.
    fn expire(&mut self, now: DateTime<Utc>) -> Result<(), Failure> {
        let is_due = |hold: &Hold| hold.expires_at <= now && self.shelf.rows_of(hold.variant).next().is_some();
        let (due, kept) = std::mem::take(&mut self.holds).into_iter().partition::<Vec<_>, _>(is_due);
        self.holds = kept;
        for hold in due {
            let (reference, reason) = (hold.holder.reference(), hold.expiry_reason());
            let note = Note { reference: &reference, reason: Some(&reason), actor: SYSTEM };
            let release = Figures::release(hold.quantity);
            self.shelf.book((hold.variant, hold.location), MovementKind::Release, release, note)?;
            self.expired.push(hold.id);
        }
        Ok(())
    }

    fn held(&self, variant: VariantId) -> i64 {
        let of_variant = self.holds.iter().filter(|hold| hold.variant == variant);
        of_variant.fold(0, |sum: i64, hold| sum.saturating_add(hold.quantity))
    }

    /// False if there is not enough.
    fn reserve(&mut self, target: Target, held: i64, expires_at: DateTime<Utc>) -> Result<bool, Failure> {
        let Target { variant, quantity } = target;
        let Some(parts) = self.shelf.allocate(variant, quantity.saturating_sub(held)) else { return Ok(false) };
        let reference = self.holder.reference();
        for (location, part) in parts {
            let note = Note { reference: &reference, reason: None, actor: &self.actor };
            self.shelf.book((variant, location), MovementKind::Reserve, Figures::reserve(part), note)?;
            let known = self.holds.iter().find(|hold| hold.variant == variant && hold.location == location);
            match known {
                Some(hold) => self.changed.push((hold.id, hold.quantity.saturating_add(part))),
                None => {
                    self.new.push(NewHold { holder: self.holder, variant, location, quantity: part, expires_at });
                }
            }
        }
        Ok(true)
    }

    fn release(&mut self, variant: VariantId, quantity: i64) -> Result<(), Failure> {
        let reference = self.holder.reference();
        let mut rest = quantity;
        for hold in self.holds.iter().filter(|hold| hold.variant == variant).rev() {
            let part = rest.min(hold.quantity);
            if part <= 0 {
                break;
            }
            rest = rest.saturating_sub(part);
            let note = Note { reference: &reference, reason: None, actor: &self.actor };
            self.shelf.book((variant, hold.location), MovementKind::Release, Figures::release(part), note)?;
            if part == hold.quantity {
                self.ended.push(hold.id);
            } else {
                self.changed.push((hold.id, hold.quantity.saturating_sub(part)));
            }
        }
        Ok(())
    }

    /// The deadlines of what the cart keeps, none moved back, and none beyond so many seconds of age. What is past
    /// its deadline stays so: it counts as free already.
    fn deadlines(
        &self,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        most_seconds: i64,
    ) -> Vec<(HoldId, DateTime<Utc>)> {
        let kept = self.holds.iter().filter(|hold| hold.expires_at > now && !self.ended.contains(&hold.id));
        let extended = kept.map(|hold| {
            let oldest = TimeDelta::try_seconds(most_seconds).and_then(|most| hold.created_at.checked_add_signed(most));
            (hold.id, oldest.map_or(expires_at, |oldest| oldest.min(expires_at)).max(hold.expires_at))
        });
        extended.collect()
    }

    fn write(&self, conn: &mut PgConnection, scope: &Scope, at: DateTime<Utc>) -> Result<(), Failure> {
        self.shelf.write(conn, at)?;
        for (ids, ending) in [(&self.ended, Ending::Released), (&self.expired, Ending::Expired)] {
            if !ids.is_empty() {
                holds::end(conn, scope.store, ids, ending, at)?;
            }
        }
        if !self.changed.is_empty() {
            holds::change(conn, scope.store, &self.changed)?;
        }
        if !self.new.is_empty() {
            holds::insert(conn, scope.store, &self.new, at)?;
        }
        Ok(())
    }
}

/// 400, or another try if only holds past their deadline stand in the way.
fn refuse(conn: &mut PgConnection, scope: &Scope, shelf: &Shelf, target: Target, held: i64) -> Result<Halt, Failure> {
    let Target { variant, quantity } = target;
    let sellable = sellables::load(conn, scope.store, &[variant])?
        .pop()
        .ok_or_else(|| Failure::Internal(format!("variant {variant} is gone")))?;
    let available = shelf.available(variant).saturating_add(held);
    let refusal = shortage::refuse(vec![shortage::line(&sellable, available, quantity)]);
    shortage::halt(conn, scope.store, refusal, &[variant])
}
