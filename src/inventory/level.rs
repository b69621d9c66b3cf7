//! The arithmetic of a stock row, apart from any database.

use crate::kernel::id::{LocationId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// One row of stock as it was read under its lock, and as it changes in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub variant: VariantId,
    pub location: LocationId,
    pub stock: i64,
    pub reserved: i64,
    pub sold: i64,
    /// The number of movements so far.
    pub version: i64,
}

/// Why a row of stock moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    Receive,
    Remove,
    Adjust,
    Reserve,
    Release,
    Fulfil,
    Restore,
}

impl MovementKind {
    pub const ALL: [Self; 7] =
        [Self::Receive, Self::Remove, Self::Adjust, Self::Reserve, Self::Release, Self::Fulfil, Self::Restore];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Remove => "remove",
            Self::Adjust => "adjust",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Fulfil => "fulfil",
            Self::Restore => "restore",
        }
    }
}

/// The three numbers of a row, as a change or as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Figures {
    pub stock: i64,
    pub reserved: i64,
    pub sold: i64,
}

/// A change of one row, with the values after it and the version that it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub variant: VariantId,
    pub location: LocationId,
    pub version: i64,
    pub kind: MovementKind,
    pub delta: Figures,
    pub after: Figures,
}

/// A change that would break the row: `0 ≤ reserved ≤ stock`, `0 ≤ sold`, no more than the largest stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change does not fit the stock row")]
pub struct DoesNotFit;

impl Level {
    #[must_use]
    pub fn available(&self) -> i64 {
        self.stock.saturating_sub(self.reserved)
    }

    /// Changes the row in memory and says how, or leaves it as it was.
    pub fn apply(&mut self, kind: MovementKind, delta: Figures) -> Result<Movement, DoesNotFit> {
        let sum = |value: i64, change: i64| value.checked_add(change).ok_or(DoesNotFit);
        let after = Figures {
            stock: sum(self.stock, delta.stock)?,
            reserved: sum(self.reserved, delta.reserved)?,
            sold: sum(self.sold, delta.sold)?,
        };
        // What was sold can always come back, also into a row that is full.
        let is_too_much = delta.stock > 0 && after.stock > MAX_STOCK && kind != MovementKind::Restore;
        let fits = 0 <= after.reserved && after.reserved <= after.stock && after.sold >= 0;
        if is_too_much || !fits {
            return Err(DoesNotFit);
        }
        self.version = sum(self.version, 1)?;
        (self.stock, self.reserved, self.sold) = (after.stock, after.reserved, after.sold);
        Ok(Movement { variant: self.variant, location: self.location, version: self.version, kind, delta, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn level(stock: i64, reserved: i64) -> Level {
        Level { variant: VariantId(1), location: LocationId(1), stock, reserved, sold: 0, version: 1 }
    }

    #[test]
    fn selling_takes_from_stock_and_restoring_gives_back() {
        let mut level = level(100, 10);
        let sale = level.apply(MovementKind::Fulfil, Figures::sell(5)).unwrap();
        assert_eq!((sale.after, sale.version), (Figures { stock: 95, reserved: 10, sold: 5 }, 2));
        assert_eq!(level.apply(MovementKind::Fulfil, Figures::sell(86)), Err(DoesNotFit));
        level.apply(MovementKind::Restore, Figures::restore(5)).unwrap();
        assert_eq!((level.stock, level.sold, level.version), (100, 0, 3));
        assert_eq!(level.apply(MovementKind::Restore, Figures::restore(1)), Err(DoesNotFit));
        level.apply(MovementKind::Fulfil, Figures::fulfil(10)).unwrap();
        assert_eq!((level.stock, level.reserved, level.sold), (90, 0, 10));
    }

    proptest! {
        #[test]
        fn no_change_breaks_a_row(stock in 0..1000_i64, reserved in 0..1000_i64, changes in prop::collection::vec((-500..500_i64, -500..500_i64, -500..500_i64), 0..20)) {
            prop_assume!(reserved <= stock);
            let mut level = level(stock, reserved);
            for (stock, reserved, sold) in changes {
                let before = level.clone();
                if level.apply(MovementKind::Adjust, Figures { stock, reserved, sold }).is_err() {
                    prop_assert_eq!(&level, &before);
                }
                prop_assert!(0 <= level.reserved && level.reserved <= level.stock && level.sold >= 0);
            }
        }
    }
}
