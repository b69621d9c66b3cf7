//! Chooses the candidate with the smallest errors in the past of a variant.

use super::backtest::{Backtest, Comparison, HORIZON, Score};
use super::forecast::{Accuracy, Forecast};
use super::method::{CANDIDATES, Candidate, Fitted};
use super::outlook::Outlook;
use super::profile::Profile;
use super::series::{DemandSeries, Mean, WEEK};
use super::spread::{self, SUMMED_DAYS, Spread};

/// The number of known days that a variant needs for a forecast from its own past.
pub const MIN_DAYS: usize = 8 * WEEK;

/// A later candidate, which is more complex, must be better by this share to be chosen.
const MARGIN: f64 = 0.01;

/// The demand after the days of the series. `service_level` is the share of lead times whose demand the safety stock
/// covers. `profile` is that of the category, for a variant with a short past.
#[must_use]
pub fn forecast(series: &DemandSeries, profile: Option<&Profile>, service_level: f64) -> Forecast {
    if series.known_days() < MIN_DAYS {
        return super::profile::forecast(series, profile, service_level);
    }
    let backtest = Backtest::new(series);
    let (candidate, outlooks, score) = best(series, &backtest);
    let (fitted, outlook) = fit_whole(candidate, series);
    let mut comparisons = Vec::with_capacity(outlooks.len().saturating_mul(HORIZON));
    backtest.compare(&outlooks, |comparison| comparisons.push(comparison));
    Forecast {
        method: candidate.method(),
        parameters: named(&fitted),
        first_day: series.next_day(),
        outlook,
        accuracy: accuracy(series, &backtest, score, &comparisons),
        spread: Some(Spread::measure(&comparisons, outlooks.len())),
        safety: spread::safety(backtest.shortfalls(&outlooks, SUMMED_DAYS), service_level),
    }
}

fn best(series: &DemandSeries, backtest: &Backtest<'_>) -> (Candidate, Vec<Outlook>, Score) {
    let try_out = |candidate: Candidate| {
        let fitted = candidate.fit(series, backtest.from);
        let outlooks = fitted.outlooks(series, backtest.from, backtest.last());
        let score = backtest.score(&outlooks);
        (candidate, outlooks, score)
    };
    let mut best = try_out(Candidate::Zero);
    for candidate in CANDIDATES.into_iter().skip(1) {
        if !suits(candidate, series) {
            continue;
        }
        let next = try_out(candidate);
        if next.2.total() < best.2.total() * (1.0 - MARGIN) {
            best = next;
        }
    }
    best
}

/// True if the candidate suits the demand. Methods for intermittent demand need days without demand. Trends and
/// changing patterns need demand on most days: otherwise they would follow random changes.
fn suits(candidate: Candidate, series: &DemandSeries) -> bool {
    let mut share = Mean::default();
    series.known_before(series.len()).for_each(|(_, units)| share.add(f64::from(u8::from(units > 0.0))));
    match candidate {
        Candidate::Sba | Candidate::Tsb => share.get() < 0.9,
        Candidate::Ets(_) => share.get() > 0.5,
        _ => share.get() > 0.0,
    }
}

/// Fits the candidate to all days.
fn fit_whole(candidate: Candidate, series: &DemandSeries) -> (Fitted, Outlook) {
    let fitted = candidate.fit(series, series.len());
    let outlook = fitted.outlooks(series, series.len(), series.len()).into_iter().next();
    (fitted, outlook.unwrap_or(Outlook::flat(0.0)))
}

fn named(fitted: &Fitted) -> super::forecast::Parameters {
    fitted.parameters().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn accuracy(series: &DemandSeries, backtest: &Backtest<'_>, score: Score, comparisons: &[Comparison]) -> Accuracy {
    Accuracy {
        mase: series.seasonal_naive_error().map(|naive| score.absolute / naive),
        bias: Some(score.bias),
        coverage: spread::measure_coverage(comparisons, backtest.from, series.len()),
    }
}
