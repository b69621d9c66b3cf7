//! The time within which customers may ask to return units: from the delivery of each shipment.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::kernel::id::VariantId;

/// Units of a variant that were delivered together.
#[derive(Clone, Copy, Debug)]
pub struct DeliveredUnits {
    pub variant: VariantId,
    pub quantity: i64,
    pub delivered_at: DateTime<Utc>,
}

/// The units of each variant that the buyer may still return: those whose delivery is at most `days` days ago, without the
/// units that were taken by returns before. None is a window without an end. Returns take the units of ended windows
/// first, in favour of the buyer.
#[must_use]
pub fn returnable(
    delivered: &[DeliveredUnits],
    taken: &HashMap<VariantId, i64>,
    days: Option<i64>,
    now: DateTime<Utc>,
) -> HashMap<VariantId, i64> {
    let is_within = |units: &DeliveredUnits| match days {
        None => true,
        Some(0) => false,
        Some(days) => {
            let end = TimeDelta::try_days(days).and_then(|window| units.delivered_at.checked_add_signed(window));
            end.is_none_or(|end| now <= end)
        }
    };
    // The units within their windows, and those whose windows have ended.
    let mut sums: HashMap<VariantId, (i64, i64)> = HashMap::new();
    for units in delivered {
        let (within, ended) = sums.entry(units.variant).or_default();
        let sum = if is_within(units) { within } else { ended };
        *sum = sum.saturating_add(units.quantity);
    }
    let left = |(variant, (within, ended)): (VariantId, (i64, i64))| {
        let taken = taken.get(&variant).copied().unwrap_or_default().saturating_sub(ended).max(0);
        (variant, within.saturating_sub(taken).max(0))
    };
    sums.into_iter().map(left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delivery_has_a_window_of_its_own() {
        let at = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let units = |quantity, day| DeliveredUnits { variant: VariantId(7), quantity, delivered_at: at(day) };
        let delivered = [units(2, 1), units(3, 11)];
        for (days, now, taken, expected) in [
            (Some(30), at(31), 0, 5),
            (Some(30), at(31), 4, 1),
            (Some(30), at(31), 9, 0),
            (Some(30), at(31) + TimeDelta::seconds(1), 0, 3),
            (Some(30), at(41), 0, 3),
            // Two of the taken units are those whose window has ended.
            (Some(30), at(41), 2, 3),
            (Some(30), at(41), 3, 2),
            (Some(30), at(42), 0, 0),
            (Some(0), at(1), 0, 0),
            (None, at(10_000), 0, 5),
            (None, at(10_000), 1, 4),
            (Some(i64::MAX), at(10_000), 0, 5),
        ] {
            let taken = HashMap::from([(VariantId(7), taken)]);
            let left = returnable(&delivered, &taken, days, now);
            assert_eq!(left.get(&VariantId(7)).copied(), Some(expected), "{days:?} {now} {taken:?}");
        }
    }
}
