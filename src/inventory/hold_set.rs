//! The holds of some holders with their stock rows: locked, changed in memory, written as a set.
//!
//! All operations that reserve, sell, restore or release units use this type, and nothing else changes a hold. So a
//! hold and the reserved quantity of its stock row always change together. Transfers between places move their units by
//! `LockedStock::transfer`. The number of statements does not depend on the number of holds.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::PgConnection;

mod reroute;
mod route;

pub use super::hold::ReserveUnits;
pub use reroute::ReroutedUnits;
pub use route::Delivery;

use super::hold::{Hold, HoldEnd, Holder, NewHold};
use super::locked_stock::{LockedStock, MovementContext};
use super::queries::holds;
use super::stock_level::{Movement, MovementKind, StockDelta};
use crate::db::Failure;
use crate::kernel::id::{HoldId, LocationId, StoreId, VariantId};

pub struct HoldSet {
    stock: LockedStock,
    /// The holds that have not ended.
    active: HashMap<Holder, Vec<Hold>>,
    created: Vec<NewHold>,
    /// New quantities of active holds.
    changed: BTreeMap<HoldId, i64>,
    extended: Vec<(HoldId, DateTime<Utc>)>,
    ended: Vec<(HoldId, HoldEnd)>,
}

/// Units at one location.
pub type Part = (LocationId, i64);

impl HoldSet {
    /// Reads the active holds of the holders, then locks their stock rows and those of the variants. The caller has
    /// locked the holders' own rows.
    pub fn lock(
        conn: &mut PgConnection,
        store: StoreId,
        holders: &[Holder],
        variants: &[VariantId],
    ) -> Result<Self, Failure> {
        let holds = if holders.is_empty() { Vec::new() } else { holds::list_active(conn, store, holders)? };
        let variants: Vec<VariantId> = holds.iter().map(|hold| hold.variant).chain(variants.iter().copied()).collect();
        Ok(Self::new(LockedStock::lock(conn, store, &variants)?, holds))
    }

    #[must_use]
    pub fn new(stock: LockedStock, holds: Vec<Hold>) -> Self {
        let mut active: HashMap<Holder, Vec<Hold>> = HashMap::new();
        for hold in holds {
            active.entry(hold.holder).or_default().push(hold);
        }
        let (created, changed) = (Vec::new(), BTreeMap::new());
        Self { stock, active, created, changed, extended: Vec::new(), ended: Vec::new() }
    }

    /// The active holds of a holder, in the order of their stock rows.
    #[must_use]
    pub fn holds_of(&self, holder: Holder) -> &[Hold] {
        self.active.get(&holder).map(Vec::as_slice).unwrap_or_default()
    }

    /// The units of a variant that a holder holds.
    #[must_use]
    pub fn held(&self, holder: Holder, variant: VariantId) -> i64 {
        let of_variant = self.holds_of(holder).iter().filter(|hold| hold.variant == variant);
        of_variant.fold(0, |sum: i64, hold| sum.saturating_add(hold.quantity))
    }

    /// The stock rows, for their places and for movements that concern no hold.
    pub fn stock_mut(&mut self) -> &mut LockedStock {
        &mut self.stock
    }

    /// Reserves units at these places. A hold that exists already keeps its deadline; the caller extends it.
    pub fn reserve(
        &mut self,
        units: ReserveUnits,
        parts: &[Part],
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let ReserveUnits { holder, variant, expires_at } = units;
        for &(location, part) in parts {
            let key = (variant, location);
            self.stock.record_movement(key, MovementKind::Reserve, StockDelta::reserve(part), context)?;
            let known = self.active.get_mut(&holder).into_iter().flatten();
            match known.into_iter().find(|hold| (hold.variant, hold.location) == key) {
                Some(hold) => {
                    hold.quantity = hold.quantity.saturating_add(part);
                    self.changed.insert(hold.id, hold.quantity);
                }
                None => self.created.push(NewHold { holder, variant, location, quantity: part, expires_at }),
            }
        }
        Ok(())
    }

    /// Sells units that are not reserved, at the places of a route.
    pub fn sell_available(
        &mut self,
        variant: VariantId,
        parts: &[Part],
        context: MovementContext<'_>,
    ) -> Result<Vec<Movement>, Failure> {
        let sell = |&(location, part): &Part| {
            self.stock.record_movement((variant, location), MovementKind::Fulfil, StockDelta::sell(part), context)
        };
        parts.iter().map(sell).collect()
    }

    /// Restores sold units at the place of their allocation.
    pub fn restore(
        &mut self,
        variant: VariantId,
        (location, quantity): Part,
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let delta = StockDelta::restore(quantity);
        self.stock.record_movement((variant, location), MovementKind::Restore, delta, context).map(drop)
    }

    /// Ships sold units from their location.
    pub fn ship(
        &mut self,
        variant: VariantId,
        (location, quantity): Part,
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let delta = StockDelta::ship(quantity);
        self.stock.record_movement((variant, location), MovementKind::Ship, delta, context).map(drop)
    }

    /// Sells all units that a holder holds. Returns their number.
    pub fn sell(&mut self, holder: Holder, context: MovementContext<'_>) -> Result<i64, Failure> {
        self.end_holds(holder, HoldEnd::Sold, MovementKind::Fulfil, context)
    }

