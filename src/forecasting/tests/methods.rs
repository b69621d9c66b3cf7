//! The methods by figures that were computed by hand.

use super::{of_units, series};
use crate::forecasting::backtest::Backtest;
use crate::forecasting::intermittent::Intermittent;
use crate::forecasting::method::Fitted;
use crate::forecasting::moving_mean;
use crate::forecasting::outlook::Outlook;
use crate::forecasting::series::Weekdays;
use crate::forecasting::smoothing::{Smoothing, State, Weights};

fn levels(outlooks: &[Outlook]) -> Vec<f64> {
    outlooks.iter().map(|outlook| (outlook.level * 1_000.0).round() / 1_000.0).collect()
}

fn smoothing(weights: Weights, level: f64, trend: f64) -> Smoothing {
    let start = State { level, trend, offsets: Weekdays::default() };
    Smoothing { weights, start, factors: Weekdays::all(1.0) }
}

#[test]
fn the_level_follows_the_errors_and_gaps_change_nothing() {
    let weights = Weights { level: 0.5, trend: 0.0, weekday: 0.0, damping: 1.0 };
    let days = series([Some(6.0), None, Some(1.0)]);
    assert_eq!(levels(&smoothing(weights, 4.0, 0.0).outlooks(&days, 0, 3)), [4.0, 5.0, 5.0, 3.0]);
}

#[test]
fn a_trend_is_damped() {
    let weights = Weights { level: 0.0, trend: 0.0, weekday: 0.0, damping: 0.5 };
    let outlook = smoothing(weights, 10.0, 8.0).outlooks(&of_units([]), 0, 0)[0];
    assert_eq!(outlook.days(0).take(3).collect::<Vec<_>>(), [14.0, 16.0, 17.0]);
}

#[test]
fn offsets_and_factors_repeat_every_week() {
    let mut offsets = Weekdays::default();
    offsets.add(6, 3.0);
    let outlook = Outlook { offsets, ..Outlook::flat(1.0) };
    assert_eq!(outlook.days(5).take(3).collect::<Vec<_>>(), [1.0, 4.0, 1.0]);
    let factors = Weekdays([0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0]);
    let outlook = Outlook { factors, ..Outlook::flat(5.0) };
    assert_eq!(outlook.days(13).take(2).collect::<Vec<_>>(), [10.0, 0.0]);
}

#[test]
fn no_demand_is_negative() {
    let outlook = Outlook { trend: -3.0, ..Outlook::flat(4.0) };
    assert_eq!(outlook.days(0).take(3).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
}

#[test]
fn sba_smooths_sizes_and_intervals() {
    let sba = Intermittent::Sba { weight: 0.5 };
    // The start: the mean size of 4 units, in each second known day. Then a size of 2 units after one day, and a size of
    // 6 after three known days, where the gap does not count.
    let days = series([Some(2.0), Some(0.0), None, Some(0.0), Some(6.0)]);
    // size / interval: 4 / 2, 3 / 1.5, …, 4.5 / 2.25, times 0.75.
    assert_eq!(levels(&sba.outlooks(&days, 5, 5)), [1.5]);
    assert_eq!(levels(&sba.outlooks(&days, 0, 0)), [0.0]);
}

#[test]
fn tsb_forgets_demand_that_has_ended() {
    let tsb = Intermittent::Tsb { size_weight: 0.5, share_weight: 0.5 };
    let days = of_units([4.0, 4.0, 0.0, 0.0]);
    // The start at the second day: 4 units on each day.
    assert_eq!(levels(&Fitted::Intermittent(tsb).outlooks(&days, 2, 4)), [4.0, 2.0, 1.0]);
}

#[test]
fn the_moving_mean_has_the_pattern_of_the_week() {
    // Four weeks of 1 unit, but 15 on Sundays: the mean is 3.
    let days = of_units((0..28).map(|day| if day % 7 == 6 { 15.0 } else { 1.0 }));
    let outlook = moving_mean::outlook(&days, 28, 28);
    // Each weekday has 2 imaginary days of the mean, and 15 / 3 for their units: Sundays have (4 · 15 + 7 · 3) / 11 / 3, and
    // other days (4 · 1 + 7 · 3) / 11 / 3.
    let week: Vec<f64> = outlook.days(0).take(7).map(|units| (units / outlook.level * 1e4).round() / 1e4).collect();
    assert_eq!(week, [0.7576, 0.7576, 0.7576, 0.7576, 0.7576, 0.7576, 2.4545]);
    assert!((outlook.days(0).take(7).sum::<f64>() - 21.0).abs() < 1e-9);
}

#[test]
fn the_seasonal_naive_error_skips_gaps() {
    let mut days = vec![Some(1.0); 7];
    days.extend([Some(3.0), None, Some(2.0)]);
    assert_eq!(series(days).seasonal_naive_error(), Some(1.5));
    assert_eq!(of_units([1.0; 20]).seasonal_naive_error(), None);
}

#[test]
fn a_score_has_the_absolute_error_and_the_bias() {
    let days = of_units([2.0, 4.0, 6.0, 8.0]);
    let backtest = Backtest::new(&days);
    assert_eq!(backtest.from, 2);
    let score = backtest.score(&[Outlook::flat(5.0), Outlook::flat(9.0)]);
    // The errors are -1 and -3, and then 1.
    assert!((score.absolute - 5.0 / 3.0).abs() < 1e-12 && (score.bias + 1.0).abs() < 1e-12, "{score:?}");
}

#[test]
fn a_shortfall_of_a_sum_with_a_gap_is_in_proportion() {
    let days = series([Some(1.0), Some(1.0), Some(1.0), Some(4.0), None, Some(4.0)]);
    let backtest = Backtest::new(&days);
    let outlooks = [Outlook::flat(1.0); 3];
    // From the fourth day: 3 more than expected on it, 6 more in proportion for two days, and 9 for three.
    // From the fifth day, which is a gap: two days are half known.
    assert_eq!(backtest.shortfalls(&outlooks, 3), [vec![3.0, 3.0], vec![6.0, 6.0], vec![9.0]]);
}

#[test]
fn gaps_at_the_beginning_are_cut() {
    let days = series([None, None, Some(1.0), None]);
    assert_eq!((days.len(), days.weekday(0), days.known_days()), (2, 2, 1));
    assert_eq!(days.next_day(), "2026-01-09".parse().unwrap());
}
