//! Values the movements of the ledger.

use std::time::{Duration, Instant};

use super::Jobs;
use super::discover::Round;
use crate::db::{End, Failure};
use crate::inventory::valuation::fold_ledger;
use crate::inventory::valuation::queries::progress;
use crate::kernel::id::StoreId;
use crate::stores::queries as stores;

/// A store with more work continues in the next run. So old movements are valued beside new orders.
const LIMIT: Duration = Duration::from_secs(3);

impl Jobs {
    /// Folds the new movements of every store into value rows. Returns the number of movements that change the stock.
    pub async fn fold_values(self) -> Result<usize, Failure> {
        let mut round = Round::default();
        let database = self.database.without_patience();
        for store in database.read_internally("list_stores", |conn| Ok(stores::list_ids(conn)?)).await? {
            round.add(self.fold_store(store).await);
        }
        round.result()
    }

    async fn fold_store(&self, store: StoreId) -> Result<usize, Failure> {
        let database = self.database.without_patience();
        let (started, mut count) = (Instant::now(), 0_usize);
        loop {
            let find = move |conn: &mut _| Ok(progress::find_news(conn, store)?);
            let news = database.read_internally("find_new_movements", find).await?;
            if !news.is_due() {
                return Ok(count);
            }
            let fold = move |conn: &mut _| Ok(End::Commit(fold_ledger::fold_news(conn, store, &news)?));
            let folded = database.write("fold_values", fold).await?;
            count = count.saturating_add(folded.movements);
            if !folded.is_behind || started.elapsed() >= LIMIT {
                return Ok(count);
            }
        }
    }
}
