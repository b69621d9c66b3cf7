//! Measures one load on one of the two systems: throughput, latency and cost.

use std::collections::HashMap;

use serde::Serialize;

use crate::Outcome;
use crate::load::{self, Load};
use crate::scenario::Scenario;
use crate::seen::Seen;
use crate::shop::Shop;
use crate::start::Written;
use crate::textbook::{self, Textbook};
use crate::usage::{self, Usage};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    Textbook,
    Stockroom,
}

/// A measurement to make.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    pub system: System,
    pub scenario: Scenario,
    pub clients: u32,
    pub round: u32,
    pub seconds: u32,
    /// The response that the textbook stores.
    pub answer: &'a str,
}

/// The result of a measurement. Costs are for 1,000 checkouts; in the mixed load for 1,000 requests.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    pub system: System,
    pub scenario: Scenario,
    pub clients: u32,
    pub round: u32,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub errors: u64,
    pub server_cpu_seconds: f64,
    pub postgres_cpu_seconds: f64,
    pub load_cpu_seconds: f64,
    pub statements: f64,
    /// Memory of the server after the run; 0 for the textbook.
    pub resident_bytes: u64,
}

impl Sample {
    /// The sum of the server and PostgreSQL.
    pub fn cpu_seconds(&self) -> f64 {
        self.server_cpu_seconds + self.postgres_cpu_seconds
    }
}

/// Estimates of the number of carts for each load. They improve from round to round.
#[derive(Default)]
pub struct CartEstimates(HashMap<(System, Scenario, u32), u64>);

impl CartEstimates {
    fn estimate(&self, task: &Task<'_>) -> u64 {
        let known = self.0.get(&(task.system, task.scenario, task.clients)).copied();
        known.unwrap_or_else(|| task.scenario.first_estimate(task.clients) * u64::from(task.seconds + 5))
    }

    fn record(&mut self, task: &Task<'_>, buyers: u64) {
        self.0.insert((task.system, task.scenario, task.clients), buyers);
    }
}

/// Measures, and repeats the measurement with more carts if there were too few.
pub fn measure(shop: &mut Shop<'_>, task: &Task<'_>, estimates: &mut CartEstimates) -> Outcome<Sample> {
    loop {
        let buyers = estimates.estimate(task);
        shop.prepare(task.scenario, buyers)?;
        let statements = shop.server.statements()?;
        let before = shop.usage()?;
        let seen = run(shop, task, buyers)?;
        shop.server.wait_until_idle()?;
        let written = shop.written()?;
        let used = shop.usage()?.since(&before);
        let statements = shop.server.statements()? - statements;
        if !seen.exhausted {
            check(task, &seen, &written)?;
            // Each client of the textbook has its own carts, and some clients are faster than others.
            estimates.record(task, u64::try_from(written.orders)? * 4 + 200);
            return sample(shop, task, &seen, &Cost { used, statements, orders: written.orders });
        }
        println!("  {buyers} carts were too few: repeating with twice as many");
        estimates.record(task, buyers * 2);
    }
}

fn run(shop: &Shop<'_>, task: &Task<'_>, buyers: u64) -> Outcome<Seen> {
    let Task { system, scenario, clients, round, seconds, answer } = *task;
    let label = format!("{}-{clients}-{round}", scenario.title().replace(' ', "-"));
    match system {
        System::Stockroom => {
            let address = &shop.server.address;
            let load = Load { address, kind: scenario.kind(), clients, seconds, buyers, label: &label };
            load::run(&load, &shop.tokens)
        }
        System::Textbook => {
            let run = Textbook { database: &shop.url, scenario, clients, seconds, label: &label, answer };
            textbook::run(&run, &shop.cluster.folder().join("textbook"))
        }
    }
}

/// Checks that every order is complete, and that their number matches the answers.
fn check(task: &Task<'_>, seen: &Seen, written: &Written) -> Outcome<()> {
    let (orders, good) = (u64::try_from(written.orders)?, seen.total - seen.refused);
    // Requests in progress at the end were completed, but no client waited for the answers.
    let is_answered = task.scenario == Scenario::Mixed || (orders >= good && orders - good <= u64::from(task.clients));
    if written.is_whole(i64::from(task.scenario.lines())) && is_answered && orders > 0 {
        return Ok(());
    }
    Err(format!("{task:?}: {good} successful answers, but the database has {written:?}").into())
}

struct Cost {
    used: Usage,
    statements: u64,
    orders: i64,
}

fn sample(shop: &Shop<'_>, task: &Task<'_>, seen: &Seen, cost: &Cost) -> Outcome<Sample> {
    let Task { system, scenario, clients, round, .. } = *task;
    let done = if scenario == Scenario::Mixed { seen.total as f64 } else { cost.orders as f64 };
    let (statements, resident_bytes) = match system {
        System::Stockroom => (cost.statements as f64 / done, usage::memory(shop.server.pid())?.0),
        System::Textbook => (textbook::statements(scenario), 0),
    };
    Ok(Sample {
        system,
        scenario,
        clients,
        round,
        per_second: (seen.answers - seen.refused) as f64 / seen.seconds,
        p50_ms: seen.latencies.percentile(50.0),
        p95_ms: seen.latencies.percentile(95.0),
        p99_ms: seen.latencies.percentile(99.0),
        errors: seen.refused + seen.broken,
        server_cpu_seconds: if system == System::Stockroom { cost.used.server * 1000.0 / done } else { 0.0 },
        postgres_cpu_seconds: cost.used.postgres * 1000.0 / done,
        load_cpu_seconds: cost.used.load * 1000.0 / done,
        statements,
        resident_bytes,
    })
}
