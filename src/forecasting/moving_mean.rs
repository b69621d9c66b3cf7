//! The mean of the last days, with the pattern of the week of the last half year.

use super::outlook::Outlook;
use super::series::{DemandSeries, Weekdays};

/// The days of the pattern of the week.
const PATTERN_DAYS: usize = 182;

/// The outlook at the end of the days before a day. The mean is that of the last `window` days.
pub fn outlook(series: &DemandSeries, end: usize, window: usize) -> Outlook {
    let factors = Weekdays::factors(last(series, end, PATTERN_DAYS));
    // If a weekday is missing among the days, the mean of the demand would be wrong. So the sum of the demand is divided by
    // the sum of the factors.
    let (mut units, mut expected) = (0.0, 0.0);
    for (weekday, demand) in last(series, end, window) {
        units += demand;
        expected += factors.get(weekday);
    }
    let level = if expected > 0.0 { units / expected } else { series.mean_before(end) };
    Outlook { factors, ..Outlook::flat(level) }
}

/// The known days among the last ones before a day.
fn last(series: &DemandSeries, end: usize, days: usize) -> impl Iterator<Item = (usize, f64)> {
    series.between(end.saturating_sub(days), end).filter_map(|(weekday, units)| Some((weekday, units?)))
}
