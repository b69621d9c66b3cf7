//! The results of the benchmark.

use serde::Serialize;

use crate::growth::Growth;
use crate::machine::Machine;
use crate::measure::{Sample, System};
use crate::memory::Memory;
use crate::scenario::Scenario;
use crate::seen::median;
use crate::sell_out::SellOut;
use crate::targets::Target;

#[derive(Clone, Debug, Serialize)]
pub struct Results {
    pub machine: Machine,
    pub rounds: u32,
    pub seconds: u32,
    pub targets: Vec<Target>,
    pub figures: Vec<Figure>,
    pub sell_out: Option<SellOut>,
    pub memory: Option<Memory>,
    pub growth: Option<Growth>,
    pub samples: Vec<Sample>,
}

/// Medians over the rounds, of both systems side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub scenario: Scenario,
    pub clients: u32,
    /// Stockroom's throughput divided by the textbook's.
    pub ratio: f64,
    pub textbook: Side,
    pub stockroom: Side,
}

#[derive(Clone, Debug, Serialize)]
pub struct Side {
    pub per_second: f64,
    /// The throughput of the worst and of the best round.
    pub per_second_range: (f64, f64),
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub errors: u64,
    pub server_cpu_seconds: f64,
    pub postgres_cpu_seconds: f64,
    pub load_cpu_seconds: f64,
    pub statements: f64,
    pub resident_mib: f64,
}

impl Side {
    fn new(samples: &[&Sample]) -> Self {
        let median_of = |value: fn(&Sample) -> f64| median(samples.iter().map(|sample| value(sample)));
        let rates = || samples.iter().map(|sample| sample.per_second);
        Self {
            per_second: median(rates()),
            per_second_range: (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max)),
            p50_ms: median_of(|sample| sample.p50_ms),
            p95_ms: median_of(|sample| sample.p95_ms),
            p99_ms: median_of(|sample| sample.p99_ms),
            errors: samples.iter().map(|sample| sample.errors).sum(),
            server_cpu_seconds: median_of(|sample| sample.server_cpu_seconds),
            postgres_cpu_seconds: median_of(|sample| sample.postgres_cpu_seconds),
            load_cpu_seconds: median_of(|sample| sample.load_cpu_seconds),
            statements: median_of(|sample| sample.statements),
            resident_mib: median_of(|sample| sample.resident_bytes as f64 / 1024.0 / 1024.0),
        }
    }

    /// Processor seconds of server and PostgreSQL for 1,000 checkouts.
    pub fn cpu_seconds(&self) -> f64 {
        self.server_cpu_seconds + self.postgres_cpu_seconds
    }
}

/// The medians of the samples, in the order in which they were first measured.
pub fn figures(samples: &[Sample]) -> Vec<Figure> {
    let mut keys = Vec::new();
    for sample in samples {
        if !keys.contains(&(sample.scenario, sample.clients)) {
            keys.push((sample.scenario, sample.clients));
        }
    }
    keys.into_iter()
        .map(|(scenario, clients)| {
            let side = |system: System| {
                let of_it = |s: &&Sample| (s.system, s.scenario, s.clients) == (system, scenario, clients);
                Side::new(&samples.iter().filter(of_it).collect::<Vec<_>>())
            };
            let (textbook, stockroom) = (side(System::Textbook), side(System::Stockroom));
            Figure { scenario, clients, ratio: stockroom.per_second / textbook.per_second, textbook, stockroom }
        })
        .collect()
}
