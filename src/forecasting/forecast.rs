//! The forecast of a variant.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::method::Method;
use super::outlook::Outlook;
use super::series::{float, weekday_of};
use super::spread::{Coverage, Interval, SUMMED_DAYS, Spread};

/// The longest lead time with a number of units of its own, and the longest horizon of a forecast.
pub const MAX_DAYS: usize = 90;

/// Parameters by name.
pub type Parameters = BTreeMap<String, f64>;

/// The expected demand of the days from the first one on, and the errors that the same method made in the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    pub method: Method,
    pub parameters: Parameters,
    pub first_day: NaiveDate,
    pub outlook: Outlook,
    pub accuracy: Accuracy,
    /// None without any past.
    pub(super) spread: Option<Spread>,
    /// The safety stock besides the expected demand of one day, of two days, and so on.
    pub(super) safety: Vec<f64>,
}

/// The errors of the same method in the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The mean absolute error, divided by that of the seasonal naive forecast. None if that forecast made no error.
    pub mase: Option<f64>,
    /// The mean of the expected demand less the real one, in units a day.
    pub bias: Option<f64>,
    pub coverage: Option<Coverage>,
}

/// The demand of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastDay {
    pub day: NaiveDate,
    pub expected: f64,
    pub interval: Option<Interval>,
}

impl Forecast {
    /// The demand of this number of days from a day on. Days before the first day of the forecast are left out.
    pub fn days(&self, from: NaiveDate, count: usize) -> impl Iterator<Item = ForecastDay> {
        let passed = usize::try_from(from.signed_duration_since(self.first_day).num_days()).unwrap_or_default();
        let expected = self.outlook.days(weekday_of(self.first_day)).enumerate();
        expected.skip(passed).take(count).map(|(ahead, expected)| ForecastDay {
            day: self.day(ahead),
            expected,
            interval: self.spread.map(|spread| spread.interval(expected, ahead)),
        })
    }

    fn day(&self, ahead: usize) -> NaiveDate {
        let days = Days::new(u64::try_from(ahead).unwrap_or_default());
        self.first_day.checked_add_days(days).unwrap_or(self.first_day)
    }

    /// The safety stock for a lead time of this number of days. The error of a longer sum grows like its square root.
    #[must_use]
    pub fn safety_over(&self, days: usize) -> f64 {
        match self.safety.get(days.saturating_sub(1)) {
            _ if days == 0 => 0.0,
            Some(safety) => *safety,
            None => {
                let longest = self.safety.last().copied().unwrap_or_default();
                longest * (float(days) / float(SUMMED_DAYS)).sqrt()
            }
        }
    }

    /// The units for lead times of 1 to `MAX_DAYS` days from a day on: the expected demand and the safety stock, rounded
    /// up.
    #[must_use]
    pub fn units_over_lead_times(&self, from: NaiveDate) -> Vec<f64> {
        let mut sum = 0.0;
        let expected = self.days(from, MAX_DAYS).map(|day| day.expected);
        let units = expected.zip(1..).map(|(expected, days)| {
            sum += expected;
            (sum + self.safety_over(days) - 1e-6).ceil().max(0.0)
        });
        units.collect()
    }

    /// The first day by whose end the units are expected to be sold. None if it is not within `days` days.
    #[must_use]
    pub fn sold_out_on(&self, from: NaiveDate, units: f64, days: usize) -> Option<NaiveDate> {
        let mut left = units;
        let mut expected = self.days(from, days);
        let last = expected.find(|day| {
            left -= day.expected;
            left <= 1e-6
        });
        last.map(|day| day.day)
    }
}
