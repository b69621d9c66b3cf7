//! Values the movements of the ledger.

use std::time::{Duration, Instant};

use super::Jobs;
use super::discover::Round;
use crate::db::{End, Failure};
use crate::inventory::valuation::queries::progress;
use crate::inventory::valuation::value_ledger::{self, Valued};
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// Stores with more work continue in the next run. So old movements are valued beside new orders.
const LIMIT: Duration = Duration::from_secs(2);

impl Jobs {
    /// Turns the new movements of every store into value rows. Returns the number of movements that change the stock.
    ///
    /// Each store has at least one transaction in each run, so that one with many movements does not delay the others.
    pub async fn value_stock(self) -> Result<usize, Failure> {
        let database = self.database.without_patience();
        let mut behind = database.read_internally("list_stores", |conn| Ok(stores::list_ids(conn)?)).await?;
        let (started, mut round) = (Instant::now(), Round::default());
        loop {
            let mut next = Vec::new();
            for store in behind {
                let valued = self.value_store(store).await;
                next.extend(valued.as_ref().is_ok_and(|valued| valued.is_behind).then_some(store));
                round.add(valued.map(|valued| valued.movements));
            }
            behind = next;
            if behind.is_empty() || started.elapsed() >= LIMIT {
                return round.result();
            }
        }
    }

    async fn value_store(&self, store: StoreId) -> Result<Valued, Failure> {
        let database = self.database.without_patience();
        let find = move |conn: &mut _| Ok(progress::find_pending_work(conn, store)?);
        let pending = database.read_internally("find_new_movements", find).await?;
        if !pending.is_due() {
            return Ok(Valued::default());
        }
        let value = move |conn: &mut _| Ok(End::Commit(value_ledger::value_pending(conn, store, &pending)?));
        database.write("value_stock", value).await
    }
}