    /// Releases all units that a holder holds. Returns their number.
    pub fn release(&mut self, holder: Holder, context: MovementContext<'_>) -> Result<i64, Failure> {
        self.end_holds(holder, HoldEnd::Released, MovementKind::Release, context)
    }

    /// Ends the holds of a cart for its order. It releases the units, and the order takes them in the same transaction.
    pub fn end_for_order(
        &mut self,
        holder: Holder,
        end: HoldEnd,
        context: MovementContext<'_>,
    ) -> Result<i64, Failure> {
        self.end_holds(holder, end, MovementKind::Release, context)
    }

    /// Releases some of the units of a variant that a holder holds, the last locations first.
    pub fn release_part(
        &mut self,
        holder: Holder,
        variant: VariantId,
        quantity: i64,
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let mut kept = Vec::new();
        let mut rest = quantity;
        for hold in self.active.remove(&holder).unwrap_or_default().into_iter().rev() {
            let part = if hold.variant == variant { rest.min(hold.quantity) } else { 0 };
            rest = rest.saturating_sub(part);
            kept.extend(match part {
                0 => Some(hold),
                _ => self.reduce_hold(hold, part, HoldEnd::Released, context)?,
            });
        }
        kept.reverse();
        self.active.insert(holder, kept);
        Ok(())
    }

    /// Releases units of a hold. Returns the rest of it, if it has not ended.
    fn reduce_hold(
        &mut self,
        mut hold: Hold,
        quantity: i64,
        end: HoldEnd,
        context: MovementContext<'_>,
    ) -> Result<Option<Hold>, Failure> {
        if quantity == hold.quantity {
            self.end_hold(&hold, end, MovementKind::Release, context)?;
            return Ok(None);
        }
        let key = (hold.variant, hold.location);
        self.stock.record_movement(key, MovementKind::Release, StockDelta::release(quantity), context)?;
        hold.quantity = hold.quantity.saturating_sub(quantity);
        self.changed.insert(hold.id, hold.quantity);
        Ok(Some(hold))
    }

    /// Expires the overdue holds of a holder. Holds whose stock row is not in this set are left. `reason_of` returns
    /// the ledger's reason for a deadline. Returns the number of expired holds.
    pub fn expire(
        &mut self,
        holder: Holder,
        now: DateTime<Utc>,
        context: MovementContext<'_>,
        reason_of: fn(DateTime<Utc>) -> String,
    ) -> Result<usize, Failure> {
        let is_due = |hold: &Hold| hold.is_overdue(now) && self.stock.row((hold.variant, hold.location)).is_some();
        let holds = self.active.remove(&holder).unwrap_or_default();
        let (due, kept): (Vec<Hold>, Vec<Hold>) = holds.into_iter().partition(is_due);
        if !kept.is_empty() {
            self.active.insert(holder, kept);
        }
        for hold in &due {
            let reason = hold.expires_at.map(reason_of);
            let context = MovementContext { reason: reason.as_deref(), ..context };
            self.end_hold(hold, HoldEnd::Expired, MovementKind::Release, context)?;
        }
        Ok(due.len())
    }

    /// Sets the deadlines of active holds.
    pub fn extend(&mut self, deadlines: Vec<(HoldId, DateTime<Utc>)>) {
        self.extended.extend(deadlines);
    }

    /// Writes the changed stock rows with their movements, and the holds.
    pub fn write(&self, conn: &mut PgConnection, at: DateTime<Utc>) -> Result<(), Failure> {
        let store = self.stock.store();
        self.stock.write(conn, at)?;
        if !self.ended.is_empty() {
            holds::end(conn, store, &self.ended, at)?;
        }
        if !self.changed.is_empty() {
            holds::set_quantities(conn, store, &self.changed)?;
        }
        if !self.extended.is_empty() {
            holds::set_deadlines(conn, store, &self.extended)?;
        }
        if !self.created.is_empty() {
            holds::insert(conn, store, &self.created, at)?;
        }
        Ok(())
    }

    fn end_holds(
        &mut self,
        holder: Holder,
        end: HoldEnd,
        kind: MovementKind,
        context: MovementContext<'_>,
    ) -> Result<i64, Failure> {
        let mut units: i64 = 0;
        for hold in self.active.remove(&holder).unwrap_or_default() {
            units = units.saturating_add(hold.quantity);
            self.end_hold(&hold, end, kind, context)?;
        }
        Ok(units)
    }

    fn end_hold(
        &mut self,
        hold: &Hold,
        end: HoldEnd,
        kind: MovementKind,
        context: MovementContext<'_>,
    ) -> Result<(), Failure> {
        let delta = match (kind, hold.holder) {
            // Another service takes its units at once. Those of an order stay on the shelf until they are shipped.
            (MovementKind::Fulfil, Holder::Reservation(_)) => StockDelta::hand_over(hold.quantity),
            (MovementKind::Fulfil, _) => StockDelta::fulfil(hold.quantity),
            _ => StockDelta::release(hold.quantity),
        };
        self.stock.record_movement((hold.variant, hold.location), kind, delta, context)?;
        self.changed.remove(&hold.id);
        self.ended.push((hold.id, end));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
