//! A mail in the outbox, and the times of its attempts.

use chrono::{DateTime, Duration, Utc};

use crate::kernel::id::StoreId;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a mail. It decides the template, and the source of its values.
    #[strum(serialize_all = "snake_case")]
    pub enum Kind {
        PasswordReset,
        /// The server has turned a webhook off.
        WebhookOff,
    }
}

/// A new mail for the outbox.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    pub store: StoreId,
    pub kind: Kind,
    pub recipient: &'a str,
    pub give_up_at: DateTime<Utc>,
}

/// The key of a mail in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailKey {
    pub store: StoreId,
    pub id: i64,
}

/// A mail in the outbox, locked.
#[derive(Clone, Debug)]
pub struct PendingMail {
    pub key: MailKey,
    pub kind: Kind,
    pub recipient: String,
    /// Attempts before this one.
    pub attempts: i64,
    pub give_up_at: DateTime<Utc>,
}

/// The time for which other servers skip a mail after an attempt began. It is longer than an attempt.
pub const LEASE: Duration = Duration::seconds(60);

/// The number of mails of a store that may wait. The job sends about ten a second, so the last of them is sent before
/// its deadline of one hour.
pub const CAPACITY: i64 = 10_000;

/// Seconds until the next attempt, by the number of failed attempts. The last value is used for all further attempts.
const PAUSES_SECONDS: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// The pause after this many failed attempts.
pub fn pause_after(attempts: i64) -> Duration {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let seconds = PAUSES_SECONDS.get(index).or(PAUSES_SECONDS.last()).copied().unwrap_or(300);
    Duration::seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_last_one() {
        let pauses: Vec<i64> = [0, 1, 2, 7, 100].map(|attempts| pause_after(attempts).num_seconds()).to_vec();
        assert_eq!(pauses, [5, 5, 300, 36_000, 36_000]);
    }
}
