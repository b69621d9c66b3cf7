//! The days of the history. They are those of India, where the store is.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc, Weekday};

/// The time zone of the store. It has no summer time.
pub(super) const TIME_ZONE: &str = "Asia/Kolkata";
const MINUTES_BEFORE_UTC: i64 = 330;

/// The days from the opening to the present.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// The present.
    pub end: DateTime<Utc>,
    pub days: i64,
}

impl Calendar {
    pub fn today(&self) -> NaiveDate {
        day_of(self.end)
    }

    /// The days in their order. The last one is today.
    pub fn all_days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let (today, days) = (self.today(), self.days);
        (0..=days).rev().filter_map(move |ago| today.checked_sub_signed(Duration::days(ago)))
    }

    /// The store opens early in the morning of the first day.
    pub fn opening(&self) -> DateTime<Utc> {
        let first = self.all_days().next().unwrap_or_else(|| self.today());
        at(first, 6, 0)
    }

    /// The days from this one to today.
    pub fn days_ago(&self, day: NaiveDate) -> i64 {
        self.today().signed_duration_since(day).num_days()
    }
}

/// The day of a time.
pub(super) fn day_of(time: DateTime<Utc>) -> NaiveDate {
    (time + Duration::minutes(MINUTES_BEFORE_UTC)).date_naive()
}

/// A time of a day.
pub(super) fn at(day: NaiveDate, hour: i64, minute: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + Duration::minutes(hour * 60 + minute - MINUTES_BEFORE_UTC)
}

/// The orders of a day in percent of the average: most people shop at the end of the week.
pub(super) fn busyness(day: NaiveDate) -> i64 {
    match day.weekday() {
        Weekday::Mon => 85,
        Weekday::Tue => 80,
        Weekday::Wed => 90,
        Weekday::Thu => 95,
        Weekday::Fri => 110,
        Weekday::Sat => 130,
        Weekday::Sun => 120,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_india() {
        let end: DateTime<Utc> = "2026-03-01T18:40:00Z".parse().unwrap();
        let calendar = Calendar { end, days: 2 };
        assert_eq!(calendar.today().to_string(), "2026-03-02");
        assert_eq!(calendar.opening().to_rfc3339(), "2026-02-28T00:30:00+00:00");
        assert_eq!(calendar.all_days().count(), 3);
        assert_eq!(calendar.days_ago(day_of(calendar.opening())), 2);
    }
}
