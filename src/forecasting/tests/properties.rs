//! The properties that the forecast of any series has.

use chrono::Days;
use proptest::prelude::*;

use super::{forecast, series};
use crate::forecasting::choose::MIN_DAYS;
use crate::forecasting::forecast::MAX_DAYS;
use crate::forecasting::method::{CANDIDATES, Method};

/// Days with gaps, many zeros, and large numbers.
fn days(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Option<f64>>> {
    let units = prop_oneof![
        3 => Just(0.0),
        6 => (0..20_u32).prop_map(f64::from),
        1 => (0..1_000_000_u32).prop_map(f64::from),
    ];
    prop::collection::vec(prop::option::weighted(0.85, units), count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn figures_are_finite_and_in_order(days in days(0..200), service_level in 0.5..0.999) {
        let series = series(days);
        let found = forecast(&series, None, service_level);
        let of_days: Vec<_> = found.days(found.first_day, MAX_DAYS).collect();
        prop_assert_eq!(of_days.len(), MAX_DAYS);
        for (day, next) in of_days.iter().zip(of_days.iter().skip(1)) {
            prop_assert_eq!(day.day.succ_opt(), Some(next.day));
            prop_assert!(day.expected.is_finite() && day.expected >= 0.0);
            if let Some(interval) = day.interval {
                let bounds = [0.0, interval.low_95, interval.low_80, interval.high_80, interval.high_95];
                prop_assert!(bounds.is_sorted() && interval.high_95.is_finite(), "{:?}", interval);
            }
        }
        let units = found.units_over_lead_times(found.first_day);
        prop_assert!(units.is_sorted() && units.iter().all(|units| units.fract() == 0.0), "{:?}", units);
        let is_short = series.known_days() < MIN_DAYS;
        prop_assert!(found.accuracy.bias.is_none() == is_short);
        prop_assert!(is_short == (found.method == Method::CategoryProfile) || found.method == Method::Zero);
    }

    #[test]
    fn more_units_in_stock_last_longer(days in days(60..120), units in 0..10_000_u32, more in 0..100_u32) {
        let found = forecast(&series(days), None, 0.95);
        let last = |units: u32| found.sold_out_on(found.first_day, f64::from(units), MAX_DAYS);
        match (last(units), last(units + more)) {
            (None, later) => prop_assert_eq!(later, None),
            (Some(day), later) => prop_assert!(later.is_none_or(|later| later >= day)),
        }
    }

    #[test]
    fn a_forecast_does_not_know_later_days(days in days(80..160), later in days(28..29)) {
        let (from, to) = (40, days.len());
        let past = series(days.clone());
        let longer = series(days.into_iter().chain(later));
        prop_assume!(past.len() == to);
        for candidate in CANDIDATES {
            let fitted = candidate.fit(&past, from);
            prop_assert_eq!(fitted, candidate.fit(&longer, from));
            prop_assert_eq!(fitted.outlooks(&past, from, to), fitted.outlooks(&longer, from, to));
        }
    }

    #[test]
    fn a_later_beginning_leaves_days_out(days in days(60..120), later in 0..30_u64) {
        let found = forecast(&series(days), None, 0.95);
        let from = found.first_day + Days::new(later);
        let skipped = usize::try_from(later).unwrap();
        let all: Vec<_> = found.days(found.first_day, 60).collect();
        prop_assert_eq!(found.days(from, 60 - skipped).collect::<Vec<_>>(), all[skipped..].to_vec());
    }
}
