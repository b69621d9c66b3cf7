//! The differences between the demand and the forecasts of the past.

use serde::{Deserialize, Serialize};

use super::backtest::{Comparison, HORIZON};
use super::series::{Mean, WEEK, float};

/// The number of weeks of a forecast. Each week has an error of its own.
const WEEKS: usize = HORIZON / WEEK;

/// An error below every expected demand, so that the lower bound of the interval is zero.
const NO_BOUND: f64 = -1e9;

/// The largest number of days over which demand is summed to measure the error of sums.
pub const SUMMED_DAYS: usize = 14;

/// The intervals around an expected demand. Errors grow with the expected demand like its square root, as those of
/// counts do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// A part of the mean demand. So intervals have a width even on days with little expected demand.
    floor: f64,
    /// The mean absolute error of each week of a forecast, in units of `scale`. It never falls from one week to the next.
    widths: [f64; WEEKS],
    quantiles: Quantiles,
}

/// Errors in units of the width of their week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Quantiles {
    low_80: f64,
    high_80: f64,
    low_95: f64,
    high_95: f64,
}

/// An expected demand with the intervals that contain 80 and 95 percent of the days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    pub low_80: f64,
    pub high_80: f64,
    pub low_95: f64,
    pub high_95: f64,
}

/// The share of days that are inside of the intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub of_80: f64,
    pub of_95: f64,
}

impl Spread {
    /// Measures the errors. `days` is the number of different days in the comparisons, because the errors of several
    /// forecasts for one day are not independent.
    pub fn measure(comparisons: &[Comparison], days: usize) -> Self {
        let mut mean = Mean::default();
        comparisons.iter().for_each(|one| mean.add(one.units));
        let mut spread =
            Self { floor: mean.get().mul_add(0.1, 0.001), widths: [0.0; WEEKS], quantiles: Quantiles::default() };
        let scaled = |one: &Comparison| (one.units - one.expected) / spread.scale(one.expected);
        let errors: Vec<(usize, f64)> = comparisons.iter().map(|one| (one.ahead, scaled(one))).collect();
        let mut widths = [Mean::default(); WEEKS];
        for (ahead, error) in &errors {
            if let Some(width) = widths.get_mut(*ahead / WEEK) {
                width.add(error.abs());
            }
        }
        let mut widest: f64 = 0.0;
        spread.widths = widths.map(|width| {
            widest = widest.max(width.get());
            widest
        });
        let in_widths = |(ahead, error): &(usize, f64)| {
            let width = spread.width(*ahead);
            if width > 0.0 { error / width } else { 0.0 }
        };
        let mut errors: Vec<f64> = errors.iter().map(in_widths).collect();
        errors.sort_by(f64::total_cmp);
        // If this share of the days has no demand, all days without demand are inside, even if much is expected.
        let without = comparisons.iter().filter(|one| one.units <= 0.0).count();
        let low = |share: f64| match float(without) >= share * float(comparisons.len()) {
            true => NO_BOUND,
            false => low_quantile(&errors, share, days),
        };
        spread.quantiles = Quantiles {
            low_80: low(0.1),
            high_80: high_quantile(&errors, 0.9, days),
            low_95: low(0.025),
            high_95: high_quantile(&errors, 0.975, days),
        };
        spread
    }

    /// The intervals of the day that is this number of days after the first one, in whole units.
    pub fn interval(&self, expected: f64, ahead: usize) -> Interval {
        let unit = self.width(ahead) * self.scale(expected);
        let Quantiles { low_80, high_80, low_95, high_95 } = self.quantiles;
        let at = |quantile: f64| quantile.mul_add(unit, expected).max(0.0).round();
        Interval { low_80: at(low_80), high_80: at(high_80), low_95: at(low_95), high_95: at(high_95) }
    }

