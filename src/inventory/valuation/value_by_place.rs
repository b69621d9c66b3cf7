//! The shares of the places in the value of a variant.

use super::row::UnitsByPlace;
use super::value::share;

/// The units and the value at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueAtPlace {
    pub place: i64,
    pub quantity: i64,
    pub value: i128,
}

/// Shares the value out by units. The shares are differences of cumulative shares, so that their sum is the value.
#[must_use]
pub fn value_by_place(quantity: i64, value: i128, places: &UnitsByPlace) -> Vec<ValueAtPlace> {
    let mut units_before = 0_i64;
    let share_of = |(&place, &units): (&i64, &i64)| {
        let before = share(value, units_before, quantity);
        units_before = units_before.saturating_add(units);
        ValueAtPlace { place, quantity: units, value: share(value, units_before, quantity) - before }
    };
    places.0.iter().map(share_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_shares_of_the_places_add_up_to_the_value() {
        let places = UnitsByPlace(BTreeMap::from([(3, 1), (7, 1), (9, 1)]));
        let values: Vec<_> =
            value_by_place(3, 100, &places).iter().map(|at| (at.place, at.quantity, at.value)).collect();
        assert_eq!(values, [(3, 1, 33), (7, 1, 34), (9, 1, 33)]);
        assert_eq!(value_by_place(0, 0, &UnitsByPlace::default()), []);
        let (units, value) = (1_000_000_000_000, 1_000_000_000_000_000_000_000_000_000);
        let places = UnitsByPlace(BTreeMap::from([(3, units), (7, units)]));
        assert!(value_by_place(2 * units, 2 * value, &places).iter().all(|at| at.value == value));
    }
}
