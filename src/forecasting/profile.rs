//! The mean demand of the variants of a category, for a variant whose own past is too short.

use super::backtest::Comparison;
use super::forecast::{Accuracy, Forecast, Parameters};
use super::method::Method;
use super::outlook::Outlook;
use super::series::{DemandSeries, Mean, WEEK, Weekdays, float};
use super::spread::{SUMMED_DAYS, Spread, safety};

/// The demand of the category counts like this number of days of the variant.
const IMAGINARY_DAYS: f64 = 14.0;

/// The mean of several forecasts.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The mean demand of one variant on one day.
    level: f64,
    factors: Weekdays,
    spread: Spread,
    /// The safety stock for 1 to `SUMMED_DAYS` days, in units of the square root of the level.
    safety: Vec<f64>,
}

impl Profile {
    /// The mean of the forecasts that are computed from the past of their own variants. None without such forecasts.
    #[must_use]
    pub fn mean(forecasts: &[Forecast]) -> Option<Self> {
        let own: Vec<&Forecast> = forecasts.iter().filter(|one| one.method != Method::CategoryProfile).collect();
        let spreads: Vec<Spread> = own.iter().filter_map(|one| one.spread).collect();
        let spread = Spread::mean(&spreads)?;
        // Monday is the weekday 0.
        let weeks = own.iter().flat_map(|one| one.outlook.days(0).take(WEEK).enumerate());
        let (mut level, mut sums) = (Mean::default(), Weekdays::default());
        weeks.for_each(|(weekday, units)| {
            level.add(units);
            sums.add(weekday, units);
        });
        let mean = level.get() * float(own.len());
        let factors = if mean > 0.0 { sums.map(|sum| sum / mean) } else { Weekdays::all(1.0) };
        let safety = (1..=SUMMED_DAYS).map(|days| {
            let mut mean = Mean::default();
            own.iter().for_each(|one| mean.add(one.safety_over(days) / root(week_mean(&one.outlook))));
            mean.get()
        });
        Some(Self { level: level.get(), factors, spread, safety: safety.collect() })
    }
}

/// The forecast of a variant with a short past. Without a profile, it is the mean of the known days, with the errors of
/// this mean.
pub(super) fn forecast(series: &DemandSeries, profile: Option<&Profile>, service_level: f64) -> Forecast {
    let known: Vec<(usize, f64)> = series.known_before(series.len()).collect();
    let Some(profile) = profile else { return without_profile(series, &known, service_level) };
    let units: f64 = known.iter().map(|(_, units)| units).sum();
    let expected: f64 = known.iter().map(|(weekday, _)| profile.factors.get(*weekday)).sum();
    let level = IMAGINARY_DAYS.mul_add(profile.level, units) / (IMAGINARY_DAYS + expected);
    let outlook = Outlook { factors: profile.factors, ..Outlook::flat(level) };
    Forecast {
        spread: Some(profile.spread),
        safety: profile.safety.iter().map(|safety| safety * root(level)).collect(),
        ..of_outlook(series, outlook)
    }
}

fn without_profile(series: &DemandSeries, known: &[(usize, f64)], service_level: f64) -> Forecast {
    let expected = series.mean_before(series.len());
    let errors: Vec<Comparison> =
        (0..).zip(known).map(|(day, (_, units))| Comparison { day, ahead: 0, expected, units: *units }).collect();
    let sums = (1..=SUMMED_DAYS).map(|days| {
        let windows = known.windows(days);
        windows.map(|days| days.iter().map(|(_, units)| units - expected).sum()).collect()
    });
    Forecast {
        spread: (!errors.is_empty()).then(|| Spread::measure(&errors, errors.len())),
        safety: safety(sums.collect(), service_level),
        ..of_outlook(series, Outlook::flat(expected))
    }
}

fn of_outlook(series: &DemandSeries, outlook: Outlook) -> Forecast {
    Forecast {
        method: if outlook.level > 0.0 { Method::CategoryProfile } else { Method::Zero },
        parameters: Parameters::new(),
        first_day: series.next_day(),
        outlook,
        accuracy: Accuracy::default(),
        spread: None,
        safety: Vec::new(),
    }
}

fn week_mean(outlook: &Outlook) -> f64 {
    outlook.days(0).take(WEEK).sum::<f64>() / float(WEEK)
}

fn root(level: f64) -> f64 {
    level.max(0.01).sqrt()
}