    /// The share of comparisons inside of the intervals.
    pub fn coverage<'a>(&self, comparisons: impl IntoIterator<Item = &'a Comparison>) -> Coverage {
        const TOLERANCE: f64 = 1e-6;
        let (mut of_80, mut of_95) = (Mean::default(), Mean::default());
        for Comparison { expected, units, ahead, .. } in comparisons {
            let Interval { low_80, high_80, low_95, high_95 } = self.interval(*expected, *ahead);
            let is_within = |low: f64, high: f64| *units >= low - TOLERANCE && *units <= high + TOLERANCE;
            of_80.add(f64::from(u8::from(is_within(low_80, high_80))));
            of_95.add(f64::from(u8::from(is_within(low_95, high_95))));
        }
        Coverage { of_80: of_80.get(), of_95: of_95.get() }
    }

    fn scale(&self, expected: f64) -> f64 {
        (expected + self.floor).sqrt()
    }

    /// The width of the week of a day. After the last measured week, it grows as fast as before on average.
    fn width(&self, ahead: usize) -> f64 {
        let [first, .., last] = self.widths;
        let growth = (last - first) / float(WEEKS - 1);
        match self.widths.get(ahead / WEEK) {
            Some(width) => *width,
            None => growth.mul_add(float((ahead / WEEK).saturating_sub(WEEKS - 1)), last),
        }
    }

    /// The mean of several spreads. None without any.
    pub fn mean(all: &[Self]) -> Option<Self> {
        if all.is_empty() {
            return None;
        }
        let mean = |part: &dyn Fn(&Self) -> f64| all.iter().map(part).sum::<f64>() / float(all.len());
        let mut widths = [0.0; WEEKS];
        for (week, width) in widths.iter_mut().enumerate() {
            *width = mean(&|one| one.widths.get(week).copied().unwrap_or_default());
        }
        Some(Self {
            floor: mean(&|one| one.floor),
            widths,
            quantiles: Quantiles {
                low_80: mean(&|one| one.quantiles.low_80),
                high_80: mean(&|one| one.quantiles.high_80),
                low_95: mean(&|one| one.quantiles.low_95),
                high_95: mean(&|one| one.quantiles.high_95),
            },
        })
    }
}

/// The coverage of the intervals, measured on other days than those they were computed from: the errors of each half of
/// the days are compared with the intervals of the other half. None with less than two weeks.
pub fn measure_coverage(comparisons: &[Comparison], from: usize, end: usize) -> Option<Coverage> {
    let days = end.saturating_sub(from) / 2;
    let middle = from.saturating_add(days);
    let (early, late): (Vec<Comparison>, Vec<Comparison>) = comparisons.iter().partition(|one| one.day < middle);
    if days < WEEK || early.is_empty() || late.is_empty() {
        return None;
    }
    let first = Spread::measure(&late, days).coverage(&early);
    let second = Spread::measure(&early, days).coverage(&late);
    let (early, late) = (float(early.len()), float(late.len()));
    let mean = |one: f64, other: f64| one.mul_add(early, other * late) / (early + late);
    Some(Coverage { of_80: mean(first.of_80, second.of_80), of_95: mean(first.of_95, second.of_95) })
}

/// The units that must be in stock besides the expected demand of 1 to `SUMMED_DAYS` days, so that they would have met a
/// share of the sums of the past. More days never need fewer units.
pub fn safety(mut shortfalls: Vec<Vec<f64>>, service_level: f64) -> Vec<f64> {
    let mut highest: f64 = 0.0;
    let of_days = shortfalls.iter_mut().map(|sums| {
        sums.sort_by(f64::total_cmp);
        highest = highest.max(high_quantile(sums, service_level, sums.len()));
        highest
    });
    of_days.collect()
}

/// The number that a share of the sorted numbers does not exceed. If few of them are independent, a higher number is
/// chosen.
fn high_quantile(sorted: &[f64], share: f64, independent: usize) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    let share = (share * (1.0 + float(independent.max(1)).recip())).min(1.0);
    let rank = (share * float(sorted.len()) - 1e-9).ceil();
    let index = (0_u32..).zip(sorted).find(|(index, _)| f64::from(*index) + 1.0 >= rank);
    index.or(sorted.last().map(|last| (0, last))).map_or(0.0, |(_, number)| *number)
}

fn low_quantile(sorted: &[f64], share: f64, independent: usize) -> f64 {
    let mirrored: Vec<f64> = sorted.iter().rev().map(|number| -number).collect();
    -high_quantile(&mirrored, 1.0 - share, independent)
}
