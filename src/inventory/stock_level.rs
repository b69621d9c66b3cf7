//! The arithmetic of a stock row, without a database.

use serde::Serialize;

use crate::kernel::id::{LocationId, VariantId};
use crate::kernel::quantity::MAX_STOCK;
use crate::kernel::text_enum::text_enum;

/// One stock row, as it was read under its lock and changed in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockLevel {
    pub variant: VariantId,
    pub location: LocationId,
    pub stock: i64,
    pub reserved: i64,
    pub sold: i64,
    /// The sold units that are still on the shelf.
    pub committed: i64,
    /// The units that buyers never get.
    pub safety: i64,
    /// The number of movements up to now.
    pub version: i64,
}

text_enum! {
    /// The kind of a movement.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum MovementKind {
        Receive,
        Remove,
        Adjust,
        Reserve,
        Release,
        Fulfil,
        Restore,
        Ship,
        TransferOut,
        TransferIn,
        Return,
    }
}

/// A change of the quantities of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StockDelta {
    pub stock: i64,
    pub reserved: i64,
    pub sold: i64,
    pub committed: i64,
}

impl StockDelta {
    const NONE: Self = Self { stock: 0, reserved: 0, sold: 0, committed: 0 };

    /// Adds units, or removes them.
    #[must_use]
    pub const fn stock(quantity: i64) -> Self {
        Self { stock: quantity, ..Self::NONE }
    }

    /// Reserves units.
    #[must_use]
    pub const fn reserve(quantity: i64) -> Self {
        Self { reserved: quantity, ..Self::NONE }
    }

    /// Releases reserved units.
    #[must_use]
    pub const fn release(quantity: i64) -> Self {
        Self::reserve(quantity.saturating_neg())
    }

    /// Sells units that are not reserved: reserves and fulfils them in one step. They stay on the shelf.
    #[must_use]
    pub const fn sell(quantity: i64) -> Self {
        Self { stock: quantity.saturating_neg(), sold: quantity, committed: quantity, ..Self::NONE }
    }

    /// Sells reserved units. They stay on the shelf.
    #[must_use]
    pub const fn fulfil(quantity: i64) -> Self {
        Self { reserved: quantity.saturating_neg(), ..Self::sell(quantity) }
    }

    /// Sells reserved units that leave the shelf at once.
    #[must_use]
    pub const fn hand_over(quantity: i64) -> Self {
        Self { committed: 0, ..Self::fulfil(quantity) }
    }

    /// Restores sold units that are still on the shelf.
    #[must_use]
    pub const fn restore(quantity: i64) -> Self {
        Self::sell(quantity.saturating_neg())
    }

    /// Ships sold units.
    #[must_use]
    pub const fn ship(quantity: i64) -> Self {
        Self { committed: quantity.saturating_neg(), ..Self::NONE }
    }
}

/// The quantities of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StockCounts {
    pub stock: i64,
    pub reserved: i64,
    pub sold: i64,
    pub committed: i64,
}

/// A change of one row, with the quantities after it and the row's new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub variant: VariantId,
    pub location: LocationId,
    pub version: i64,
    pub kind: MovementKind,
    pub delta: StockDelta,
    pub after: StockCounts,
}

/// The error of a change that would violate `0 ≤ reserved ≤ stock`, `0 ≤ committed ≤ sold` or the
/// maximal stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change does not fit the stock row")]
pub struct DoesNotFit;

