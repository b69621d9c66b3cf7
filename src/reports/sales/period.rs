//! The days of a report, and the parts that it lists.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::error::ApiError;
use crate::kernel::text_enum::text_enum;

/// The maximal number of days of a report.
pub const MAX_DAYS: u64 = 1_100;

/// The number of days without `from`.
const DEFAULT_DAYS: u64 = 30;

text_enum! {
    /// The earlier period that a report is compared with.
    #[strum(serialize_all = "snake_case")]
    pub enum Compare {
        Previous,
        Year,
    }
}

/// Days of a store, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// The requested days. Without `to`, the last one is today; without `from`, there are 30.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Result<Self, ApiError> {
        let to = to.unwrap_or(today);
        let from = from.unwrap_or_else(|| before(to, DEFAULT_DAYS.saturating_sub(1)));
        let period = Self { from, to };
        if from > to {
            return Err(ApiError::field("from", "must not be after to"));
        }
        if period.days() > MAX_DAYS {
            return Err(ApiError::field("from", format!("must give at most {MAX_DAYS} days up to to")));
        }
        Ok(period)
    }

    #[must_use]
    pub fn days(&self) -> u64 {
        u64::try_from(self.to.signed_duration_since(self.from).num_days()).unwrap_or_default().saturating_add(1)
    }

    /// The period that this one is compared with: as many days just before it, or the same days of the year before. The
    /// 29 February becomes the 28.
    #[must_use]
    pub fn compared(&self, compare: Compare) -> Self {
        match compare {
            Compare::Previous => Self { from: before(self.from, self.days()), to: before(self.from, 1) },
            Compare::Year => {
                let year_before = |day: NaiveDate| day.checked_sub_months(Months::new(12)).unwrap_or(day);
                Self { from: year_before(self.from), to: year_before(self.to) }
            }
        }
    }

    #[must_use]
    pub const fn ends(&self) -> (NaiveDate, NaiveDate) {
        (self.from, self.to)
    }
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

/// The length of the parts of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Day,
    Week,
    Month,
}

impl Step {
    /// The name of the part that contains a day: `2026-11-21`, `2026-W47` or `2026-11`. Weeks begin on Mondays.
    #[must_use]
    pub fn key(self, day: NaiveDate) -> String {
        match self {
            Self::Day => day.to_string(),
            Self::Week => day.format("%G-W%V").to_string(),
            Self::Month => day.format("%Y-%m").to_string(),
        }
    }

    /// The parts of a period, ascending. The first and the last one have only days of the period.
    #[must_use]
    pub fn parts(self, period: &Period) -> Vec<Period> {
        let mut parts = Vec::new();
        let mut from = period.from;
        while from <= period.to {
            let to = self.last_day(from).min(period.to);
            parts.push(Period { from, to });
            let Some(next) = to.succ_opt() else { break };
            from = next;
        }
        parts
    }

    /// The last day of the part that contains a day.
    fn last_day(self, day: NaiveDate) -> NaiveDate {
        let last = match self {
            Self::Day => Some(day),
            Self::Week => {
                let rest = 6_u32.saturating_sub(day.weekday().num_days_from_monday());
                day.checked_add_days(Days::new(u64::from(rest)))
            }
            Self::Month => {
                let next = day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1)));
                next.and_then(|next| next.pred_opt())
            }
        };
        last.unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn period(from: &str, to: &str) -> Period {
        Period { from: day(from), to: day(to) }
    }

    #[test]
    fn a_period_has_both_of_its_ends() {
        let today = day("2026-11-21");
        let read = |text: &str| (!text.is_empty()).then(|| day(text));
        let new = |from: &str, to: &str| Period::new(read(from), read(to), today);
        assert_eq!(new("", "").unwrap(), period("2026-10-23", "2026-11-21"));
        assert_eq!(new("", "").unwrap().days(), 30);
        assert_eq!(new("2026-11-21", "2026-11-21").unwrap().days(), 1);
        assert_eq!(new("2023-11-18", "").unwrap().days(), 1_100);
        for (from, to) in [("2026-11-22", ""), ("2026-11-02", "2026-11-01"), ("2023-11-17", "")] {
            assert_eq!(new(from, to).unwrap_err().extra.errors[0].field, "from", "{from} {to}");
        }
    }

    #[test]
    fn a_period_is_compared_with_as_many_days_before_it_or_with_the_same_days_a_year_before() {
        let november = period("2026-11-01", "2026-11-30");
        assert_eq!(november.compared(Compare::Previous), period("2026-10-02", "2026-10-31"));
        assert_eq!(november.compared(Compare::Year), period("2025-11-01", "2025-11-30"));
        let leap = period("2028-02-29", "2028-02-29");
        assert_eq!(leap.compared(Compare::Year), period("2027-02-28", "2027-02-28"));
    }

    #[test]
    fn the_parts_of_a_period_have_all_of_its_days_once() {
        let of = |step: Step, from: &str, to: &str| step.parts(&period(from, to));
        assert_eq!(of(Step::Day, "2026-02-28", "2026-03-01").len(), 2);
        // The 1 January 2027 is a Friday.
        let weeks = of(Step::Week, "2026-12-30", "2027-01-12");
        assert_eq!(
            weeks,
            [
                period("2026-12-30", "2027-01-03"),
                period("2027-01-04", "2027-01-10"),
                period("2027-01-11", "2027-01-12"),
            ]
        );
        assert_eq!(Step::Week.key(day("2027-01-03")), "2026-W53");
        assert_eq!(Step::Week.key(day("2027-01-04")), "2027-W01");
        let months = of(Step::Month, "2026-01-31", "2026-03-01");
        let expected = [("2026-01-31", "2026-01-31"), ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-01")];
        assert_eq!(months, expected.map(|(from, to)| period(from, to)));
        assert_eq!(Step::Month.key(day("2026-02-03")), "2026-02");
        assert_eq!(Step::Day.key(day("2026-02-03")), "2026-02-03");
    }
}
