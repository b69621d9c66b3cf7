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

/// The units of each variant whose delivery is at most so many days ago. None is a window without an end.
#[must_use]
pub fn returnable(delivered: &[DeliveredUnits], days: Option<i64>, now: DateTime<Utc>) -> HashMap<VariantId, i64> {
    let is_within = |units: &&DeliveredUnits| match days {
        None => true,
        Some(0) => false,
        Some(days) => {
            let end = TimeDelta::try_days(days).and_then(|window| units.delivered_at.checked_add_signed(window));
            end.is_none_or(|end| now <= end)
        }
    };
    let mut sums: HashMap<VariantId, i64> = HashMap::new();
    for units in delivered.iter().filter(is_within) {
        let sum = sums.entry(units.variant).or_default();
        *sum = sum.saturating_add(units.quantity);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delivery_has_a_window_of_its_own() {
        let at = |day: i64| DateTime::from_timestamp(day * 86_400, 0).unwrap();
        let units = |quantity, day| DeliveredUnits { variant: VariantId(7), quantity, delivered_at: at(day) };
        let delivered = [units(2, 1), units(3, 11)];
        for (days, now, expected) in [
            (Some(30), at(31), Some(5)),
            (Some(30), at(31) + TimeDelta::seconds(1), Some(3)),
            (Some(30), at(41), Some(3)),
            (Some(30), at(42), None),
            (Some(0), at(1), None),
            (None, at(10_000), Some(5)),
            (Some(i64::MAX), at(10_000), Some(5)),
        ] {
            assert_eq!(returnable(&delivered, days, now).get(&VariantId(7)).copied(), expected, "{days:?} {now}");
        }
    }
}
