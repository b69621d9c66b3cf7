//! Runs statsforecast, and reads the public series.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::json;

use super::compare::Forecasts;
use super::series::{Group, Series};
use crate::{Outcome, stop_if_asked};

const PYTHON: &str = "target/forecast-python/bin/python";
const SCRIPT: &str = "benches/shop/forecast/peer.py";

pub fn install() -> Outcome<()> {
    run(&mut Command::new("scripts/forecast_tools.sh"))
}

/// Public series of daily numbers that packages contain.
pub fn public_groups(folder: &Path) -> Outcome<Vec<Group>> {
    #[derive(Deserialize)]
    struct Public {
        name: String,
        is_intermittent: bool,
        series: Vec<Vec<f64>>,
    }
    let file = folder.join("forecast_public.json");
    run(Command::new(PYTHON).arg(SCRIPT).arg("public").arg(&file))?;
    let groups: Vec<Public> = serde_json::from_reader(File::open(&file)?)?;
    let group = |Public { name, is_intermittent, series }: Public| Group {
        name,
        is_intermittent,
        series: series.iter().map(|days| Series::without_gaps(days)).collect(),
    };
    Ok(groups.into_iter().map(group).collect())
}

/// The forecasts of each model. It gets zero for a day out of stock, because it accepts no gaps.
pub fn forecast(groups: &[Group], folder: &Path) -> Outcome<Vec<Forecasts>> {
    let series = groups.iter().flat_map(|group| &group.series);
    let sales: Vec<Vec<f64>> =
        series.map(|series| series.days.iter().map(|day| day.unwrap_or_default()).collect()).collect();
    let (input, output) = (folder.join("forecast_series.json"), folder.join("forecast_peers.json"));
    fs::write(&input, json!({"horizon": super::HORIZON, "series": sales}).to_string())?;
    let mut methods = Vec::new();
    for model in ["AutoETS", "CrostonSBA", "SeasonalNaive"] {
        run(Command::new(PYTHON).arg(SCRIPT).arg(model).arg(&input).arg(&output))?;
        methods.push(serde_json::from_reader(File::open(&output)?)?);
        stop_if_asked()?;
    }
    Ok(methods)
}

fn run(command: &mut Command) -> Outcome<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}
