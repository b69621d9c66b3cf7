//! Deletes data that is not needed any more.

use chrono::Utc;

use super::Jobs;
use super::discover::{Round, by_store};
use crate::accounts::queries::{password_resets, sessions};
use crate::db::{End, Failure};
use crate::idempotency::queries as answers;

/// The number of rows in one transaction. It is small, so that other requests wait only briefly.
const BATCH_SIZE: i64 = 1_000;

impl Jobs {
    /// Deletes stored answers that are older than the configured time. Returns their number.
    pub async fn purge_keys(self) -> Result<usize, Failure> {
        let before = answers::purge_before(self.keep_hours);
        let mut purged = 0;
        loop {
            let mut round = Round::default();
            let old = self.discover("discover_old_keys", &mut round, move |conn, store| {
                Ok(answers::discover_old(conn, store, before, BATCH_SIZE)?)
            });
            for (store, keys) in by_store(old.await) {
                let forget = move |conn: &mut _| Ok(End::Commit(answers::purge(conn, store, before, &keys)?));
                round.add(self.database.write("purge_keys", forget).await);
            }
            if let Some(result) = round.end(&mut purged) {
                return result;
            }
        }
    }

    /// Deletes expired sessions and mailed links. Returns their number.
    pub async fn purge_sessions(self) -> Result<usize, Failure> {
        let mut purged: usize = 0;
        loop {
            let forget = |conn: &mut _| {
                let ended = sessions::purge(conn, Utc::now(), BATCH_SIZE)?;
                let links = password_resets::purge(conn, Utc::now(), BATCH_SIZE)?;
                Ok(End::Commit(ended.saturating_add(links)))
            };
            match self.database.write("purge_sessions", forget).await? {
                0 => return Ok(purged),
                count => purged = purged.saturating_add(count),
            }
        }
    }
}
