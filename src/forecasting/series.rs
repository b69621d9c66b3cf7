//! The past demand of a variant.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// The days of a week, after which the pattern of demand repeats.
pub const WEEK: usize = 7;

/// Demand above this number of units a day counts as this number, so that no sum can overflow.
const MAX_UNITS: f64 = 1e12;

/// The demand of a variant, day by day. A day on which the variant was out of stock is a gap (`None`) and not zero: its
/// demand is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct DemandSeries {
    first: NaiveDate,
    days: Vec<Option<f64>>,
}

impl DemandSeries {
    /// The days from the first one on, without gaps at the beginning. Negative demand counts as zero.
    #[must_use]
    pub fn new(first: NaiveDate, days: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut first = first;
        let mut kept: Vec<Option<f64>> = Vec::new();
        for day in days {
            if kept.is_empty() && day.is_none() {
                first = first.checked_add_days(Days::new(1)).unwrap_or(first);
            } else {
                kept.push(day.filter(|units| units.is_finite()).map(|units| units.clamp(0.0, MAX_UNITS)));
            }
        }
        Self { first, days: kept }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.days.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The day after the last one.
    #[must_use]
    pub fn next_day(&self) -> NaiveDate {
        let days = u64::try_from(self.days.len()).unwrap_or_default();
        self.first.checked_add_days(Days::new(days)).unwrap_or(self.first)
    }

    /// The weekday of a day, by its number from the first one, which is 0. Monday is 0.
    #[must_use]
    pub fn weekday(&self, day: usize) -> usize {
        weekday_of(self.first).wrapping_add(day) % WEEK
    }

    #[must_use]
    pub fn get(&self, day: usize) -> Option<f64> {
        self.days.get(day).copied().flatten()
    }

    /// The weekdays and the demand of the days from one day to before another one, in their order.
    pub fn between(&self, from: usize, end: usize) -> impl Iterator<Item = (usize, Option<f64>)> {
        let days = self.days.get(from..end.min(self.days.len())).unwrap_or_default();
        (self.weekday(from)..).zip(days).map(|(weekday, units)| (weekday % WEEK, *units))
    }

    /// The weekdays and the demand of the days before a day, without gaps.
    pub fn known_before(&self, end: usize) -> impl Iterator<Item = (usize, f64)> {
        self.between(0, end).filter_map(|(weekday, units)| Some((weekday, units?)))
    }

    /// The mean demand of the days before a day. Zero if all of them are gaps.
    #[must_use]
    pub fn mean_before(&self, end: usize) -> f64 {
        let mut mean = Mean::default();
        self.known_before(end).for_each(|(_, units)| mean.add(units));
        mean.get()
    }

    #[must_use]
    pub fn is_without_demand(&self) -> bool {
        self.days.iter().flatten().all(|units| *units <= 0.0)
    }

    /// The number of known days.
    #[must_use]
    pub fn known_days(&self) -> usize {
        self.days.iter().flatten().count()
    }

    /// The mean absolute error of the seasonal naive forecast, which repeats the demand of a week before. None if no
    /// day and the same day of the week before are both known, or if the demand never changes.
    #[must_use]
    pub fn seasonal_naive_error(&self) -> Option<f64> {
        let mut mean = Mean::default();
        for (earlier, later) in self.days.iter().zip(self.days.iter().skip(WEEK)) {
            if let (Some(earlier), Some(later)) = (earlier, later) {
                mean.add((later - earlier).abs());
            }
        }
        (mean.get() > 0.0).then_some(mean.get())
    }
}

/// The number of a day's weekday. Monday is 0.
#[must_use]
pub fn weekday_of(day: NaiveDate) -> usize {
    usize::try_from(day.weekday().num_days_from_monday()).unwrap_or_default()
}

/// A number for each weekday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weekdays(pub [f64; WEEK]);

impl Weekdays {
    #[must_use]
    pub fn all(number: f64) -> Self {
        Self([number; WEEK])
    }

    #[must_use]
    pub fn get(&self, weekday: usize) -> f64 {
        self.0.get(weekday % WEEK).copied().unwrap_or_default()
    }

    pub fn add(&mut self, weekday: usize, number: f64) {
        if let Some(sum) = self.0.get_mut(weekday % WEEK) {
            *sum += number;
        }
    }

    #[must_use]
    pub fn map(self, change: impl FnMut(f64) -> f64) -> Self {
        Self(self.0.map(change))
    }

    /// The factors by which the demand of each weekday differs from the mean. To each weekday, some imaginary days with
    /// mean demand are added. So few days or few units do not make a strong pattern.
    #[must_use]
    pub fn factors(days: impl IntoIterator<Item = (usize, f64)>) -> Self {
        const IMAGINARY_DAYS: f64 = 2.0;
        const IMAGINARY_UNITS: f64 = 15.0;
        let (mut sums, mut counts, mut mean) = (Self::default(), Self::default(), Mean::default());
        for (weekday, units) in days {
            sums.add(weekday, units);
            counts.add(weekday, 1.0);
            mean.add(units);
        }
        if mean.get() <= 0.0 {
            return Self::all(1.0);
        }
        let days = IMAGINARY_DAYS + IMAGINARY_UNITS / mean.get();
        let mut factors = Self::default();
        for weekday in 0..WEEK {
            let sum = days.mul_add(mean.get(), sums.get(weekday));
            factors.add(weekday, sum / (counts.get(weekday) + days) / mean.get());
        }
        factors
    }
}

/// A mean of numbers that are added one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    pub fn add(&mut self, number: f64) {
        self.sum += number;
        self.count += 1.0;
    }

    /// Zero without numbers.
    #[must_use]
    pub fn get(self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }

    #[must_use]
    pub fn count(self) -> f64 {
        self.count
    }
}

/// The number as a float.
#[must_use]
pub fn float(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
