//! The health of a webhook: since when its attempts fail, and when it is turned off.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::delivery::Attempt;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The reason why a webhook is off.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum OffReason {
        /// Staff turned it off.
        Paused,
        /// All attempts of five days failed.
        Failing,
        /// The receiver answered 410.
        Gone,
    }
}

impl OffReason {
    /// The reason in a sentence.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Paused => "Staff turned it off.",
            Self::Failing => "All attempts of five days failed.",
            Self::Gone => "The receiver answered 410 Gone.",
        }
    }
}

/// A webhook whose attempts fail for this time is turned off.
const TURNED_OFF_AFTER: Duration = Duration::days(5);

/// The health after some attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    pub failing_since: Option<DateTime<Utc>>,
    /// The reason to turn the webhook off now.
    pub off: Option<OffReason>,
}

/// Finds the health of a webhook after these attempts.
#[must_use]
pub fn assess(failing_since: Option<DateTime<Utc>>, attempts: &[&Attempt]) -> Health {
    let gone = attempts.iter().any(|attempt| attempt.is_gone()).then_some(OffReason::Gone);
    if attempts.iter().any(|attempt| attempt.is_success()) {
        return Health { failing_since: None, off: gone };
    }
    let failing_since = failing_since.or_else(|| attempts.iter().map(|attempt| attempt.at).min());
    let last = attempts.iter().map(|attempt| attempt.at).max();
    let failing_time = failing_since.zip(last).map(|(since, last)| last.signed_duration_since(since));
    let is_over = failing_time.is_some_and(|time| time >= TURNED_OFF_AFTER);
    Health { failing_since, off: gone.or(is_over.then_some(OffReason::Failing)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    fn attempt(hours: i64, status: u16) -> Attempt {
        Attempt { at: at(hours), status: Some(status), duration_ms: 1, answer: None, error: None }
    }

    #[test]
    fn five_days_of_failures_turn_a_webhook_off() {
        let after_failure = |since: Option<i64>, hours| assess(since.map(at), &[&attempt(hours, 500)]);
        assert_eq!(after_failure(None, 7), Health { failing_since: Some(at(7)), off: None });
        assert_eq!(after_failure(Some(7), 126), Health { failing_since: Some(at(7)), off: None });
        let off = Health { failing_since: Some(at(7)), off: Some(OffReason::Failing) };
        assert_eq!(after_failure(Some(7), 127), off);
    }

    #[test]
    fn a_success_ends_the_failures() {
        let (good, bad) = (attempt(200, 204), attempt(201, 500));
        assert_eq!(assess(Some(at(1)), &[&bad, &good]), Health { failing_since: None, off: None });
    }

    #[test]
    fn gone_turns_a_webhook_off_at_once() {
        let health = assess(None, &[&attempt(1, 410)]);
        assert_eq!((health.failing_since, health.off), (Some(at(1)), Some(OffReason::Gone)));
    }
}
