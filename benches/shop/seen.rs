//! The answers of a run, from the clients' side.

use std::collections::BTreeMap;

/// The answers to a load, from HTTP or from the database.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The number of answers within the measured time, including refusals.
    pub answers: u64,
    /// The measured time.
    pub seconds: f64,
    /// The number of all answers, including those before the measured time.
    pub total: u64,
    /// The number of refusals.
    pub refused: u64,
    /// Connections that broke, and requests that were not answered in time.
    pub broken: u64,
    /// The number of answers by status, in loads that record the status.
    pub statuses: BTreeMap<String, u64>,
    pub latencies: Latencies,
    /// True if there were too few buyers. The other fields are meaningless then.
    pub exhausted: bool,
}

/// The number of answers by latency in microseconds.
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

    /// A percentile in milliseconds.
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

/// The median.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (middle, 1) => values[middle],
        (middle, _) => f64::midpoint(values[middle - 1], values[middle]),
    }
}
