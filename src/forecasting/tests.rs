//! Forecasts of series whose future is known.

mod methods;
mod properties;

use chrono::NaiveDate;

use super::choose::forecast;
use super::forecast::{Forecast, ForecastDay, MAX_DAYS};
use super::method::Method;
use super::profile::Profile;
use super::series::DemandSeries;

/// A Monday.
fn monday() -> NaiveDate {
    "2026-01-05".parse().unwrap()
}

fn series(days: impl IntoIterator<Item = Option<f64>>) -> DemandSeries {
    DemandSeries::new(monday(), days)
}

fn of_units(days: impl IntoIterator<Item = f64>) -> DemandSeries {
    series(days.into_iter().map(Some))
}

fn expected(forecast: &Forecast, count: usize) -> Vec<f64> {
    forecast.days(forecast.first_day, count).map(|day| day.expected).collect()
}

/// Numbers from 0 to below 1 that look random.
fn noise(count: u64) -> impl Iterator<Item = f64> {
    (1..=count).map(|number| {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        f64::from(u32::try_from(mixed >> 32).unwrap()) / f64::from(u32::MAX)
    })
}

#[test]
fn a_variant_without_demand_is_expected_to_have_none() {
    let found = forecast(&of_units([0.0; 100]), None, 0.95);
    assert_eq!((found.method, found.accuracy.mase, found.accuracy.bias), (Method::Zero, None, Some(0.0)));
    let days: Vec<ForecastDay> = found.days(found.first_day, MAX_DAYS).collect();
    assert_eq!(days.len(), MAX_DAYS);
    assert!(days.iter().all(|day| day.expected == 0.0 && day.interval.unwrap().high_95 == 0.0), "{days:?}");
    assert!(found.units_over_lead_times(found.first_day).iter().all(|units| *units == 0.0));
}

#[test]
fn the_first_day_follows_the_last_one_and_later_days_can_be_asked_for() {
    let found = forecast(&of_units([5.0; 70]), None, 0.95);
    assert_eq!(found.first_day, "2026-03-16".parse().unwrap());
    let later: Vec<NaiveDate> = found.days("2026-03-20".parse().unwrap(), 2).map(|day| day.day).collect();
    assert_eq!(later, ["2026-03-20".parse().unwrap(), "2026-03-21".parse().unwrap()]);
}

#[test]
fn the_same_demand_every_day_continues_without_a_safety_stock() {
    let found = forecast(&of_units([5.0; 100]), None, 0.95);
    assert_eq!(expected(&found, 3), [5.0; 3]);
    assert_eq!(found.units_over_lead_times(found.first_day)[..3], [5.0, 10.0, 15.0]);
    assert_eq!(found.sold_out_on(found.first_day, 11.0, 90), found.first_day.checked_add_days(chrono::Days::new(2)));
    assert_eq!(found.sold_out_on(found.first_day, 500.0, 90), None);
}

#[test]
fn days_out_of_stock_are_gaps_and_not_zeros() {
    // Of every ten days, three are out of stock.
    let with_gaps = (0..200).map(|day| (day % 10 < 7).then_some(10.0));
    let with_zeros = (0..200).map(|day| Some(if day % 10 < 7 { 10.0 } else { 0.0 }));
    let gaps = expected(&forecast(&series(with_gaps), None, 0.95), 28).iter().sum::<f64>();
    let zeros = expected(&forecast(&series(with_zeros), None, 0.95), 28).iter().sum::<f64>();
    assert!((gaps - 280.0).abs() < 1e-6, "{gaps}");
    assert!(zeros < 220.0, "{zeros}");
}

#[test]
fn the_pattern_of_the_week_continues() {
    let week = [2.0, 2.0, 4.0, 4.0, 8.0, 12.0, 3.0];
    let days = (0..210).zip(noise(210)).map(|(day, noise)| week[day % 7] + noise - 0.5);
    let found = forecast(&of_units(days), None, 0.95);
    assert!([Method::WeekdayProfile, Method::Ets].contains(&found.method), "{:?}", found.method);
    for (expected, week) in expected(&found, 14).iter().zip(week.iter().cycle()) {
        assert!((expected - week).abs() < 0.5, "{expected} instead of {week}");
    }
    assert!(found.accuracy.mase.unwrap() < 0.9, "{:?}", found.accuracy);
}

#[test]
fn a_trend_continues() {
    let days = (0..365).zip(noise(365)).map(|(day, noise)| 10.0 + f64::from(day) * 0.1 + 4.0 * noise - 2.0);
    let found = forecast(&of_units(days), None, 0.95);
    assert_eq!(found.method, Method::Ets);
    let first = expected(&found, 7).iter().sum::<f64>() / 7.0;
    assert!((first - 46.8).abs() < 2.0, "{first}");
}

