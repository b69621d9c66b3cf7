//! Points in time, and days.

use chrono::{DateTime, Datelike, Duration, NaiveDate, SubsecRound, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The time this much later, or the latest possible time.
pub fn after(time: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    time.checked_add_signed(duration).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Reads an optional time from a query string. RFC 3339 has years of four digits. The library accepts more, but
/// PostgreSQL cannot store all of them.
pub fn in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    read(&String::deserialize(deserializer)?).map(Some).ok_or_else(|| D::Error::custom(UNREADABLE))
}

const UNREADABLE: &str = "must be a time with its offset, such as 2026-11-21T10:30:00Z";

fn read(text: &str) -> Option<DateTime<Utc>> {
    let moment = text.parse::<DateTime<Utc>>().ok();
    moment.filter(|moment| (0..=9999).contains(&moment.year()))
}

/// Reads an optional day from a query string.
pub fn day_in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    Day::deserialize(deserializer).map(|day| Some(day.0))
}

/// A day in a body, as in 2026-11-21. Days before the year 2000 are refused as typing errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = Date, min_length = 10, max_length = 10)]
pub struct Day(pub NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The library also accepts years of more digits, and blanks before numbers.
        let is_iso = |day: &NaiveDate| (2000..=9999).contains(&day.year()) && day.to_string() == text;
        let day = text.parse::<NaiveDate>().ok().filter(is_iso);
        day.map(Self).ok_or_else(|| D::Error::custom("must be a day from the year 2000 on, such as 2026-11-21"))
    }
}

/// A time in a body, as in 2026-11-21T10:30:00Z. It has microseconds, like the times of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime, max_length = 64)]
pub struct Moment(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment = read(&String::deserialize(deserializer)?).map(|moment| Self(moment.trunc_subsecs(6)));
        moment.ok_or_else(|| D::Error::custom(UNREADABLE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Query {
        #[serde(default, deserialize_with = "in_query")]
        from: Option<DateTime<Utc>>,
    }

    #[test]
    fn a_day_has_ten_characters() {
        let read = |text: &str| serde_json::from_value::<Day>(serde_json::json!(text)).map(|day| day.0.to_string());
        for day in ["2026-02-28", "2000-01-01"] {
            assert_eq!(read(day).unwrap(), day);
        }
        for refused in [
            "2026-02-29",
            "2026-2-28",
            "2026- 2-28",
            "0000-01-01",
            "+12026-01-1",
            "2026-02-28T00:00:00Z",
            "1999-12-31",
            "",
        ] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_moment_in_a_body_has_an_offset_and_microseconds() {
        let read = |text: &str| serde_json::from_value::<Moment>(serde_json::json!(text)).map(|moment| moment.0);
        assert_eq!(read("2026-11-21T10:30:00.1234567+05:30").unwrap().to_rfc3339(), "2026-11-21T05:00:00.123456+00:00");
        for refused in ["2026-11-21T10:30:00", "2026-11-21", "+12026-01-01T00:00:00Z", "now", ""] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_moment_is_optional_and_has_a_year_of_four_digits() {
        let read = |query: &str| serde_urlencoded::from_str::<Query>(query).map(|query| query.from);
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("from=2026-11-21T00:00:00Z").unwrap().unwrap().year(), 2026);
        for refused in ["-262000-01-01T00:00:00Z", "%2B262000-01-01T00:00:00Z", "yesterday"] {
            assert!(read(&format!("from={refused}")).is_err(), "{refused}");
        }
    }
}
