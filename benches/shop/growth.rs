//! Compares the same load in a small and in a large shop, and measures the reports of the large one.

use std::time::Instant;

use serde::Serialize;

use crate::measure::{self, CartEstimates, Sample, System, Task};
use crate::options::Options;
use crate::rounds;
use crate::scenario::Scenario;
use crate::seen::median;
use crate::shop::Shop;
use crate::{Outcome, server};

const CLIENTS: u32 = 32;
const TRIES: u32 = 5;

/// The reports of an admin, with their paths.
const REPORTS: [(&str, &str); 10] = [
    ("low stock", "inventory/products/low-stock"),
    ("inventory summary", "inventory/summary"),
    ("movements", "inventory/movements"),
    ("movements of a product", "inventory/products/1/movements"),
    ("order statistics", "orders/statistics"),
    ("orders", "orders"),
    ("orders of a status", "orders?status=pending"),
    ("products", "inventory/products"),
    ("reservation metrics", "inventory/reservations/metrics"),
    ("valuation", "inventory/valuation"),
];

#[derive(Clone, Debug, Serialize)]
pub struct Growth {
    pub stores: i64,
    pub products: i64,
    pub orders: i64,
    pub clients: u32,
    /// The cost of a checkout in the small shop, then in the large one.
    pub small: Cost,
    pub large: Cost,
    /// The median time of each report, in milliseconds.
    pub reports: Vec<(&'static str, f64)>,
    /// The time of `stockroom verify`, then with `--all`.
    pub verify_seconds: f64,
    pub verify_all_seconds: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Processor seconds of the server and PostgreSQL for 1,000 checkouts.
    pub cpu_seconds: f64,
    pub per_second: f64,
}

/// Measures carts of three lines in both shops in turn.
pub fn run<'a>(small: &mut Shop<'a>, large: &mut Shop<'a>, options: &Options) -> Outcome<Growth> {
    let size = large.size;
    let reports = time_reports(large)?;
    let time = |options: &[&str]| -> Outcome<f64> {
        let started = Instant::now();
        server::verify(&large.url, options)?;
        Ok(started.elapsed().as_secs_f64())
    };
    let (verify_seconds, verify_all_seconds) = (time(&[])?, time(&["--all"])?);
    let mut estimates = [CartEstimates::default(), CartEstimates::default()];
    let mut samples = [Vec::new(), Vec::new()];
    for round in 1..=options.rounds {
        for index in 0..2 {
            let shop = if index == 0 { &mut *small } else { &mut *large };
            let task = Task {
                system: System::Stockroom,
                scenario: Scenario::Spread,
                clients: CLIENTS,
                round,
                seconds: options.seconds,
                answer: "",
            };
            let sample = measure::measure(shop, &task, &mut estimates[index])?;
            print!("{} shop, ", shop.name);
            rounds::print_sample(&sample);
            samples[index].push(sample);
        }
    }
    let [small, large] = samples.map(|samples| cost(&samples));
    let (stores, products, orders) = (size.stores, size.products, size.orders);
    Ok(Growth { stores, products, orders, clients: CLIENTS, small, large, reports, verify_seconds, verify_all_seconds })
}

fn cost(samples: &[Sample]) -> Cost {
    Cost {
        cpu_seconds: median(samples.iter().map(Sample::cpu_seconds)),
        per_second: median(samples.iter().map(|sample| sample.per_second)),
    }
}

fn time_reports(shop: &Shop<'_>) -> Outcome<Vec<(&'static str, f64)>> {
    let token = shop.admin_token()?;
    let time = |path: &str| -> Outcome<f64> {
        let started = Instant::now();
        shop.get(path, &token)?;
        Ok(started.elapsed().as_secs_f64() * 1000.0)
    };
    REPORTS
        .into_iter()
        .map(|(name, path)| {
            let times = (0..TRIES).map(|_| time(path)).collect::<Outcome<Vec<_>>>()?;
            Ok((name, median(times)))
        })
        .collect()
}
