//! The relay: moves the rows that transactions have appended from the outbox to the feed of their store.

use std::time::Duration;

use chrono::Utc;

use super::Jobs;
use super::discover::{Run, Step};
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
/// The time after which the relay looks for further stores with rows, while some have many.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Jobs {
    /// Moves all rows of the outbox to the feeds. The stores take turns, so that one with many rows does not keep the others
    /// waiting. A store whose feed another relay has locked is skipped. Returns the number of rows.
    pub async fn relay_feed(self) -> Result<usize, Failure> {
        let (mut run, mut is_behind) = (Run::default(), true);
        while is_behind {
            let waiting =
                self.discover("discover_outbox", &mut run, |conn, store| Ok(outbox::list_waiting_stores(conn, store)?));
            let waiting = waiting.await;
            is_behind = self.in_turns_of(waiting, LOOK_EVERY, &mut run, |store| self.relay_store(store)).await;
            self.wake_readers(&mut run).await;
        }
        run.result()
    }

    /// Gives the new ends of the feeds to the requests and streams that wait for events.
    async fn wake_readers(&self, run: &mut Run) {
        if run.done > 0 {
            self.feed_moved.notify_one();
        }
        if self.feed_ends.is_watched() {
            let ends = self.database.read_internally("list_feed_ends", |conn| Ok(outbox::list_positions(conn)?)).await;
            run.add(ends.map(|ends| {
                self.feed_ends.set(ends);
                0
            }));
        }
    }

    async fn relay_store(&self, store: StoreId) -> Result<Step, Failure> {
        let move_rows = move |conn: &mut _| match outbox::lock_feed(conn, store)? {
            true => Ok(End::Commit(relay::move_to_feed(conn, store, BATCH_SIZE)?)),
            false => Ok(End::RollBack(Moved::default())),
        };
        let moved = self.database.with_one_retry().write("relay_feed", move_rows).await?;
        if let Some(oldest) = moved.oldest() {
            self.metrics.observe_feed_lag(Utc::now().signed_duration_since(oldest));
        }
        Ok(Step { done: moved.rows.len(), is_behind: moved.is_behind })
    }

    /// Notes the age of the oldest row that waits. A row that cannot be moved has no lag, so only this shows that the relay is
    /// stuck.
    pub async fn measure_feed(self) -> Result<usize, Failure> {
        let database = self.database.with_one_retry();
        let oldest = database.read_internally("find_oldest_row", |conn| Ok(outbox::find_oldest(conn)?)).await?;
        let age = oldest.map(|oldest| Utc::now().signed_duration_since(oldest));
        self.metrics.set_feed_waiting(age.unwrap_or_default());
        Ok(0)
    }

    /// Waits until the relay has to run again.
    pub async fn wait_for_rows(&self) {
        tokio::time::sleep(PAUSE).await;
        tokio::time::timeout(PERIOD, self.database.written()).await.ok();
    }
}
