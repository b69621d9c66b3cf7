//! The units that buyers will be able to get, and when.

use chrono::NaiveDate;

use crate::kernel::id::{LocationId, VariantId};

/// Units that are on the road to a selling place, or ordered for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub variant: VariantId,
    pub location: LocationId,
    /// Not before today. None if it is not known, or if the units are overdue.
    pub day: Option<NaiveDate>,
    pub quantity: i64,
}

/// The first day on which the wanted units are there. The expected units are ordered by day, those without one last.
#[must_use]
pub fn first_day(available: i64, wanted: i64, expected: &[&Expected]) -> Option<NaiveDate> {
    let mut present = available;
    let enough = expected.iter().find(|units| {
        present = present.saturating_add(units.quantity);
        present >= wanted
    });
    enough?.day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_units_that_are_needed_decide_the_day() {
        let units = |day: Option<&str>, quantity| Expected {
            variant: VariantId(1),
            location: LocationId(1),
            day: day.map(|day| day.parse().unwrap()),
            quantity,
        };
        let (friday, monday) = (Some("2026-12-04"), Some("2026-12-07"));
        let expected = [units(friday, 3), units(monday, 10), units(None, 100)];
        let expected: Vec<&Expected> = expected.iter().collect();
        for (wanted, day) in
            [(6, friday), (8, friday), (9, monday), (12, monday), (18, monday), (19, None), (119, None)]
        {
            assert_eq!(first_day(5, wanted, &expected), day.map(|day| day.parse().unwrap()), "{wanted}");
        }
        assert_eq!(first_day(5, 6, &[]), None);
    }
}