impl StockLevel {
    /// The units that are not reserved.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.stock.saturating_sub(self.reserved)
    }

    /// The units that buyers can get.
    #[must_use]
    pub fn sellable(&self) -> i64 {
        self.sellable_with(0)
    }

    /// The units that a buyer can get who holds `held` units of this row.
    #[must_use]
    pub fn sellable_with(&self, held: i64) -> i64 {
        self.available().saturating_add(held).saturating_sub(self.safety).max(0)
    }

    /// True if the stock can change by this number of units. All promised units must remain.
    #[must_use]
    pub fn can_change_by(&self, quantity: i64) -> bool {
        let most = if quantity > 0 { MAX_STOCK } else { i64::MAX };
        (self.reserved..=most).contains(&self.stock.saturating_add(quantity))
    }

    /// Changes the row in memory and returns the movement. A change that violates a rule leaves the row unchanged.
    pub fn apply(&mut self, kind: MovementKind, delta: StockDelta) -> Result<Movement, DoesNotFit> {
        let sum = |value: i64, change: i64| value.checked_add(change).ok_or(DoesNotFit);
        let after = StockCounts {
            stock: sum(self.stock, delta.stock)?,
            reserved: sum(self.reserved, delta.reserved)?,
            sold: sum(self.sold, delta.sold)?,
            committed: sum(self.committed, delta.committed)?,
        };
        // Sold units can always be restored, even if the stock exceeds its maximum.
        let is_too_much = delta.stock > 0 && after.stock > MAX_STOCK && delta.sold >= 0;
        let fits = (0..=after.stock).contains(&after.reserved) && (0..=after.sold).contains(&after.committed);
        if is_too_much || !fits {
            return Err(DoesNotFit);
        }
        self.version = sum(self.version, 1)?;
        let StockCounts { stock, reserved, sold, committed } = after;
        (self.stock, self.reserved, self.sold, self.committed) = (stock, reserved, sold, committed);
        Ok(Movement { variant: self.variant, location: self.location, version: self.version, kind, delta, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(stock: i64, reserved: i64) -> StockLevel {
        let (variant, location) = (VariantId(1), LocationId(1));
        StockLevel { variant, location, stock, reserved, sold: 0, committed: 0, safety: 0, version: 1 }
    }

    #[test]
    fn selling_reduces_the_stock_and_restoring_increases_it() {
        let mut level = level(100, 10);
        let sale = level.apply(MovementKind::Fulfil, StockDelta::sell(5)).unwrap();
        assert_eq!((sale.after, sale.version), (StockCounts { stock: 95, reserved: 10, sold: 5, committed: 5 }, 2));
        assert_eq!(level.apply(MovementKind::Fulfil, StockDelta::sell(86)), Err(DoesNotFit));
        level.apply(MovementKind::Restore, StockDelta::restore(5)).unwrap();
        assert_eq!((level.stock, level.sold, level.version), (100, 0, 3));
        assert_eq!(level.apply(MovementKind::Restore, StockDelta::restore(1)), Err(DoesNotFit));
        level.apply(MovementKind::Fulfil, StockDelta::fulfil(10)).unwrap();
        assert_eq!((level.stock, level.reserved, level.sold, level.committed), (90, 0, 10, 10));
    }

    #[test]
    fn only_committed_units_can_be_shipped_and_shipped_units_cannot_be_restored() {
        let mut level = level(10, 2);
        level.apply(MovementKind::Fulfil, StockDelta::sell(5)).unwrap();
        level.apply(MovementKind::Fulfil, StockDelta::hand_over(2)).unwrap();
        level.apply(MovementKind::Ship, StockDelta::ship(4)).unwrap();
        assert_eq!((level.stock, level.sold, level.committed), (3, 7, 1));
        assert_eq!(level.apply(MovementKind::Ship, StockDelta::ship(2)), Err(DoesNotFit));
        assert_eq!(level.apply(MovementKind::Restore, StockDelta::restore(2)), Err(DoesNotFit));
        level.apply(MovementKind::Restore, StockDelta::restore(1)).unwrap();
        assert_eq!((level.stock, level.sold, level.committed), (4, 6, 0));
    }

    #[test]
    fn a_change_of_the_stock_keeps_promised_units_and_the_maximum() {
        let row = level(100, 30);
        for (quantity, can) in [(-70, true), (-71, false), (0, true), (MAX_STOCK - 100, true), (MAX_STOCK - 99, false)]
        {
            assert_eq!(row.can_change_by(quantity), can, "{quantity}");
            assert_eq!(row.clone().apply(MovementKind::Adjust, StockDelta::stock(quantity)).is_ok(), can, "{quantity}");
        }
        let too_full = level(MAX_STOCK + 5, 0);
        assert!(too_full.can_change_by(-1) && !too_full.can_change_by(1));
    }

    #[test]
    fn safety_units_are_not_sellable() {
        let sellable = |stock, reserved, safety| StockLevel { safety, ..level(stock, reserved) }.sellable();
        assert_eq!((sellable(10, 3, 2), sellable(10, 3, 8), sellable(0, 0, 0)), (5, 0, 0));
        assert_eq!(StockLevel { safety: 9, ..level(10, 3) }.sellable_with(3), 1);
    }

    proptest! {
        #[test]
        fn no_change_breaks_a_row(stock in 0..1000_i64, reserved in 0..1000_i64, changes in prop::collection::vec(prop::array::uniform4(-500..500_i64), 0..20)) {
            prop_assume!(reserved <= stock);
            let mut level = level(stock, reserved);
            for [stock, reserved, sold, committed] in changes {
                let before = level.clone();
                if level.apply(MovementKind::Adjust, StockDelta { stock, reserved, sold, committed }).is_err() {
                    prop_assert_eq!(&level, &before);
                }
                prop_assert!(0 <= level.reserved && level.reserved <= level.stock);
                prop_assert!(0 <= level.committed && level.committed <= level.sold);
            }
        }
    }
}
