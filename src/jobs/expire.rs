//! Ends holds that are past their deadline.

use std::time::Duration;

use std::collections::BTreeMap;

use diesel::PgConnection;

use super::Jobs;
use crate::db::{End, Failure};
use crate::fulfilment::callback;
use crate::fulfilment::expire::{Locking, expire};
use crate::fulfilment::release_carts::release_carts;
use crate::inventory::hold::Holder;
use crate::inventory::queries::holds::{self, Due};
use crate::kernel::id::StoreId;
use crate::payments::queries::events;
use crate::stores::queries as stores;

/// Holders looked for at a time, over all stores.
const DISCOVERED: i64 = 2_000;
/// Holders ended in one transaction: few enough that buyers of the same rows wait little.
const AT_A_TIME: usize = 200;

impl Jobs {
    /// Ends what is due, store by store. What somebody else is working on is left to them, and what a
    /// crash interrupts is found again. What can't be ended holds up nothing else; it is the failure
    /// that is returned in the end. Returns how many holds ended.
    pub async fn expire_holds(&self) -> Result<usize, Failure> {
        let mut ended: usize = 0;
        loop {
            let mut pass = Pass::default();
            for (store, holders) in by_store(self.discover(&mut pass).await?) {
                for holders in holders.chunks(AT_A_TIME) {
                    self.expire_apart(store, holders.to_vec(), &mut pass).await;
                }
            }
            self.metrics.count_expired_holds(pass.ended);
            ended = ended.saturating_add(pass.ended);
            match pass {
                Pass { ended: 0, failure: Some(failure) } => return Err(failure),
                Pass { ended: 0, failure: None } => return Ok(ended),
                Pass { .. } => {}
            }
        }
    }

    /// Ends the holds of these holders. If one of them can't be ended, the halves are tried apart, down
    /// to the one that stands in the way.
    async fn expire_apart(&self, store: StoreId, holders: Vec<Holder>, pass: &mut Pass) {
        let mut batches = vec![holders];
        while let Some(batch) = batches.pop() {
            match self.expire_batch(store, batch.clone()).await {
                Ok(count) => pass.ended = pass.ended.saturating_add(count),
                Err(Failure::Internal(_)) if batch.len() > 1 => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second.to_vec(), first.to_vec()]);
                }
                Err(failure) if failure.is_outage() => pass.failure = Some(failure),
                Err(failure) => {
                    log::warn!(store = store.0, holders = batch.len(), error:% = failure; "holds could not be ended");
                    pass.failure = Some(failure);
                }
            }
        }
    }

    /// Releases what carts hold in stores that hold carts no more. What somebody else is working on is found again.
    /// Returns how many holds ended.
    pub async fn release_carts(&self) -> Result<usize, Failure> {
        let stores = self.database.read("discover_unwanted_holds", |conn| Ok(holds::discover_unwanted(conn)?)).await?;
        let mut ended: usize = 0;
        for store in stores {
            loop {
                let release = move |conn: &mut _| Ok(End::Commit(release_carts(conn, store)?));
                match self.database.write("release_carts", release).await? {
                    0 => break,
                    count => ended = ended.saturating_add(count),
                }
            }
        }
        Ok(ended)
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
            match done.await {
                Ok(done) => applied = applied.saturating_add(usize::from(done)),
                // One event that can't be applied must not keep the others waiting.
                Err(failure) => log::warn!(error:% = failure; "a waiting event could not be applied"),
            }
        }
        Ok(applied)
    }

    /// What is due in all stores. If that can't be found out at once, each store is asked by itself: the rows of
    /// some may be out of reach where the others are not.
    async fn discover(&self, pass: &mut Pass) -> Result<Vec<(StoreId, Holder)>, Failure> {
        match self.discover_at_once().await {
            Ok(found) => Ok(found),
            Err(failure) => self.discover_store_by_store(failure, pass).await,
        }
    }

    async fn discover_at_once(&self) -> Result<Vec<(StoreId, Holder)>, Failure> {
        let (found, due) = self
            .database
            .read("discover_due_holds", |conn| Ok((holds::discover_due(conn, DISCOVERED)?, holds::measure_due(conn)?)))
            .await?;
        let Due { active, holds, lag_milliseconds } = due;
        let lag = Duration::from_millis(u64::try_from(lag_milliseconds).unwrap_or(0));
        self.metrics.set_holds(active, holds, lag);
        Ok(found)
    }

    async fn discover_store_by_store(
        &self,
        failure: Failure,
        pass: &mut Pass,
    ) -> Result<Vec<(StoreId, Holder)>, Failure> {
        pass.failure = Some(failure);
        let mut found = Vec::new();
        for store in self.database.read("list_stores", |conn| Ok(stores::list_ids(conn)?)).await? {
            let due = move |conn: &mut PgConnection| Ok(holds::discover_due_in(conn, store, DISCOVERED)?);
            match self.database.read("discover_due_holds_of_store", due).await {
                Ok(due) => found.extend(due),
                Err(failure) => pass.failure = Some(failure),
            }
        }
        Ok(found)
    }

    async fn expire_batch(&self, store: StoreId, holders: Vec<Holder>) -> Result<usize, Failure> {
        self.database
            .write("expire_holds", move |conn| Ok(End::Commit(expire(conn, store, &holders, Locking::Skip)?)))
            .await
    }
}

/// What came of one round of all that was discovered.
#[derive(Default)]
struct Pass {
    ended: usize,
    failure: Option<Failure>,
}

fn by_store(found: Vec<(StoreId, Holder)>) -> BTreeMap<StoreId, Vec<Holder>> {
    let mut stores: BTreeMap<StoreId, Vec<Holder>> = BTreeMap::new();
    for (store, holder) in found {
        stores.entry(store).or_default().push(holder);
    }
    stores
}
