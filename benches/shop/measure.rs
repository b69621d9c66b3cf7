//! One figure: a load on one of the two systems for some seconds, and everything that it cost.

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

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    pub system: System,
    pub scenario: Scenario,
    pub clients: u32,
    pub round: u32,
    pub seconds: u32,
    /// What the textbook stores as the answer.
    pub answer: &'a str,
}

/// What was measured. Costs are for 1,000 checkouts; with reads among them, for 1,000 requests.
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
    /// Of the server, after the run; nothing for the textbook.
    pub resident_bytes: u64,
}

impl Sample {
    /// Of the server and PostgreSQL together.
    pub fn cpu_seconds(&self) -> f64 {
        self.server_cpu_seconds + self.postgres_cpu_seconds
    }
}

/// How many carts each load needs, learned from round to round.
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

/// Measures; once more with more carts if they ran out.
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
            // The textbook's clients have their own carts each, and some are faster than others.
            estimates.record(task, u64::try_from(written.orders)? * 4 + 200);
            return sample(shop, task, &seen, &Cost { used, statements, orders: written.orders });
        }
        println!("  {buyers} carts were not enough: once more with twice as many");
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

/// That the work was really done: every order whole, and as many as were answered.
fn check(task: &Task<'_>, seen: &Seen, written: &Written) -> Outcome<()> {
    let (orders, good) = (u64::try_from(written.orders)?, seen.total - seen.refused);
    // Those under way at the end were done, but nobody waited for the answer.
    let is_answered = task.scenario == Scenario::Mixed || (orders >= good && orders - good <= u64::from(task.clients));
    if written.is_whole(i64::from(task.scenario.lines())) && is_answered && orders > 0 {
        return Ok(());
    }
    Err(format!("{task:?}: {good} good answers, but written was {written:?}").into())
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
