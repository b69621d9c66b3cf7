//! Keeps the figures of variants that are low on stock or need units from a supplier.

use std::time::{Duration, Instant};

use super::Jobs;
use super::discover::Round;
use crate::db::{End, Failure};
use crate::inventory::scarcity::find_scarce::{Found, find_scarce};
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// Stores with more work continue in the next run. So the variants of a large store are searched beside new orders.
const LIMIT: Duration = Duration::from_secs(2);

impl Jobs {
    /// Computes the figures of variants that changed, in every store. Returns the number of kept figures that changed.
    ///
    /// Each store has at least one transaction in each run, so that a large one does not delay the others.
    pub async fn find_scarce_variants(self) -> Result<usize, Failure> {
        let database = self.database.without_patience();
        let mut behind = database.read_internally("list_stores", |conn| Ok(stores::list_ids(conn)?)).await?;
        let (started, mut round) = (Instant::now(), Round::default());
        loop {
            let mut next = Vec::new();
            for store in behind {
                let found = self.find_scarce(store).await;
                next.extend(found.as_ref().is_ok_and(|found| found.is_behind).then_some(store));
                round.add(found.map(|found| found.changed));
            }
            behind = next;
            if behind.is_empty() || started.elapsed() >= LIMIT {
                return round.result();
            }
        }
    }

    async fn find_scarce(&self, store: StoreId) -> Result<Found, Failure> {
        let find = move |conn: &mut _| Ok(End::Commit(find_scarce(conn, store)?));
        self.database.without_patience().write("find_scarce_variants", find).await
    }
}
