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

/// Units of a variant that a return takes: those that arrived, and those that may still arrive.
#[derive(Clone, Copy, Debug)]
pub struct TakenUnits {
    pub variant: VariantId,
    pub quantity: i64,
    pub created_at: DateTime<Utc>,
    pub creator: Creator,
}

/// The person who created a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creator {
    Buyer,
    Staff,
}

/// The units of each variant that the buyer may still return: those whose delivery is at most `days` days ago, without the
/// units that returns have taken. None is a window without an end.
///
/// The returns are given in the order of their creation. Each takes units of the oldest delivery first. A return of the
/// buyer takes only units that were within the window when it was created, and a return of staff takes any.
#[must_use]
pub fn returnable(
    delivered: &[DeliveredUnits],
    taken: &[TakenUnits],
    days: Option<i64>,
    now: DateTime<Utc>,
) -> HashMap<VariantId, i64> {
    let mut left = delivered.to_vec();
    left.sort_by_key(|units| units.delivered_at);
    for taken in taken {
        let may_take = |units: &DeliveredUnits| {
            units.variant == taken.variant
                && (taken.creator == Creator::Staff || is_within(units, days, taken.created_at))
        };
        let mut rest = taken.quantity;
        for units in left.iter_mut().filter(|units| may_take(units)) {
            let part = units.quantity.min(rest);
            units.quantity = units.quantity.saturating_sub(part);
            rest = rest.saturating_sub(part);
        }
    }
    let mut returnable: HashMap<VariantId, i64> = HashMap::new();
    for units in left.iter().filter(|units| is_within(units, days, now)) {
        let sum = returnable.entry(units.variant).or_default();
        *sum = sum.saturating_add(units.quantity);
    }
    returnable
}

/// True if units were delivered by that time, and their window had not ended.
fn is_within(units: &DeliveredUnits, days: Option<i64>, at: DateTime<Utc>) -> bool {
    let is_open = match days {
        None => true,
        Some(0) => false,
        Some(days) => {
            let end = TimeDelta::try_days(days).and_then(|window| units.delivered_at.checked_add_signed(window));
            end.is_none_or(|end| at <= end)
        }
    };
    is_open && units.delivered_at <= at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).unwrap()
    }

    /// Units with the days of their deliveries.
    fn deliveries(units: &[(i64, i64)]) -> Vec<DeliveredUnits> {
        let delivered = |(quantity, day): &(i64, i64)| DeliveredUnits {
            variant: VariantId(7),
            quantity: *quantity,
            delivered_at: at(*day),
        };
        units.iter().map(delivered).collect()
    }

    /// The units that are left after returns with their days.
    fn left(
        delivered: &[(i64, i64)],
        taken: &[(Creator, i64, i64)],
        days: Option<i64>,
        now: DateTime<Utc>,
    ) -> Option<i64> {
        let of_return = |(creator, quantity, day): &(Creator, i64, i64)| TakenUnits {
            variant: VariantId(7),
            quantity: *quantity,
            created_at: at(*day),
            creator: *creator,
        };
        let taken: Vec<TakenUnits> = taken.iter().map(of_return).collect();
        returnable(&deliveries(delivered), &taken, days, now).get(&VariantId(7)).copied()
    }

    #[test]
    fn each_delivery_has_a_window_of_its_own() {
        for (days, now, expected) in [
            (Some(30), at(31), Some(5)),
            (Some(30), at(31) + TimeDelta::seconds(1), Some(3)),
            (Some(30), at(41), Some(3)),
            (Some(30), at(42), None),
            (Some(0), at(11), None),
            (None, at(10_000), Some(5)),
            (Some(i64::MAX), at(10_000), Some(5)),
        ] {
            assert_eq!(left(&[(2, 1), (3, 11)], &[], days, now), expected, "{days:?} {now}");
        }
    }

    #[test]
    fn returns_take_units_of_the_oldest_delivery_that_they_may_take() {
        use Creator::{Buyer, Staff};
        // Two units each were delivered on the days 1 and 32. The first ones can be returned until day 31.
        for (name, taken, now, expected) in [
            ("no return", vec![], 32, 2),
            ("two today", vec![(Buyer, 2, 32)], 32, 0),
            ("one after the other", vec![(Buyer, 1, 32), (Buyer, 1, 32)], 32, 0),
            ("two within the first window", vec![(Buyer, 2, 5)], 32, 2),
            ("one within each window", vec![(Buyer, 1, 5), (Buyer, 1, 40)], 40, 1),
            ("two by staff are the oldest", vec![(Staff, 2, 32)], 32, 2),
            ("three by staff", vec![(Staff, 3, 32)], 32, 1),
            ("more by staff than was delivered", vec![(Staff, 9, 32)], 32, 0),
            ("the buyer first", vec![(Buyer, 1, 32), (Staff, 2, 33)], 33, 1),
            ("staff first", vec![(Staff, 1, 5), (Buyer, 1, 6), (Staff, 1, 33)], 33, 1),
            ("a return of nothing that arrived", vec![(Buyer, 0, 32)], 32, 2),
        ] {
            assert_eq!(left(&[(2, 1), (2, 32)], &taken, Some(30), at(now)), Some(expected), "{name}");
        }
        // The order of the deliveries does not matter. Units that were delivered after a return of the buyer are not
        // those that it took.
        assert_eq!(left(&[(2, 32), (2, 1)], &[(Staff, 2, 32)], Some(30), at(32)), Some(2));
        assert_eq!(left(&[(2, 32)], &[(Buyer, 2, 5)], None, at(32)), Some(2));
    }

    #[test]
    fn returns_take_units_of_their_own_variant() {
        let of_other = TakenUnits { variant: VariantId(8), quantity: 2, created_at: at(2), creator: Creator::Staff };
        let left = returnable(&deliveries(&[(2, 1)]), &[of_other], Some(30), at(3));
        assert_eq!(left, HashMap::from([(VariantId(7), 2)]));
    }
}
