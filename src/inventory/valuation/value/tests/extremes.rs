use super::*;

#[test]
fn the_largest_costs_and_quantities_have_exact_shares() {
    // 10^12 units of 10^13 rupees each, at two places.
    let (units, cost) = (1_000_000_000_000, 1_000_000_000_000_000);
    let other = |quantity, unit_cost| ValuedEvent { at: at(1), quantity, source: CostSource::Other { unit_cost } };
    let entries = [other(units, Some(cost)), other(units, None), other(-900_000_000_000, None), other(-1, None)];
    let mut state = ValuationState::default();
    let outcomes = value_events(&mut state, &entries);
    for (outcome, left) in outcomes.iter().zip([units, 2 * units, 1_100_000_000_000, 1_099_999_999_999]) {
        let value = i128::from(left) * i128::from(cost);
        assert_eq!((outcome.quantity, outcome.average, outcome.fifo), (left, value, value));
    }
    let most = i128::from(i64::MAX) * i128::from(cost);
    assert_eq!((share(most, i64::MAX, i64::MAX), share(most, 1, i64::MAX)), (most, i128::from(cost)));
    assert_eq!(share(i128::from(i64::MAX) - 1, i64::MAX - 1, i64::MAX), i128::from(i64::MAX) - 2);
}
