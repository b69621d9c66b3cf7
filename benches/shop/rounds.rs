//! Runs the rounds. A round measures every load on both systems.

use std::collections::HashMap;

use crate::measure::{self, CartEstimates, Sample, System, Task};
use crate::options::Options;
use crate::scenario::Scenario;
use crate::shop::Shop;
use crate::{Outcome, server};

const BOTH: [System; 2] = [System::Textbook, System::Stockroom];

/// Runs all rounds. The two systems change their order from round to round.
pub fn run(shop: &mut Shop<'_>, options: &Options) -> Outcome<Vec<Sample>> {
    let mut answers = HashMap::new();
    for scenario in &options.scenarios {
        answers.insert(*scenario, shop.sample_answer(*scenario)?);
    }
    let mut estimates = CartEstimates::default();
    let mut samples = Vec::new();
    for round in 1..=options.rounds {
        for scenario in options.scenarios.iter().copied() {
            for clients in options.clients.iter().copied() {
                for turn in 0..2 {
                    let system = BOTH[(round as usize + turn) % 2];
                    let (seconds, answer) = (options.seconds, answers[&scenario].as_str());
                    let task = Task { system, scenario, clients, round, seconds, answer };
                    let sample = measure::measure(shop, &task, &mut estimates)?;
                    print_sample(&sample);
                    samples.push(sample);
                    verify_once(shop, &task)?;
                }
            }
        }
    }
    Ok(samples)
}

/// Checks the data that both systems wrote: `stockroom verify` must find no violation.
fn verify_once(shop: &Shop<'_>, task: &Task<'_>) -> Outcome<()> {
    let is_a_new_kind = matches!(task.scenario, Scenario::Spread | Scenario::NoCart) && task.round == 1;
    if is_a_new_kind {
        server::verify(&shop.url, &[])?;
    }
    Ok(())
}

/// Prints the last measurement, to show the progress.
pub fn print_sample(sample: &Sample) {
    let Sample { system, scenario, clients, round, per_second, p50_ms, p99_ms, errors, .. } = sample;
    println!(
        "round {round}: {:<14} {clients:>4} clients  {:<9} {per_second:>7.0} {}  p50 {p50_ms:.1} ms  p99 {p99_ms:.1} ms  {errors} errors",
        scenario.title(),
        format!("{system:?}").to_lowercase(),
        scenario.unit(),
    );
}