#[test]
fn demand_that_has_ended_is_forgotten() {
    let days = noise(300).enumerate().map(|(day, noise)| if day < 150 && noise < 0.3 { 3.0 } else { 0.0 });
    let found = forecast(&of_units(days), None, 0.95);
    assert!(expected(&found, 28).iter().sum::<f64>() < 1.0, "{found:?}");
}

#[test]
fn rare_demand_is_not_expected_to_be_zero() {
    let days = noise(400).map(|noise| if noise < 0.2 { 4.0 } else { 0.0 });
    let found = forecast(&of_units(days), None, 0.95);
    let of_month = expected(&found, 30).iter().sum::<f64>();
    assert!((of_month - 24.0).abs() < 6.0, "{of_month}");
    // Zero has the least absolute error, but would never order anything.
    assert_ne!(found.method, Method::Zero);
}

#[test]
fn intervals_contain_their_share_of_later_days() {
    let all: Vec<f64> = noise(1_000).map(|noise| (noise * 40.0).round()).collect();
    let (past, future) = all.split_at(910);
    let found = forecast(&of_units(past.iter().copied()), None, 0.95);
    let (mut of_80, mut of_95) = (0, 0);
    for (day, units) in found.days(found.first_day, 90).zip(future) {
        let interval = day.interval.unwrap();
        of_80 += i32::from((interval.low_80..=interval.high_80).contains(units));
        of_95 += i32::from((interval.low_95..=interval.high_95).contains(units));
    }
    assert!((63..=81).contains(&of_80) && (80..=90).contains(&of_95), "{of_80} {of_95}");
    let coverage = found.accuracy.coverage.unwrap();
    assert!((0.7..=0.9).contains(&coverage.of_80) && (0.9..=1.0).contains(&coverage.of_95), "{coverage:?}");
}

#[test]
fn a_higher_service_level_needs_more_units() {
    let days: Vec<f64> = noise(400).map(|noise| (noise * 10.0).round()).collect();
    let units = |level: f64| {
        let found = forecast(&of_units(days.clone()), None, level);
        found.units_over_lead_times(found.first_day)
    };
    let (half, most) = (units(0.5), units(0.99));
    assert!(half.iter().zip(&most).all(|(half, most)| half <= most));
    // A day has 10 units at most, and 5 on average. The forecasts of the past differed from that by up to a unit or two.
    assert!((4.0..=6.0).contains(&half[0]) && (9.0..=12.0).contains(&most[0]), "{} {}", half[0], most[0]);
    assert!(most[13] > half[13] + 5.0);
}

#[test]
fn a_short_past_takes_the_pattern_of_its_category() {
    let week = [1.0, 1.0, 1.0, 1.0, 1.0, 7.0, 2.0];
    let others: Vec<Forecast> = (1..4)
        .map(|times| forecast(&of_units((0..140).map(|day| week[day % 7] * f64::from(times))), None, 0.95))
        .collect();
    let profile = Profile::mean(&others).unwrap();
    let young = of_units((0..28).map(|day| week[day % 7] * 10.0));
    let found = forecast(&young, Some(&profile), 0.95);
    assert_eq!((found.method, found.accuracy.mase), (Method::CategoryProfile, None));
    let days = expected(&found, 7);
    let ratio = days[5] / days[0];
    assert!((5.0..=7.5).contains(&ratio), "{days:?}");
    // 28 days with a mean of 20 units, and 14 imaginary days with one of 4.
    let mean = days.iter().sum::<f64>() / 7.0;
    assert!((mean - 14.67).abs() < 0.5, "{mean}");
}

#[test]
fn a_variant_without_a_past_has_the_mean_of_its_category() {
    let others = [forecast(&of_units([4.0; 100]), None, 0.95), forecast(&of_units([8.0; 100]), None, 0.95)];
    let profile = Profile::mean(&others).unwrap();
    let found = forecast(&series([]), Some(&profile), 0.95);
    assert_eq!(found.method, Method::CategoryProfile);
    assert!((expected(&found, 1)[0] - 6.0).abs() < 1e-9);
    assert_eq!(Profile::mean(&[found]), None);
}

#[test]
fn a_short_past_without_a_category_has_its_own_mean() {
    let found = forecast(&of_units([1.0, 3.0, 2.0]), None, 0.95);
    assert_eq!(expected(&found, 2), [2.0, 2.0]);
    let nothing = forecast(&series([]), None, 0.95);
    assert_eq!((nothing.method, expected(&nothing, 1)), (Method::Zero, vec![0.0]));
    assert_eq!(nothing.days(nothing.first_day, 1).next().unwrap().interval, None);
}
