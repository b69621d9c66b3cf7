//! What the clients of a run saw.

use std::collections::BTreeMap;

/// The answers to a load, from HTTP or from the database.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Answers, also refusals.
    pub answers: u64,
    /// In how long.
    pub seconds: f64,
    /// All answers, with those before the time began to count.
    pub total: u64,
    /// Answers that say no.
    pub refused: u64,
    /// Connections that broke, and requests that were not answered in time.
    pub broken: u64,
    /// Answers by status, where they were looked at.
    pub statuses: BTreeMap<String, u64>,
    pub latencies: Latencies,
    /// Whether there was more to send than buyers. Then nothing else here counts.
    pub exhausted: bool,
}

/// Microseconds, and how many answers took so long.
#[derive(Clone, Debug, Default)]
pub struct Latencies(BTreeMap<u64, u64>);

impl Latencies {
    pub fn new(counts: BTreeMap<u64, u64>) -> Self {
        Self(counts)
    }

    pub fn add(&mut self, microseconds: u64) {
        *self.0.entry(microseconds).or_default() += 1;
    }

    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// In milliseconds.
    pub fn percentile(&self, percent: f64) -> f64 {
        let rank = (self.count() as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        let value = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        value.map_or(f64::NAN, |(microseconds, _)| *microseconds as f64 / 1000.0)
    }
}

/// The one in the middle; of an even number the mean of the two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (middle, 1) => values[middle],
        (middle, _) => f64::midpoint(values[middle - 1], values[middle]),
    }
}
