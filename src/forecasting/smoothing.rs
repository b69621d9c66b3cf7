//! Exponential smoothing with additive errors: a level, a damped trend, and a pattern of the week.

use super::outlook::Outlook;
use super::series::{DemandSeries, Weekdays};

/// The strength with which an error changes the parts of the state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    pub level: f64,
    pub trend: f64,
    pub weekday: f64,
    /// The trend of a day as a share of that of the day before.
    pub damping: f64,
}

/// The state of the smoothing at the end of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    pub level: f64,
    pub trend: f64,
    pub offsets: Weekdays,
}

/// The weights, the state before the first day, and the factors by which the demand of each weekday is divided before the
/// smoothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothing {
    pub weights: Weights,
    pub start: State,
    pub factors: Weekdays,
}

impl Weights {
    /// Adds a day to the state. Returns the error of its forecast, or None for a gap, in which only the trend continues.
    pub fn add(&self, state: &mut State, weekday: usize, units: Option<f64>) -> Option<f64> {
        let trend = self.damping * state.trend;
        let level = state.level + trend;
        let Some(units) = units else {
            (state.level, state.trend) = (level, trend);
            return None;
        };
        let error = units - level - state.offsets.get(weekday);
        state.level = self.level.mul_add(error, level);
        state.trend = self.trend.mul_add(error, trend);
        if self.weekday > 0.0 {
            state.offsets.add(weekday, self.weekday * error);
        }
        Some(error)
    }
}

impl Smoothing {
    /// The outlooks at the end of the days before each of the days from `from` to `to`, both included.
    pub fn outlooks(&self, series: &DemandSeries, from: usize, to: usize) -> Vec<Outlook> {
        let mut state = self.start;
        let mut outlooks = Vec::with_capacity(to.saturating_sub(from).saturating_add(1));
        let mut days = series.between(0, to);
        for day in 0..=to {
            if day >= from {
                outlooks.push(self.outlook(state));
            }
            if let Some((weekday, units)) = days.next() {
                let units = units.map(|units| units / self.factors.get(weekday));
                self.weights.add(&mut state, weekday, units);
            }
        }
        outlooks
    }

    fn outlook(&self, state: State) -> Outlook {
        let Self { weights: Weights { damping, .. }, factors, .. } = *self;
        let State { level, trend, offsets } = state;
        Outlook { level, trend: damping * trend, damping, offsets, factors }
    }
}
