//! A delivery: an event for a webhook, and the attempts to send it.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::json_column::json_column;
use crate::kernel::moment::after;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The state of a delivery.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum DeliveryState {
        /// It waits for its first or its next attempt.
        Pending,
        Succeeded,
        /// All attempts failed.
        Failed,
    }
}

text_enum! {
    /// The reason why an attempt has no response.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum AttemptError {
        /// There was no response within 15 seconds. The end of its body is not awaited.
        TimedOut,
        /// The URL or the address of its name is not public.
        AddressNotAllowed,
        NameNotFound,
        /// There was no connection, its encryption failed, or it ended before the response.
        ConnectionFailed,
        /// The server could not make the body of the request, so nothing was sent. Its log has the reason.
        BodyNotMade,
    }
}

/// One attempt to send a delivery, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    /// Null without a response.
    pub status: Option<u16>,
    pub duration_ms: i64,
    /// The first 1,024 bytes of the body of the response.
    pub answer: Option<String>,
    /// Null with a response.
    pub error: Option<AttemptError>,
}

json_column! {
    /// The attempts of a delivery, in their order.
    pub struct Attempts(pub Vec<Attempt>);
}

impl Attempt {
    /// An attempt for which the server could not create the body.
    #[must_use]
    pub const fn without_body(at: DateTime<Utc>) -> Self {
        Self { at, status: None, duration_ms: 0, answer: None, error: Some(AttemptError::BodyNotMade) }
    }

    /// True if something was sent, so that the attempt shows something about the receiver.
    #[must_use]
    pub fn is_of_receiver(&self) -> bool {
        self.error != Some(AttemptError::BodyNotMade)
    }

    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// True if the receiver asks for no further requests.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Seconds until the next attempt, by the number of failed attempts. After the last one the delivery has failed.
const PAUSES_SECONDS: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// Up to a tenth is added to each pause, so that the deliveries of an outage are not all repeated at the same time.
const MAX_JITTER_PER_MILLE: i64 = 100;

/// The longest wait that a receiver can ask for by `Retry-After`.
const MAX_RETRY_AFTER_SECONDS: i64 = 36_000;

/// The time for which other servers skip a delivery that is being sent. It is longer than the attempts of a claim, which
/// have time limits for the head and for the body of a response.
pub const LEASE: Duration = Duration::seconds(30);

/// The state of a delivery after an attempt. The time of the next attempt is there exactly while it is pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    pub state: DeliveryState,
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// A random number from 0 to the given one.
pub type Chance = fn(i64) -> i64;

/// Decides what follows an attempt. `failed_before` is the number of attempts before this one, `retry_after` the seconds
/// that the receiver asks to wait.
#[must_use]
pub fn settle(
    attempt: &Attempt,
    failed_before: i64,
    retry_after: Option<i64>,
    ended_at: DateTime<Utc>,
    chance: Chance,
) -> Settled {
    if attempt.is_success() {
        return Settled { state: DeliveryState::Succeeded, next_attempt_at: None };
    }
    let pause = usize::try_from(failed_before).ok().and_then(|index| PAUSES_SECONDS.get(index));
    let Some(pause) = pause else { return Settled { state: DeliveryState::Failed, next_attempt_at: None } };
    let asked = retry_after.unwrap_or(0).clamp(0, MAX_RETRY_AFTER_SECONDS);
    let milliseconds = (*pause).max(asked).saturating_mul(1_000_i64.saturating_add(chance(MAX_JITTER_PER_MILLE)));
    Settled {
        state: DeliveryState::Pending,
        next_attempt_at: Some(after(ended_at, Duration::milliseconds(milliseconds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(status: u16) -> Attempt {
        Attempt { at: DateTime::UNIX_EPOCH, status: Some(status), duration_ms: 1, answer: None, error: None }
    }

    fn pause(failed_before: i64, retry_after: Option<i64>, chance: Chance) -> Option<i64> {
        let settled = settle(&attempt(500), failed_before, retry_after, DateTime::UNIX_EPOCH, chance);
        assert_eq!(settled.state == DeliveryState::Pending, settled.next_attempt_at.is_some());
        settled.next_attempt_at.map(|at| at.timestamp())
    }

    #[test]
    fn a_failed_delivery_is_repeated_by_the_schedule() {
        let schedule: Vec<i64> = (0..7).map(|failed| pause(failed, None, |_| 0).unwrap()).collect();
        assert_eq!(schedule, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!(pause(7, None, |_| 0), None);
        assert_eq!(pause(1, None, |most| most), Some(330));
    }

    #[test]
    fn a_receiver_can_ask_to_wait_longer_but_not_shorter() {
        assert_eq!(pause(0, Some(120), |_| 0), Some(120));
        assert_eq!(pause(1, Some(120), |_| 0), Some(300));
        assert_eq!(pause(0, Some(i64::MAX), |_| 0), Some(36_000));
        assert_eq!(pause(0, Some(-1), |_| 0), Some(5));
    }

    #[test]
    fn only_2xx_is_a_success() {
        for (status, state) in [
            (200, DeliveryState::Succeeded),
            (204, DeliveryState::Succeeded),
            (299, DeliveryState::Succeeded),
            (199, DeliveryState::Pending),
            (302, DeliveryState::Pending),
            (404, DeliveryState::Pending),
            (410, DeliveryState::Pending),
        ] {
            assert_eq!(settle(&attempt(status), 0, None, DateTime::UNIX_EPOCH, |_| 0).state, state, "{status}");
        }
    }
}
