//! Keeps the figures of variants that are low on stock or need units from a supplier.

use std::time::{Duration, Instant};

use super::Jobs;
use super::discover::Step;
use crate::db::{End, Failure};
use crate::inventory::scarcity::find_scarce::{Found, find_scarce};
use crate::kernel::id::StoreId;

/// Stores with more work continue in the next run. So the variants of a large store are searched beside new orders.
const LIMIT: Duration = Duration::from_millis(500);
/// The same for stores whose variants have never been computed.
const FIRST_LIMIT: Duration = Duration::from_secs(2);

impl Jobs {
    /// Computes the figures of variants that changed, in every store. Returns the number of variants whose figures
    /// changed.
    ///
    /// Each store has at least one transaction in each run, so that a large one does not delay the others.
    pub async fn find_scarce_variants(self) -> Result<usize, Failure> {
        let (jobs, started) = (&self, Instant::now());
        self.in_turns(FIRST_LIMIT, |store| async move {
            let Found { changed, is_behind, is_first_sweep } = jobs.find_scarce(store).await?;
            Ok(Step { done: changed, is_behind: is_behind && (is_first_sweep || started.elapsed() < LIMIT) })
        })
        .await
    }

    async fn find_scarce(&self, store: StoreId) -> Result<Found, Failure> {
        let find = move |conn: &mut _| Ok(End::Commit(find_scarce(conn, store)?));
        self.database.with_one_retry().write("find_scarce_variants", find).await
    }
}
