//! An observation of a stock row: somebody counted its units at some time, which may be before other movements.

use chrono::{DateTime, Duration, Utc};

/// The units that somebody counted, and the time of the observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    pub counted: i64,
    pub at: DateTime<Utc>,
}

/// A stock row at the time of an observation, computed from the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockAtObservation {
    /// The units on the shelf: for sale and sold.
    pub on_hand: i64,
    /// The time of the newest observation that was posted.
    pub newest_observation: Option<DateTime<Utc>>,
    /// True if units moved within 10 minutes of the observation.
    pub touched: bool,
}

impl StockAtObservation {
    /// The units by which the stock is wrong. None if a newer observation was posted.
    #[must_use]
    pub fn variance(&self, observation: Observation) -> Option<i64> {
        let is_superseded = self.newest_observation.is_some_and(|newest| newest > observation.at);
        (!is_superseded).then(|| observation.counted.saturating_sub(self.on_hand))
    }
}

/// The latest time of an observation, compared with the clock of the server, in seconds.
pub const MAX_SECONDS_AHEAD: i64 = 60;

/// True if an observation at this time is too far in the future.
#[must_use]
pub fn is_ahead_of_clock(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at.signed_duration_since(now) > Duration::seconds(MAX_SECONDS_AHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_may_be_a_minute_ahead_of_the_clock() {
        let now: DateTime<Utc> = "2026-11-21T10:30:00Z".parse().unwrap();
        assert!(
            !is_ahead_of_clock(now + Duration::seconds(60), now) && !is_ahead_of_clock(now - Duration::days(1), now)
        );
        assert!(is_ahead_of_clock(now + Duration::seconds(60) + Duration::microseconds(1), now));
    }
}
