//! The forecasts of each method and their errors.

use chrono::NaiveDate;
use serde::Deserialize;
use stockroom::forecasting::choose;
use stockroom::forecasting::series::DemandSeries;

use super::HORIZON;
use super::series::{Group, Series};

/// The forecasts of a method, in the order of all series.
#[derive(Clone, Debug, Deserialize)]
pub struct Forecasts {
    pub name: String,
    pub seconds: f64,
    /// Of the process, with all its libraries.
    pub peak_mib: f64,
    pub series: Vec<Prediction>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Prediction {
    pub expected: Vec<f64>,
    pub low_80: Vec<f64>,
    pub high_80: Vec<f64>,
    pub low_95: Vec<f64>,
    pub high_95: Vec<f64>,
}

/// The accuracy of the forecasts of a group.
#[derive(Clone, Copy, Debug, Default)]
pub struct Metrics {
    pub mase: f64,
    /// The expected demand less the real one, as a share of the real one of the whole group.
    pub bias: f64,
    pub coverage_80: f64,
    pub coverage_95: f64,
}

pub fn own(groups: &[Group]) -> Forecasts {
    let started = std::time::Instant::now();
    let series = groups.iter().flat_map(|group| &group.series).map(predict).collect();
    let seconds = started.elapsed().as_secs_f64();
    Forecasts { name: "Stockroom".to_owned(), seconds, peak_mib: super::speed::peak_mib(), series }
}

fn predict(series: &Series) -> Prediction {
    let forecast = choose::forecast(&to_demand(series), None, 0.95);
    let days: Vec<_> = forecast.days(forecast.first_day, HORIZON).collect();
    let column = |value: fn(&stockroom::forecasting::spread::Interval) -> f64| {
        days.iter().map(|day| value(&day.interval.unwrap_or_default())).collect()
    };
    Prediction {
        expected: days.iter().map(|day| day.expected).collect(),
        low_80: column(|one| one.low_80),
        high_80: column(|one| one.high_80),
        low_95: column(|one| one.low_95),
        high_95: column(|one| one.high_95),
    }
}

pub fn to_demand(series: &Series) -> DemandSeries {
    DemandSeries::new(NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default(), series.days.iter().copied())
}

/// The accuracy of each method in each group.
pub fn figures(groups: &[Group], methods: &[Forecasts]) -> Vec<Vec<Metrics>> {
    let mut first = 0;
    let mut all = Vec::new();
    for group in groups {
        let end = first + group.series.len();
        all.push(methods.iter().map(|method| of_group(group, &method.series[first..end])).collect());
        first = end;
    }
    all
}

fn of_group(group: &Group, predictions: &[Prediction]) -> Metrics {
    let (mut errors, mut difference, mut demand) = (Vec::new(), 0.0, 0.0);
    let (mut in_80, mut in_95, mut days) = (0_u32, 0_u32, 0_u32);
    for (series, prediction) in group.series.iter().zip(predictions) {
        let mut absolute = 0.0;
        for (day, units) in series.later.iter().enumerate() {
            let error = prediction.expected[day] - units;
            absolute += error.abs();
            difference += error;
            demand += units;
            let is_within = |low: f64, high: f64| *units >= low - 1e-6 && *units <= high + 1e-6;
            in_80 += u32::from(is_within(prediction.low_80[day], prediction.high_80[day]));
            in_95 += u32::from(is_within(prediction.low_95[day], prediction.high_95[day]));
            days += 1;
        }
        errors.extend(series.naive_error().map(|naive| absolute / HORIZON as f64 / naive));
    }
    Metrics {
        mase: errors.iter().sum::<f64>() / errors.len() as f64,
        bias: difference / demand,
        coverage_80: f64::from(in_80) / f64::from(days),
        coverage_95: f64::from(in_95) / f64::from(days),
    }
}
