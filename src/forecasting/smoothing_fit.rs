//! Finds the weights of exponential smoothing with the smallest squared errors of the forecasts for the next day.

use super::series::{DemandSeries, Mean, WEEK, Weekdays};
use super::smoothing::{Smoothing, State, Weights};

/// The parts of a smoothing besides its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub has_trend: bool,
    pub pattern: Pattern,
}

/// The pattern of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    None,
    /// Offsets that change with the demand.
    Added,
    /// Factors that stay as they are.
    Multiplied,
}

const LEVELS: [f64; 10] = [0.0, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35, 0.55, 0.8];
/// The weights of the trend and of the weekdays, as shares of the weight of the level.
const TRENDS: [f64; 5] = [0.0, 0.01, 0.03, 0.1, 0.3];
const WEEKDAYS: [f64; 6] = [0.0, 0.005, 0.02, 0.05, 0.1, 0.2];
const DAMPINGS: [f64; 4] = [0.9, 0.97, 0.99, 0.998];

/// The number of rounds. Each round looks for better values of the weights, one weight after the other.
const ROUNDS: usize = 2;

/// Fits the weights to the days before a day.
pub fn fit(series: &DemandSeries, end: usize, parts: Parts) -> Smoothing {
    let days = Days::new(series, end, parts);
    let first = Weights { level: 0.07, trend: 0.0, weekday: 0.0, damping: if parts.has_trend { 0.99 } else { 1.0 } };
    let mut best = (days.squared_errors(first), first);
    for _ in 0..ROUNDS {
        let before = best.1;
        days.improve(&mut best, LEVELS, |weights, level| {
            let share = if weights.level > 0.0 { weights.trend / weights.level } else { 0.0 };
            Weights { level, trend: share * level, ..weights }
        });
        if parts.has_trend {
            days.improve(&mut best, TRENDS, |weights, share| Weights { trend: share * weights.level, ..weights });
            days.improve(&mut best, DAMPINGS, |weights, damping| Weights { damping, ..weights });
        }
        if parts.pattern == Pattern::Added {
            days.improve(&mut best, WEEKDAYS, |weights, weekday| Weights { weekday, ..weights });
        }
        if best.1 == before {
            break;
        }
    }
    Smoothing { weights: best.1, start: days.start(best.1), factors: days.factors }
}

/// The days from which weights are found, with the numbers that do not depend on the weights.
struct Days {
    days: Vec<(usize, Option<f64>)>,
    factors: Weekdays,
    last: State,
}

impl Days {
    fn new(series: &DemandSeries, end: usize, parts: Parts) -> Self {
        let factors = match parts.pattern {
            Pattern::Multiplied => Weekdays::factors(series.known_before(end)),
            Pattern::None | Pattern::Added => Weekdays::all(1.0),
        };
        // A weekday without demand has a small factor, because of its imaginary days.
        let days =
            series.between(0, end).map(|(weekday, units)| (weekday, units.map(|units| units / factors.get(weekday))));
        let days: Vec<_> = days.collect();
        let line = Line::through(&days);
        let offsets = match parts.pattern {
            Pattern::Added => line.offsets(&days),
            Pattern::None | Pattern::Multiplied => Weekdays::default(),
        };
        let last = match parts.has_trend {
            true => State { level: line.at_end, trend: line.slope, offsets },
            false => State { level: line.mean, trend: 0.0, offsets },
        };
        Self { days, factors, last }
    }

    /// The state before the first day: the days are added from the last one back to the first one.
    fn start(&self, weights: Weights) -> State {
        let mut state = State { trend: -self.last.trend, ..self.last };
        // With the damping, the trend would vanish before the first day is reached.
        let backwards = Weights { damping: 1.0, ..weights };
        for (weekday, units) in self.days.iter().rev() {
            backwards.add(&mut state, *weekday, *units);
        }
        State { trend: -state.trend, ..state }
    }

    fn squared_errors(&self, weights: Weights) -> f64 {
        let mut state = self.start(weights);
        let mut sum = 0.0;
        for (weekday, units) in &self.days {
            if let Some(error) = weights.add(&mut state, *weekday, *units) {
                sum += error * error;
            }
        }
        if sum.is_finite() { sum } else { f64::MAX }
    }

    fn improve<const N: usize>(
        &self,
        best: &mut (f64, Weights),
        values: [f64; N],
        with: impl Fn(Weights, f64) -> Weights,
    ) {
        let from = best.1;
        for value in values {
            let weights = with(from, value);
            let errors = if weights == from { best.0 } else { self.squared_errors(weights) };
            if errors < best.0 {
                *best = (errors, weights);
            }
        }
    }
}

/// The straight line with the least squared distances from the demand.
struct Line {
    mean: f64,
    slope: f64,
    at_end: f64,
}

impl Line {
    fn through(days: &[(usize, Option<f64>)]) -> Self {
        let known = || (0_u32..).map(f64::from).zip(days).filter_map(|(day, (_, units))| Some((day, (*units)?)));
        let (mut day_mean, mut mean) = (Mean::default(), Mean::default());
        known().for_each(|(day, units)| {
            day_mean.add(day);
            mean.add(units);
        });
        let (mut products, mut squares) = (0.0, 0.0);
        for (day, units) in known() {
            let distance = day - day_mean.get();
            products += distance * (units - mean.get());
            squares += distance * distance;
        }
        let slope = if squares > 0.0 { products / squares } else { 0.0 };
        let last = super::series::float(days.len()) - 1.0;
        Self { mean: mean.get(), slope, at_end: slope.mul_add(last - day_mean.get(), mean.get()) }
    }

    /// The mean distance of each weekday from the line.
    fn offsets(&self, days: &[(usize, Option<f64>)]) -> Weekdays {
        let mut means = [Mean::default(); WEEK];
        let last = super::series::float(days.len()) - 1.0;
        for (day, (weekday, units)) in (0_u32..).map(f64::from).zip(days) {
            if let (Some(units), Some(mean)) = (units, means.get_mut(*weekday)) {
                mean.add(units - self.slope.mul_add(day - last, self.at_end));
            }
        }
        Weekdays(means.map(Mean::get))
    }
}
