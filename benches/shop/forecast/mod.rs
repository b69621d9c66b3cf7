//! `make bench ARGS=forecast`: compares the forecasts with those of statsforecast, on the same series and in the same run.
//!
//! The last 28 days of each series are unknown to both. The errors of both are computed here, by the same lines.

mod compare;
mod peer;
mod random;
mod report;
mod series;
mod speed;

use std::fs;

use crate::Outcome;
use crate::options::Options;

/// The days that are forecast.
pub const HORIZON: usize = 28;

pub fn run(options: &Options) -> Outcome<()> {
    let per_group = if options.quick { 5 } else { 60 };
    peer::install()?;
    fs::create_dir_all(&options.out)?;
    let mut groups = series::groups(per_group);
    groups.extend(peer::public_groups(&options.out)?);
    println!("forecasting {} series", groups.iter().map(|group| group.series.len()).sum::<usize>());
    let own = compare::own(&groups);
    println!("forecasting them with statsforecast");
    let peers = peer::forecast(&groups, &options.out)?;
    let methods: Vec<compare::Forecasts> = std::iter::once(own).chain(peers).collect();
    let figures = compare::figures(&groups, &methods);
    let variants = if options.quick { 500 } else { 10_000 };
    println!("forecasting {variants} variants");
    let speed = speed::measure(variants);
    let text = report::render(&groups, &methods, &figures, &speed);
    println!("\n{text}");
    fs::write(options.out.join("forecast.md"), text)?;
    println!("forecast.md is in {}", options.out.display());
    Ok(())
}
