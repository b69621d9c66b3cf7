//! Compares forecasts with the past. A forecast is made at each day of the last half year, from the days before it. The
//! parameters are those that were found from the days before the first of these days.

use super::outlook::Outlook;
use super::series::{DemandSeries, Mean};

/// The number of days with which each forecast of the past is compared.
pub const HORIZON: usize = 28;

/// The number of past days on which forecasts are made.
const ORIGINS: usize = 182;

/// The past days of a series on which forecasts are made.
pub struct Backtest<'a> {
    series: &'a DemandSeries,
    /// The first day on which a forecast is made. It is the first day of that forecast.
    pub from: usize,
}

/// An expected demand of a past day, and the real demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The number of the day in the series.
    pub day: usize,
    /// The days from the forecast to this day. The first day is 0.
    pub ahead: usize,
    pub expected: f64,
    pub units: f64,
}

/// The errors of a candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The mean absolute error.
    pub absolute: f64,
    /// The mean of the expected demand less the real one.
    pub bias: f64,
}

impl Score {
    /// A smaller score is better. The absolute error alone is smallest for the median, which is zero if most days have no
    /// demand. The sum with the bias is smallest for the mean, which decides how much to order.
    pub fn total(self) -> f64 {
        self.absolute + self.bias.abs()
    }
}

impl<'a> Backtest<'a> {
    /// At least half of the days remain for the first fit.
    pub fn new(series: &'a DemandSeries) -> Self {
        Self { series, from: series.len().saturating_sub(ORIGINS.min(series.len() / 2)) }
    }

    /// The last day on which a forecast is made.
    pub fn last(&self) -> usize {
        self.series.len().saturating_sub(1)
    }

    /// Compares the outlook of each origin with the days from the origin on, except for gaps.
    pub fn compare(&self, outlooks: &[Outlook], mut each: impl FnMut(Comparison)) {
        for (origin, outlook) in (self.from..).zip(outlooks) {
            let end = origin.saturating_add(HORIZON);
            let days = (origin..).zip(self.series.between(origin, end));
            let expected = outlook.days(self.series.weekday(origin));
            for (ahead, ((day, (_, units)), expected)) in days.zip(expected).enumerate() {
                if let Some(units) = units {
                    each(Comparison { day, ahead, expected, units });
                }
            }
        }
    }

    pub fn score(&self, outlooks: &[Outlook]) -> Score {
        let (mut absolute, mut bias) = (Mean::default(), Mean::default());
        self.compare(outlooks, |Comparison { expected, units, .. }| {
            absolute.add((expected - units).abs());
            bias.add(expected - units);
        });
        Score { absolute: absolute.get(), bias: bias.get() }
    }

    /// For each number of days up to `days`: the demand of these days less the expected one, at each origin. If some of the
    /// days are gaps, the sum of the known days is scaled up. A sum of mostly unknown days is left out.
    pub fn shortfalls(&self, outlooks: &[Outlook], days: usize) -> Vec<Vec<f64>> {
        let mut shortfalls = vec![Vec::new(); days];
        for (origin, outlook) in (self.from..).zip(outlooks) {
            let (mut known, mut sum) = (0.0, 0.0);
            let units = self.series.between(origin, origin.saturating_add(days));
            let expected = outlook.days(self.series.weekday(origin));
            for (((_, units), expected), (count, of_days)) in units.zip(expected).zip((1_u32..).zip(&mut shortfalls)) {
                if let Some(units) = units {
                    known += 1.0;
                    sum += units - expected;
                }
                if known * 2.0 >= f64::from(count) {
                    of_days.push(sum * f64::from(count) / known);
                }
            }
        }
        shortfalls
    }
}
