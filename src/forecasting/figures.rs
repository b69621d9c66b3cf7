//! The speed and the steadiness of the sales of a variant. Pure: it needs no database.

use super::series::{DemandSeries, Mean, WEEK, float};

/// The number of days of sales from which the figures are computed.
pub const FIGURE_DAYS: usize = 90;

/// The number of weeks whose sales are compared with each other.
const WEEKS: usize = 12;

/// The number of known weeks that a variation needs.
const MIN_WEEKS: f64 = 4.0;

/// The figures of the last days.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SalesFigures {
    /// The mean of the units sold on the days with stock among the last 7 days. None without such days.
    pub velocity_7: Option<f64>,
    pub velocity_30: Option<f64>,
    pub velocity_90: Option<f64>,
    /// The standard deviation of the units of a week, divided by their mean. None with little or no sales.
    pub variation: Option<f64>,
}

impl SalesFigures {
    #[must_use]
    pub fn new(past: &DemandSeries) -> Self {
        Self {
            velocity_7: velocity(past, WEEK),
            velocity_30: velocity(past, 30),
            velocity_90: velocity(past, FIGURE_DAYS),
            variation: variation(past),
        }
    }
}

fn velocity(past: &DemandSeries, days: usize) -> Option<f64> {
    let mut mean = Mean::default();
    last(past, days).flatten().for_each(|units| mean.add(units));
    (mean.count() > 0.0).then(|| mean.get())
}

fn last(past: &DemandSeries, days: usize) -> impl Iterator<Item = Option<f64>> {
    past.between(past.len().saturating_sub(days), past.len()).map(|(_, units)| units)
}

/// If some days of a week are gaps, the units of its known days are scaled up. Weeks without known days are left out.
fn variation(past: &DemandSeries) -> Option<f64> {
    let days: Vec<Option<f64>> = last(past, WEEKS * WEEK).collect();
    let weeks: Vec<f64> = days.rchunks_exact(WEEK).filter_map(units_of_week).collect();
    let mean = weeks.iter().sum::<f64>() / float(weeks.len());
    if float(weeks.len()) < MIN_WEEKS || mean <= 0.0 {
        return None;
    }
    let squares: f64 = weeks.iter().map(|units| (units - mean) * (units - mean)).sum();
    Some((squares / float(weeks.len())).sqrt() / mean)
}

fn units_of_week(days: &[Option<f64>]) -> Option<f64> {
    let mut mean = Mean::default();
    days.iter().flatten().for_each(|units| mean.add(*units));
    (mean.count() > 0.0).then(|| mean.get() * float(WEEK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(days: impl IntoIterator<Item = Option<f64>>) -> SalesFigures {
        SalesFigures::new(&DemandSeries::new("2026-01-05".parse().unwrap(), days))
    }

    #[test]
    fn velocities_leave_days_without_stock_out() {
        // 60 days with 1 unit, then 23 days with 3 units, then a week of which two days are gaps, with 2 units.
        let week = [Some(2.0), None, Some(2.0), Some(2.0), None, Some(2.0), Some(2.0)];
        let days = [Some(1.0); 60].into_iter().chain([Some(3.0); 23]).chain(week);
        let found = figures(days);
        assert_eq!(found.velocity_7, Some(2.0));
        assert_eq!(found.velocity_30, Some((23.0 * 3.0 + 10.0) / 28.0));
        assert_eq!(found.velocity_90, Some((60.0 + 69.0 + 10.0) / 88.0));
        assert_eq!(figures([]), SalesFigures::default());
        assert_eq!(figures([Some(1.0), None]).velocity_7, Some(1.0));
    }

    #[test]
    fn the_variation_is_that_of_weeks() {
        let weeks = |units: &[f64]| {
            let days = units.iter().flat_map(|units| std::iter::repeat_n(Some(*units), WEEK));
            figures(days).variation
        };
        assert_eq!(weeks(&[3.0; 12]), Some(0.0));
        // The mean is 2 and the deviation is 1.
        assert_eq!(weeks(&[1.0, 3.0, 1.0, 3.0]), Some(0.5));
        // Older weeks are left out.
        assert_eq!(weeks(&[9.0, 9.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0]), Some(0.5));
        assert_eq!((weeks(&[1.0; 3]), weeks(&[0.0; 12])), (None, None));
    }
}
