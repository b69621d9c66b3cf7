//! Deletes data that is not needed any more.

use chrono::{Duration, Utc};

use super::Jobs;
use super::discover::{Run, by_store};
use crate::accounts::queries::password_resets;
use crate::alerts::order_mail_limit;
use crate::alerts::queries::order_mail_counts;
use crate::auth::queries::sessions;
use crate::db::{self, End, Failure};
use crate::idempotency::queries as answers;
use crate::kernel::moment::after;
use crate::webhooks::queries::{deliveries, webhooks};

/// The number of rows in one transaction. It is small, so that other requests wait only briefly.
const BATCH_SIZE: i64 = 1_000;
/// The time for which finished deliveries are kept.
const DELIVERIES_KEPT: Duration = Duration::days(30);

impl Jobs {
    /// Deletes stored responses that are older than the configured time. Returns their number.
    pub async fn purge_keys(self) -> Result<usize, Failure> {
        let before = answers::purge_before(self.keep_hours);
        let mut purged = 0;
        loop {
            let mut run = Run::default();
            let old = self.discover("discover_old_keys", &mut run, move |conn, store| {
                Ok(answers::discover_old(conn, store, before, BATCH_SIZE)?)
            });
            for (store, keys) in by_store(old.await) {
                let forget = move |conn: &mut _| Ok(End::Commit(answers::purge(conn, store, before, &keys)?));
                run.add(self.database.write("purge_keys", forget).await);
            }
            if let Some(result) = run.end(&mut purged) {
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

    /// Deletes the addresses that got mails about orders more than an hour ago. Returns their number.
    pub async fn purge_mail_counts(self) -> Result<usize, Failure> {
        let mut purged = 0;
        loop {
            let mut run = Run::default();
            let old = self.discover("discover_old_mail_counts", &mut run, |conn, store| {
                let before = after(db::clock(conn)?, -order_mail_limit::PERIOD);
                Ok(order_mail_counts::discover_old(conn, store, before, BATCH_SIZE)?)
            });
            for (store, recipients) in by_store(old.await) {
                let forget = move |conn: &mut _| {
                    let before = after(db::clock(conn)?, -order_mail_limit::PERIOD);
                    Ok(End::Commit(order_mail_counts::purge(conn, store, before, &recipients)?))
                };
                run.add(self.database.write("purge_mail_counts", forget).await);
            }
            if let Some(result) = run.end(&mut purged) {
                return result;
            }
        }
    }

    /// Deletes finished deliveries of webhooks that are older than 30 days, and deleted webhooks with all their
    /// deliveries. Returns the number of deliveries.
    pub async fn purge_deliveries(self) -> Result<usize, Failure> {
        let mut purged = 0;
        loop {
            let mut run = Run::default();
            let old = self.discover("discover_old_deliveries", &mut run, |conn, store| {
                let before = after(db::clock(conn)?, -DELIVERIES_KEPT);
                Ok(deliveries::discover_old(conn, store, before, BATCH_SIZE)?)
            });
            for (store, ids) in by_store(old.await) {
                let forget = move |conn: &mut _| Ok(End::Commit(deliveries::purge(conn, store, &ids)?));
                run.add(self.database.write("purge_deliveries", forget).await);
            }
            self.purge_webhooks(&mut run).await;
            if let Some(result) = run.end(&mut purged) {
                return result;
            }
        }
    }

    /// Deletes some deliveries of each deleted webhook, or the webhook if it has none.
    async fn purge_webhooks(&self, run: &mut Run) {
        let deleted =
            self.discover("discover_deleted_webhooks", run, |conn, store| Ok(webhooks::discover_deleted(conn, store)?));
        for key in deleted.await {
            let forget = move |conn: &mut _| {
                let count = deliveries::delete_some(conn, key, BATCH_SIZE)?;
                if count == 0 {
                    webhooks::delete(conn, key)?;
                }
                Ok(End::Commit(count))
            };
            run.add(self.database.write("purge_webhook", forget).await);
        }
    }
}
