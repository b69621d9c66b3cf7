//! A waiting mail, which is a row of `mail_outbox`, and the times of its attempts.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::id::StoreId;
use crate::kernel::schema::{schemas, words};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a mail. It decides the template, and the source of its values.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Kind {
        PasswordReset,
        /// The server has turned a webhook off.
        WebhookOff,
        OrderPlaced,
        OrderPaid,
        OrderShipped,
        OrderCancelled,
        OrderRefunded,
        Alert,
        StockNoticeConfirmation,
        BackInStock,
    }
}

schemas! {
    Kind: words::<Kind>().description(Some("The kind of a mail."));
}

/// A new mail to insert.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    pub store: StoreId,
    pub kind: Kind,
    pub recipient: &'a str,
    /// Names the fact that the mail is about. Empty if a kind has only one.
    pub about: String,
    /// The values for the template. None if they are found when the mail is sent.
    pub data: Option<Value>,
    pub give_up_at: DateTime<Utc>,
}

/// The key of a waiting mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailKey {
    pub store: StoreId,
    pub id: i64,
}

/// A waiting mail, locked.
#[derive(Clone, Debug)]
pub struct PendingMail {
    pub key: MailKey,
    pub kind: Kind,
    pub recipient: String,
    pub data: Option<Value>,
    /// Attempts before this one.
    pub attempts: i64,
    pub give_up_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// The time for which other servers skip a mail after an attempt began. An attempt may take longer, because a mail server
/// has ten seconds for each of its many responses. So the sender renews the lease while it waits.
pub const LEASE: Duration = Duration::seconds(60);

/// The time between two renewals. Some of them may fail before the lease ends.
pub const RENEWED_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// The time after which a mail about a fact is given up. It is longer than all pauses together.
pub const LIFETIME: Duration = Duration::hours(30);

/// The largest number of mails of a store that may wait. The job sends about ten a second, so the last of them is sent before
/// its deadline of one hour.
pub const CAPACITY: i64 = 10_000;

/// The largest number of waiting mails that ask for the confirmation of a stock notice. They do not count for `CAPACITY`.
pub const CAPACITY_FOR_CONFIRMATIONS: i64 = 1_000;

/// Seconds until the next attempt, by the number of failed attempts. The last value is used for all further attempts.
const PAUSES_SECONDS: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/// The pause after this many failed attempts. It is up to a fifth shorter at random, so that mails that failed together
/// are not tried together.
pub fn pause_after(attempts: i64) -> Duration {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let seconds = PAUSES_SECONDS.get(index).or(PAUSES_SECONDS.last()).copied().unwrap_or(300);
    let milliseconds = seconds.saturating_mul(1_000);
    let shorter = rand::random_range(0..=milliseconds.checked_div(5).unwrap_or(0));
    Duration::milliseconds(milliseconds.saturating_sub(shorter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_last_one() {
        for (attempts, most) in [(0, 5), (1, 5), (2, 300), (4, 7_200), (7, 36_000), (100, 36_000)] {
            for _ in 0..100 {
                let pause = pause_after(attempts).num_milliseconds();
                assert!((most * 800..=most * 1_000).contains(&pause), "{attempts}: {pause}");
            }
        }
    }

    #[test]
    fn all_pauses_fit_into_the_time_for_which_a_mail_is_tried() {
        assert!(PAUSES_SECONDS.iter().sum::<i64>() < LIFETIME.num_seconds());
    }
}
