//! The differences of counts that need no approval.

use super::queries::Store;
use crate::error::ApiError;
use crate::kernel::money::{AmountInput, Currency, Money};

/// The largest difference that a counted line may have to be posted without approval. Both limits must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CountTolerance {
    pub units: i64,
    pub value: Money,
}

impl CountTolerance {
    /// True if this difference needs no approval. `value` is in minor units.
    #[must_use]
    pub fn allows(self, units: i64, value: i128) -> bool {
        units.unsigned_abs() <= self.units.unsigned_abs()
            && value.unsigned_abs() <= i128::from(self.value.0).unsigned_abs()
    }
}

impl Store {
    #[must_use]
    pub const fn count_tolerance(&self) -> CountTolerance {
        CountTolerance { units: self.count_tolerance_units, value: self.count_tolerance_value }
    }

    pub const fn set_count_tolerance(&mut self, tolerance: CountTolerance) {
        let CountTolerance { units, value } = tolerance;
        (self.count_tolerance_units, self.count_tolerance_value) = (units, value);
    }
}

/// A tolerance before its currency is known.
#[derive(Clone, Copy, Debug)]
pub struct CountToleranceInput {
    pub units: i64,
    pub value: Option<AmountInput>,
}

impl CountToleranceInput {
    pub fn in_currency(self, currency: &Currency) -> Result<CountTolerance, ApiError> {
        let Self { units, value } = self;
        let value = value.map_or(Ok(Money(0)), |value| value.in_currency(currency));
        let value = value.map_err(|message| ApiError::field(format!("{COUNT_TOLERANCE}.value"), message))?;
        Ok(CountTolerance { units, value })
    }
}

/// The field of a store.
pub const COUNT_TOLERANCE: &str = "count_tolerance";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_must_hold_in_both_directions() {
        let tolerance = CountTolerance { units: 5, value: Money(1_000) };
        for (units, value, allowed) in [
            (0, 0, true),
            (5, 1_000, true),
            (-5, -1_000, true),
            (6, 1_000, false),
            (-6, 0, false),
            (5, 1_001, false),
            (-1, -1_001, false),
            (i64::MIN, 0, false),
        ] {
            assert_eq!(tolerance.allows(units, value), allowed, "{units} {value}");
        }
        assert!(CountTolerance::default().allows(0, 0) && !CountTolerance::default().allows(1, 0));
    }
}
