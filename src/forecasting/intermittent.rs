//! Forecasts of demand with many days of zero: the Syntetos-Boylan approximation of Croston's method (SBA), and the
//! method of Teunter, Syntetos and Babai (TSB). Days that are gaps change nothing.

use super::outlook::Outlook;
use super::series::{DemandSeries, Mean};

/// The weights to try.
const WEIGHTS: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.3];

/// The smoothed size of a demand, and how often there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Smoothed {
    size: f64,
    /// SBA: the days between two demands. TSB: the share of days with a demand.
    often: f64,
    /// The number of known days since the last demand, including the present day.
    since: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Intermittent {
    /// One weight for sizes and intervals.
    Sba { weight: f64 },
    /// The weight of sizes, and the weight of the share. The share changes every day, so it falls after demand has ended.
    Tsb { size_weight: f64, share_weight: f64 },
}

impl Intermittent {
    /// Finds the weight with the smallest squared errors of the forecasts for the next day, from the days before a day.
    pub fn fit_sba(series: &DemandSeries, end: usize) -> Self {
        best(WEIGHTS.map(|weight| Self::Sba { weight }), series, end)
    }

    /// Finds both weights in the same way.
    pub fn fit_tsb(series: &DemandSeries, end: usize) -> Self {
        let pairs = WEIGHTS.iter().flat_map(|size| WEIGHTS.iter().map(move |share| (*size, *share)));
        best(pairs.map(|(size_weight, share_weight)| Self::Tsb { size_weight, share_weight }), series, end)
    }

    /// The outlooks at the end of the days before each of the days from `from` to `to`, both included. The first state
    /// is estimated from the days before `from`.
    pub fn outlooks(&self, series: &DemandSeries, from: usize, to: usize) -> Vec<Outlook> {
        let mut state = self.start(series, from);
        let mut outlooks = Vec::with_capacity(to.saturating_sub(from).saturating_add(1));
        let mut days = series.between(0, to);
        for day in 0..=to {
            if day >= from {
                outlooks.push(Outlook::flat(self.expected(state)));
            }
            if let Some((_, Some(units))) = days.next() {
                self.add(&mut state, units);
            }
        }
        outlooks
    }

    fn start(&self, series: &DemandSeries, end: usize) -> Smoothed {
        let (mut size, mut share) = (Mean::default(), Mean::default());
        for (_, units) in series.known_before(end) {
            if units > 0.0 {
                size.add(units);
            }
            share.add(f64::from(u8::from(units > 0.0)));
        }
        let often = match self {
            Self::Sba { .. } if share.get() > 0.0 => share.get().recip(),
            Self::Sba { .. } => share.count() + 1.0,
            Self::Tsb { .. } => share.get(),
        };
        Smoothed { size: size.get(), often, since: 1.0 }
    }

    fn expected(&self, state: Smoothed) -> f64 {
        match self {
            Self::Sba { weight } => (1.0 - weight / 2.0) * state.size / state.often.max(1.0),
            Self::Tsb { .. } => state.size * state.often,
        }
    }

    fn add(&self, state: &mut Smoothed, units: f64) {
        let has_demand = units > 0.0;
        match *self {
            Self::Sba { weight } if has_demand => {
                state.size += weight * (units - state.size);
                state.often += weight * (state.since - state.often);
                state.since = 1.0;
            }
            Self::Sba { .. } => state.since += 1.0,
            Self::Tsb { size_weight, share_weight } => {
                if has_demand {
                    state.size += size_weight * (units - state.size);
                }
                state.often += share_weight * (f64::from(u8::from(has_demand)) - state.often);
            }
        }
    }

    fn squared_errors(&self, series: &DemandSeries, end: usize) -> f64 {
        let mut state = self.start(series, end);
        let mut sum = 0.0;
        for (_, units) in series.known_before(end) {
            let error = units - self.expected(state);
            sum += error * error;
            self.add(&mut state, units);
        }
        sum
    }
}

fn best(candidates: impl IntoIterator<Item = Intermittent>, series: &DemandSeries, end: usize) -> Intermittent {
    let errors = candidates.into_iter().map(|one| (one.squared_errors(series, end), one));
    let best = errors.min_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map_or(Intermittent::Sba { weight: 0.1 }, |(_, one)| one)
}
