//! The relay: moves what transactions have appended from the outbox to the feed of its store.

use std::time::Duration;

use chrono::Utc;

use super::Jobs;
use super::discover::Round;
use crate::db::outbox::{self, Moved};
use crate::db::{End, Failure};
use crate::inventory::states::relay;
use crate::kernel::id::StoreId;

/// The maximal number of rows in one transaction.
const BATCH_SIZE: i64 = 500;
/// The time between two runs, if no write of this server wakes the relay: the rows of other servers wait for it.
const PERIOD: Duration = Duration::from_millis(250);
/// The shortest time between two runs. In busy times, a run moves many rows together.
const PAUSE: Duration = Duration::from_millis(50);

impl Jobs {
    /// Moves all rows of the outbox to the feeds, store by store. A store whose feed another relay has locked is
    /// skipped. Returns the number of rows.
    pub async fn relay_feed(self) -> Result<usize, Failure> {
        let mut round = Round::default();
        let waiting =
            self.discover("discover_outbox", &mut round, |conn, store| Ok(outbox::list_waiting_stores(conn, store)?));
        for store in waiting.await {
            self.relay_store(store, &mut round).await;
        }
        if round.done > 0 {
            self.feed_moved.notify_one();
        }
        if self.feed_ends.is_watched() {
            let ends = self.database.read_internally("list_feed_ends", |conn| Ok(outbox::list_positions(conn)?)).await;
            round.add(ends.map(|ends| {
                self.feed_ends.set(ends);
                0
            }));
        }
        round.result()
    }

    async fn relay_store(&self, store: StoreId, round: &mut Round) {
        let database = self.database.without_patience();
        loop {
            let move_rows = move |conn: &mut _| match outbox::lock_feed(conn, store)? {
                true => Ok(End::Commit(relay::move_to_feed(conn, store, BATCH_SIZE)?)),
                false => Ok(End::RollBack(Moved::default())),
            };
            let moved = database.write("relay_feed", move_rows).await;
            let is_behind = moved.as_ref().is_ok_and(|moved| moved.is_behind);
            round.add(moved.map(|moved| {
                if let Some(oldest) = moved.oldest() {
                    self.metrics.observe_feed_lag(Utc::now().signed_duration_since(oldest));
                }
                moved.rows.len()
            }));
            if !is_behind {
                return;
            }
        }
    }

    /// Waits until the relay has to run again.
    pub async fn wait_for_rows(&self) {
        tokio::time::sleep(PAUSE).await;
        tokio::time::timeout(PERIOD, self.database.written()).await.ok();
    }
}
