//! Values the movements of the ledger.

use std::sync::Arc;
use std::time::Duration;

use super::Jobs;
use super::discover::Step;
use crate::db::{End, Failure};
use crate::inventory::valuation::queries::progress::{self, PendingWork};
use crate::inventory::valuation::value_ledger::{self, Valued};
use crate::kernel::id::StoreId;

/// Stores with more work continue in the next run. So old movements are valued beside new orders.
const LIMIT: Duration = Duration::from_secs(1);
/// The maximal number of transactions after one search. A search costs as much as several of them.
const MAX_TRANSACTIONS: usize = 8;

impl Jobs {
    /// Values the new movements of every store, and those after a corrected cost again. Returns the number of movements.
    ///
    /// Each store has at least one transaction in each run, so that one with many movements does not delay the others.
    pub async fn value_stock(self) -> Result<usize, Failure> {
        let jobs = &self;
        self.in_turns(LIMIT, |store| async move {
            let Valued { movements, is_behind, .. } = jobs.value_store(store).await?;
            Ok(Step { done: movements, is_behind })
        })
        .await
    }

    async fn value_store(&self, store: StoreId) -> Result<Valued, Failure> {
        let database = self.database.with_one_retry();
        let find = move |conn: &mut _| Ok(progress::find_pending_work(conn, store)?);
        let pending = database.read_internally("find_new_movements", find).await?;
        if !pending.is_due() {
            return Ok(Valued::default());
        }
        let pending = Arc::new(pending);
        let mut done = Valued::default();
        for _ in 0..MAX_TRANSACTIONS {
            let valued = self.value_pending(store, &pending).await?;
            done = Valued { movements: done.movements.saturating_add(valued.movements), ..valued };
            if !valued.is_part || pending.revalue.is_some() {
                break;
            }
        }
        Ok(done)
    }

    async fn value_pending(&self, store: StoreId, pending: &Arc<PendingWork>) -> Result<Valued, Failure> {
        let pending = Arc::clone(pending);
        let value = move |conn: &mut _| Ok(End::Commit(value_ledger::value_pending(conn, store, &pending)?));
        self.database.with_one_retry().write("value_stock", value).await
    }
}
