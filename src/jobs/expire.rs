//! Expires overdue holds, and releases the holds of carts in stores that turned cart holds off.

use std::time::Duration;

use super::Jobs;
use super::discover::{Run, by_store};
use crate::db::{End, Failure, OnLocked};
use crate::fulfilment::expire::expire;
use crate::fulfilment::release_carts::release_carts;
use crate::inventory::hold::Holder;
use crate::inventory::queries::due_holds::{self, Due};
use crate::kernel::id::StoreId;

/// The maximal number of holders in one discovery, over all stores.
const DISCOVERED: i64 = 2_000;
/// The number of holders in one transaction. It is small, so that other requests for the same rows wait only briefly.
const BATCH_SIZE: usize = 100;

impl Jobs {
    /// Expires overdue holds, store by store. Holders that other transactions have locked are skipped. Work that a
    /// crash interrupts is found again. Holds that cannot be ended do not stop the others; the last failure is
    /// returned at the end. Returns the number of expired holds.
    pub async fn expire_holds(self) -> Result<usize, Failure> {
        let mut ended = 0;
        loop {
            let mut run = Run::default();
            for (store, holders) in by_store(self.discover_due_holds(&mut run).await) {
                for holders in holders.chunks(BATCH_SIZE) {
                    self.expire_apart(store, holders.to_vec(), &mut run).await;
                }
            }
            self.metrics.count_expired_holds(run.done);
            if let Some(result) = run.end(&mut ended) {
                return result;
            }
        }
    }

    /// Finds overdue holders, and measures the holds of all stores that could be read.
    async fn discover_due_holds(&self, run: &mut Run) -> Vec<(StoreId, Holder)> {
        let found = self.discover("discover_due_holds", run, |conn, store| {
            Ok(vec![(due_holds::discover_due(conn, store, DISCOVERED)?, due_holds::measure_due(conn, store)?)])
        });
        let (holders, measured): (Vec<_>, Vec<Due>) = found.await.into_iter().unzip();
        if let Some(Due { active, holds, lag_milliseconds }) = measured.into_iter().reduce(Due::plus) {
            let lag = Duration::from_millis(u64::try_from(lag_milliseconds).unwrap_or(0));
            self.metrics.set_holds(active, holds, lag);
        }
        holders.into_iter().flatten().collect()
    }

    /// Expires the holds of these holders. If that fails, each half is tried separately, down to the one holder that
    /// causes the failure.
    async fn expire_apart(&self, store: StoreId, holders: Vec<Holder>, run: &mut Run) {
        let mut batches = vec![holders];
        while let Some(batch) = batches.pop() {
            let holders = batch.clone();
            let end = move |conn: &mut _| Ok(End::Commit(expire(conn, store, &holders, OnLocked::Skip)?));
            let outcome = self.database.write("expire_holds", end).await;
            match &outcome {
                Err(Failure::Internal(_)) if batch.len() > 1 => {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second.to_vec(), first.to_vec()]);
                    continue;
                }
                Err(failure) if !failure.is_outage() => {
                    log::warn!(store = store.0, holders = batch.len(), error:% = failure; "holds could not be expired");
                }
                _ => {}
            }
            run.add(outcome);
        }
    }

    /// Releases the holds of carts in stores that turned cart holds off. Holders that other transactions have locked
    /// are found again later. Returns the number of released holds.
    pub async fn release_carts(self) -> Result<usize, Failure> {
        let mut ended = 0;
        loop {
            let mut run = Run::default();
            let stores = self.discover("discover_unwanted_holds", &mut run, |conn, store| {
                Ok(due_holds::discover_unwanted(conn, store)?)
            });
            for store in stores.await {
                let release = move |conn: &mut _| Ok(End::Commit(release_carts(conn, store)?));
                run.add(self.database.write("release_carts", release).await);
            }
            if let Some(result) = run.end(&mut ended) {
                return result;
            }
        }
    }
}
