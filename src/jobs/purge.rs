//! Forgets what nobody can ask for any more.

use chrono::Utc;

use super::Jobs;
use crate::accounts::queries::{password_resets, sessions};
use crate::db::{End, Failure};
use crate::idempotency;

/// Rows deleted in one transaction: few enough to be quick, so that others wait little.
const AT_A_TIME: i64 = 1_000;

impl Jobs {
    /// Forgets stored answers that are older than the promise. Returns how many.
    pub async fn purge_keys(&self) -> Result<usize, Failure> {
        let keep_hours = self.keep_hours;
        let mut purged: usize = 0;
        loop {
            let before = idempotency::queries::keep_until(keep_hours);
            let forget = move |conn: &mut _| Ok(End::Commit(idempotency::queries::purge(conn, before, AT_A_TIME)?));
            match self.database.write("purge_keys", forget).await? {
                0 => return Ok(purged),
                count => purged = purged.saturating_add(count),
            }
        }
    }

    /// Forgets sessions and mailed links that have run out. Returns how many.
    pub async fn purge_sessions(&self) -> Result<usize, Failure> {
        let mut purged: usize = 0;
        loop {
            let forget = |conn: &mut _| {
                let ended = sessions::purge(conn, Utc::now(), AT_A_TIME)?;
                let links = password_resets::purge(conn, Utc::now(), AT_A_TIME)?;
                Ok(End::Commit(ended.saturating_add(links)))
            };
            match self.database.write("purge_sessions", forget).await? {
                0 => return Ok(purged),
                count => purged = purged.saturating_add(count),
            }
        }
    }

    /// Forgets callers who have been quiet.
    pub async fn tidy_limiters(&self) -> Result<usize, Failure> {
        self.limiters.tidy();
        Ok(0)
    }
}
