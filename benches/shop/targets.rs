//! The targets of the benchmark, and their results.

use serde::Serialize;

use crate::growth::Growth;
use crate::memory::Memory;
use crate::options::MEMORY_CHECKOUTS;
use crate::results::{Figure, Side};
use crate::scenario::Scenario;
use crate::sell_out::SellOut;

/// A target with its result.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    pub name: &'static str,
    pub at_least: String,
    pub aim: String,
    pub measured: String,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    AimReached,
    Reached,
    Missed,
    NotMeasured,
}

impl Verdict {
    pub const fn words(self) -> &'static str {
        match self {
            Self::AimReached => "aim reached",
            Self::Reached => "reached",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        }
    }
}

/// The better direction of a value.
#[derive(Clone, Copy)]
enum Better {
    More,
    Less,
}

struct Bounds {
    name: &'static str,
    at_least: f64,
    aim: f64,
    better: Better,
    unit: &'static str,
}

impl Bounds {
    const fn more(name: &'static str, at_least: f64, aim: f64) -> Self {
        Self { name, at_least, aim, better: Better::More, unit: "" }
    }

    const fn less(name: &'static str, at_least: f64, aim: f64) -> Self {
        Self { name, at_least, aim, better: Better::Less, unit: "" }
    }

    /// Compares the measured value with the bounds. The text is shown beside the value.
    fn judge(&self, measured: Option<(f64, String)>) -> Target {
        let holds = |value: f64, bound: f64| match self.better {
            Better::More => value >= bound,
            Better::Less => value <= bound,
        };
        let verdict = match measured {
            None => Verdict::NotMeasured,
            Some((value, _)) if holds(value, self.aim) => Verdict::AimReached,
            Some((value, _)) if holds(value, self.at_least) => Verdict::Reached,
            Some(_) => Verdict::Missed,
        };
        let format_bound = |bound: f64| match self.better {
            Better::More => format!("{bound:.1}{}", self.unit),
            Better::Less => format!("≤ {bound:.1}{}", self.unit),
        };
        Target {
            name: self.name,
            at_least: format_bound(self.at_least),
            aim: format_bound(self.aim),
            measured: measured.map_or_else(String::new, |(value, beside)| {
                let space = if beside.is_empty() { "" } else { " " };
                format!("{value:.2}{}{space}{beside}", self.unit)
            }),
            verdict,
        }
    }
}

/// All targets, in the order of the report.
pub fn judge(
    figures: &[Figure],
    memory: Option<&Memory>,
    growth: Option<&Growth>,
    sell_out: Option<&SellOut>,
) -> Vec<Target> {
    let mib = Bounds { unit: " MiB", ..Bounds::less("memory of the server after 100,000 checkouts", 64.0, 32.0) };
    vec![
        Bounds::more("spread carts, best client count of each", 1.0, 2.0).judge(best_ratio(figures, Scenario::Spread)),
        Bounds::more("hot product, 32 clients", 4.0, 8.0)
            .judge(find(figures, Scenario::Hot, 32).map(|figure| (figure.ratio, String::new()))),
        Bounds::more("hot product, best client count of each", 1.5, 3.0).judge(best_ratio(figures, Scenario::Hot)),
        Bounds::more("hot product, 128 clients to 8", 0.9, 1.2).judge(no_collapse(figures)),
        Bounds::less("one client, p50 to the textbook's", 1.5, 1.0).judge(latency(figures)),
        Bounds::less("20 lines to 1 line, cost of a checkout", 4.0, 2.0).judge(twenty_to_one(figures)),
        Bounds::less("large to small data, cost of a checkout", 1.3, 1.1).judge(growth.map(large_to_small)),
        mib.judge(memory.filter(|memory| memory.checkouts >= MEMORY_CHECKOUTS).map(after_many)),
        sold_exactly(sell_out),
    ]
}

fn find(figures: &[Figure], scenario: Scenario, clients: u32) -> Option<&Figure> {
    figures.iter().find(|figure| figure.scenario == scenario && figure.clients == clients)
}

/// The best throughput, and its number of clients.
fn best(figures: &[Figure], scenario: Scenario, side: fn(&Figure) -> &Side) -> Option<(f64, u32)> {
    let of_it = figures.iter().filter(|figure| figure.scenario == scenario);
    of_it.map(|figure| (side(figure).per_second, figure.clients)).max_by(|one, other| one.0.total_cmp(&other.0))
}

fn best_ratio(figures: &[Figure], scenario: Scenario) -> Option<(f64, String)> {
    let (textbook, few) = best(figures, scenario, |figure| &figure.textbook)?;
    let (stockroom, many) = best(figures, scenario, |figure| &figure.stockroom)?;
    Some((stockroom / textbook, format!("({stockroom:.0}/s with {many}, {textbook:.0}/s with {few})")))
}

fn no_collapse(figures: &[Figure]) -> Option<(f64, String)> {
    let rate = |clients: u32| find(figures, Scenario::Hot, clients).map(|figure| figure.stockroom.per_second);
    Some((rate(128)? / rate(8)?, String::new()))
}

fn latency(figures: &[Figure]) -> Option<(f64, String)> {
    let Figure { stockroom, textbook, .. } = find(figures, Scenario::Spread, 1)?;
    let beside = format!("({:.2} ms to {:.2} ms)", stockroom.p50_ms, textbook.p50_ms);
    Some((stockroom.p50_ms / textbook.p50_ms, beside))
}

/// Compares at 32 clients, or at the largest measured number.
fn twenty_to_one(figures: &[Figure]) -> Option<(f64, String)> {
    let most = figures.iter().filter(|figure| figure.scenario == Scenario::OneLine).map(|figure| figure.clients).max();
    let clients = find(figures, Scenario::OneLine, 32).map(|figure| figure.clients).or(most)?;
    let one = &find(figures, Scenario::OneLine, clients)?.stockroom;
    let twenty = &find(figures, Scenario::TwentyLines, clients)?.stockroom;
    let beside = format!("(time at {clients} clients: {:.2})", one.per_second / twenty.per_second);
    Some((twenty.cpu_seconds() / one.cpu_seconds(), beside))
}

fn large_to_small(growth: &Growth) -> (f64, String) {
    let beside = format!("(time: {:.2})", growth.small.per_second / growth.large.per_second);
    (growth.large.cpu_seconds / growth.small.cpu_seconds, beside)
}

fn after_many(memory: &Memory) -> (f64, String) {
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    (mib(memory.resident_bytes), format!("after {} (peak {:.1})", memory.checkouts, mib(memory.peak_bytes)))
}

fn sold_exactly(sell_out: Option<&SellOut>) -> Target {
    let exact = "all sold, no 5xx, verify: ok".to_owned();
    let verdict = match sell_out {
        None => Verdict::NotMeasured,
        Some(sale) if sale.is_exact() && sale.verify.starts_with("ok") => Verdict::AimReached,
        Some(_) => Verdict::Missed,
    };
    let measured = sell_out.map_or_else(String::new, |sale| {
        let answers: Vec<String> = sale.answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        format!("{} sold of {}; {}", sale.sold, sale.units, answers.join(", "))
    });
    Target { name: "sell-out, 128 clients", at_least: exact.clone(), aim: exact, measured, verdict }
}
