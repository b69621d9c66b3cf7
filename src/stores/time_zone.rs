//! The time zone of a store. Its days and hours are those of this zone.

use chrono::Duration;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::kernel::text_enum::text_enum;

/// The field of requests, responses and audit entries.
pub const TIME_ZONE: &str = "time_zone";

/// Names in the folder of the database's time zones that are none of the IANA database.
const NO_ZONES: [&str; 3] = ["localtime", "posixrules", "Factory"];

/// A name in the form of the IANA time zone database, in its exact spelling. The database of the server decides if the
/// zone exists.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z][A-Za-z0-9_+/-]*$", min_length = 1, max_length = 64)]
pub struct TimeZone(String);

impl TimeZone {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'/');
        let has_form = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic()) && text.bytes().all(is_name);
        // The folder also contains the zones in other encodings.
        let is_copy = text.starts_with("posix/") || text.starts_with("right/");
        if has_form && text.len() <= 64 && !is_copy && !NO_ZONES.contains(&text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UNKNOWN_TIME_ZONE)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_enum! {
    /// The parts of a period.
    #[derive(Default)]
    #[strum(serialize_all = "snake_case")]
    pub enum Interval {
        Hour,
        #[default]
        Day,
    }
}

impl Interval {
    /// The duration of this number of intervals. A day may have more or fewer hours.
    #[must_use]
    pub fn times(self, number: i32) -> Duration {
        match self {
            Self::Hour => Duration::hours(i64::from(number)),
            Self::Day => Duration::days(i64::from(number)),
        }
    }
}

pub const UNKNOWN_TIME_ZONE: &str = "must be a name of the IANA time zone database, such as Europe/Berlin";

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl TryFrom<String> for TimeZone {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_has_the_form_of_a_name() {
        for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "America/Port-au-Prince"] {
            assert_eq!(TimeZone::parse(name).unwrap().as_str(), name);
        }
        let long = "A".repeat(65);
        for refused in ["", "+05:30", "5", "Europe Berlin", "posix/UTC", "right/UTC", "localtime", "<+03>-3", &long] {
            assert!(TimeZone::parse(refused).is_err(), "{refused}");
        }
    }
}
