//! Ends holds that are past their deadline.

use std::collections::BTreeMap;

use super::Jobs;
use crate::checkout::callback;
use crate::checkout::expire::{Locking, expire};
use crate::db::tx::Mode;
use crate::db::{End, Failure};
use crate::inventory::hold::Holder;
use crate::inventory::store::holds::{self, Due};
use crate::kernel::id::StoreId;
use crate::payments::store::events;

/// Holders looked for at a time, over all stores.
const DISCOVERED: i64 = 2_000;
/// Holders ended in one transaction: few enough that buyers of the same rows wait little.
const AT_A_TIME: usize = 200;

impl Jobs {
    /// Ends what is due, store by store. What somebody else is working on is left to them, and what a
    /// crash interrupts is found again. Returns how many holds ended.
    pub async fn expire_holds(&self) -> Result<usize, Failure> {
        let mut ended: usize = 0;
        loop {
            let found = self.discover().await?;
            let mut ended_now: usize = 0;
            for (store, holders) in by_store(found) {
                for holders in holders.chunks(AT_A_TIME) {
                    ended_now = ended_now.saturating_add(self.expire_batch(store, holders.to_vec()).await?);
                }
            }
            ended = ended.saturating_add(ended_now);
            if ended_now == 0 {
                return Ok(ended);
            }
            self.metrics.count_expired_holds(ended_now);
        }
    }

    /// Carries over to their orders what providers told before these were known. Returns how many.
    pub async fn apply_waiting_events(&self) -> Result<usize, Failure> {
        let waiting =
            self.database.read("discover_waiting_events", |conn| Ok(events::discover_waiting(conn, 100)?)).await?;
        let mut applied: usize = 0;
        for event in waiting {
            let done = self
                .database
                .write("apply_waiting_event", move |conn| Ok(End::Commit(callback::apply_waiting(conn, &event)?)));
            applied = applied.saturating_add(usize::from(done.await?));
        }
        Ok(applied)
    }

    async fn discover(&self) -> Result<Vec<(StoreId, Holder)>, Failure> {
        let (found, due) = self
            .database
            .run("discover_due_holds", Mode::Read, |conn| {
                Ok(End::RollBack((holds::discover_due(conn, DISCOVERED)?, holds::measure_due(conn)?)))
            })
            .await?;
        let Due { active, holds, lag_milliseconds } = due;
        self.metrics.set_holds(active, holds, lag_milliseconds);
        Ok(found)
    }

    async fn expire_batch(&self, store: StoreId, holders: Vec<Holder>) -> Result<usize, Failure> {
        self.database
            .write("expire_holds", move |conn| Ok(End::Commit(expire(conn, store, &holders, Locking::Skip)?)))
            .await
    }
}

fn by_store(found: Vec<(StoreId, Holder)>) -> BTreeMap<StoreId, Vec<Holder>> {
    let mut stores: BTreeMap<StoreId, Vec<Holder>> = BTreeMap::new();
    for (store, holder) in found {
        stores.entry(store).or_default().push(holder);
    }
    stores
}
