//! The days of a store whose demand is read. Pure: it needs no database.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::series::DemandSeries;
use crate::inventory::stock_outs::period::{StockOut, days_without_stock};

/// The number of past days that forecasts use.
pub const PAST_DAYS: i32 = 730;

/// The last days of a store, with their first instants. The last one is the present day, which is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    days: Vec<(NaiveDate, DateTime<Utc>)>,
}

impl Calendar {
    /// The days ascend.
    #[must_use]
    pub fn new(days: Vec<(NaiveDate, DateTime<Utc>)>) -> Self {
        Self { days }
    }

    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.days.last().map(|(day, _)| *day).unwrap_or_default()
    }

    #[must_use]
    pub fn tomorrow(&self) -> NaiveDate {
        self.today().checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
    }

    #[must_use]
    pub fn first(&self) -> NaiveDate {
        self.days.first().map(|(day, _)| *day).unwrap_or_default()
    }

    /// The day that is this number of days before the present one.
    #[must_use]
    pub fn days_ago(&self, days: usize) -> NaiveDate {
        let days = Days::new(u64::try_from(days).unwrap_or_default());
        self.today().checked_sub_days(days).unwrap_or(NaiveDate::MIN)
    }

    /// The first instant of the first day.
    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        self.days.first().map(|(_, at)| *at).unwrap_or_default()
    }

    /// The days before the present one on which a variant was out of stock, ascending.
    pub fn days_without_stock(&self, periods: &[StockOut]) -> Vec<NaiveDate> {
        let bounds: Vec<DateTime<Utc>> = self.days.iter().map(|(_, at)| *at).collect();
        let without = days_without_stock(&bounds, periods);
        let days = self.days.iter().zip(without);
        days.filter_map(|((day, _), without)| without.then_some(*day)).collect()
    }

    /// The demand of a variant up to yesterday. It begins on the day `since`, or with the first sale if that is
    /// earlier. A day out of stock is a gap even if units were sold on it, because buyers may have wanted more.
    #[must_use]
    pub fn demand(&self, since: NaiveDate, sold: &BTreeMap<NaiveDate, i64>, periods: &[StockOut]) -> DemandSeries {
        let first = sold.keys().next().map_or(since, |day| since.min(*day)).max(self.first());
        let without = self.days_without_stock(periods);
        let known = self.days.iter().map(|(day, _)| *day).filter(|day| *day >= first && *day < self.today());
        let demand = known.map(|day| match without.binary_search(&day) {
            Ok(_) => None,
            Err(_) => Some(units(sold.get(&day).copied().unwrap_or_default())),
        });
        DemandSeries::new(first.min(self.today()), demand)
    }
}

/// Units as a float, limited to the range from 0 to 2³² − 1.
fn units(units: i64) -> f64 {
    u32::try_from(units.max(0)).map_or(f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_ends_yesterday_and_has_gaps() {
        let day = |number: u32| NaiveDate::from_ymd_opt(2026, 3, number).unwrap();
        let midnight = |number: u32| day(number).and_hms_opt(0, 0, 0).unwrap().and_utc();
        let calendar = Calendar::new((1..=6).map(|number| (day(number), midnight(number))).collect());
        assert_eq!((calendar.first(), calendar.today(), calendar.tomorrow()), (day(1), day(6), day(7)));
        let sold = BTreeMap::from([(day(2), 4), (day(5), 1), (day(6), 9)]);
        let out = StockOut { started_at: midnight(3), ended_at: Some(midnight(5)) };
        let demand = calendar.demand(day(3), &sold, &[out]);
        let expected = [Some(4.0), None, None, Some(1.0)];
        assert_eq!(demand, DemandSeries::new(day(2), expected));
        assert_eq!(calendar.days_without_stock(&[out]), [day(3), day(4)]);
        assert_eq!(calendar.demand(day(6), &BTreeMap::new(), &[]).len(), 0);
        // An older product begins with the calendar.
        assert_eq!(calendar.demand(day(1), &BTreeMap::new(), &[]).len(), 5);
    }
}
