//! Shipped units of a locked order that come back.

use std::collections::BTreeSet;

use diesel::PgConnection;

use super::OrderBatch;
use crate::db::{self, Failure};
use crate::inventory::hold_set::HoldSet;
use crate::inventory::locked_stock::{LockedStock, MovementContext, StockKey};
use crate::inventory::stock_level::{MovementKind, StockDelta};
use crate::kernel::id::{LocationId, VariantId};

/// The place at which units arrive, and its quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnPlaces {
    pub place: LocationId,
    pub quarantine: LocationId,
}

/// Units of a variant that come back, by their condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnedUnits<'a> {
    pub variant: VariantId,
    pub places: ReturnPlaces,
    pub restock: i64,
    pub quarantine: i64,
    pub scrap: i64,
    /// The reason of the buyer, for the ledger.
    pub reason: &'a str,
}

impl ReturnedUnits<'_> {
    /// The stock rows that change, with their units.
    fn rows(&self) -> [(StockKey, i64); 2] {
        let at_place = self.restock.saturating_add(self.scrap);
        [((self.variant, self.places.place), at_place), ((self.variant, self.places.quarantine), self.quarantine)]
    }
}

impl OrderBatch {
    /// Locks the stock rows of units that come back. The orders were locked without other stock rows, then the return
    /// and its place. The time of all changes is read again, after these locks.
    pub fn lock_returned(&mut self, conn: &mut PgConnection, units: &[ReturnedUnits<'_>]) -> Result<(), Failure> {
        let rows = units.iter().flat_map(ReturnedUnits::rows);
        let keys: BTreeSet<StockKey> = rows.filter(|(_, units)| *units > 0).map(|(key, _)| key).collect();
        if !keys.is_empty() {
            self.holds = HoldSet::new(LockedStock::lock_keys(conn, self.store, &keys)?, Vec::new());
        }
        self.now = db::clock(conn)?;
        Ok(())
    }

    /// True if the stock rows can hold the units.
    pub fn has_room_for(&mut self, units: &ReturnedUnits<'_>) -> bool {
        let stock = self.holds.stock_mut();
        let rows = units.rows().into_iter().filter(|(_, units)| *units > 0);
        rows.into_iter().all(|(key, units)| stock.row(key).is_some_and(|row| row.can_change_by(units)))
    }

    /// Takes units back. Scrapped units come in and go out.
    pub fn take_back(&mut self, units: &ReturnedUnits<'_>, context: MovementContext<'_>) -> Result<(), Failure> {
        let context = MovementContext { reason: Some(units.reason), ..context };
        let stock = self.holds.stock_mut();
        for (key, returned) in units.rows().into_iter().filter(|(_, units)| *units > 0) {
            stock.record_movement(key, MovementKind::Return, StockDelta::stock(returned), context)?;
        }
        if units.scrap > 0 {
            let removed = StockDelta::stock(units.scrap.saturating_neg());
            stock.record_movement((units.variant, units.places.place), MovementKind::Remove, removed, context)?;
        }
        Ok(())
    }
}
