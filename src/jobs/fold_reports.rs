//! Adds sales and ended holds to the daily roll-ups.

use std::time::{Duration, Instant};

use super::Jobs;
use super::discover::Run;
use crate::db::Failure;
use crate::kernel::id::StoreId;
use crate::reports::holds;
use crate::reports::sales::{self, fold::PartSize};

/// A store with more work continues in the next run, so that it does not delay the others.
const LIMIT: Duration = Duration::from_secs(2);

impl Jobs {
    /// Adds the facts of every feed to the roll-ups of its store. Returns the number of rows of the feeds.
    pub async fn fold_sales(self) -> Result<usize, Failure> {
        let mut run = Run::default();
        let behind = self.discover("discover_unfolded_sales", &mut run, |conn, store| {
            Ok(sales::queries::progress::discover_behind(conn, store)?)
        });
        for store in behind.await {
            self.fold_sales_of(store, &mut run).await;
        }
        run.result()
    }

    async fn fold_sales_of(&self, store: StoreId, run: &mut Run) {
        let (database, started) = (self.database.with_one_retry(), Instant::now());
        let mut size = PartSize::default();
        loop {
            let folded = database.write("fold_sales", move |conn| sales::fold::fold(conn, store, size)).await;
            if let Some(smaller) = folded.as_ref().err().and_then(|failure| size.after(failure)) {
                size = smaller;
                continue;
            }
            let is_behind = folded.as_ref().is_ok_and(|folded| folded.is_behind);
            run.add(folded.map(|folded| folded.rows));
            if !is_behind || started.elapsed() >= LIMIT {
                return;
            }
        }
    }

    /// Adds the holds that ended, store by store, for days that are over. Returns the number of days.
    pub async fn fold_holds(self) -> Result<usize, Failure> {
        let mut run = Run::default();
        let behind = self.discover("discover_unfolded_holds", &mut run, |conn, store| {
            Ok(holds::queries::discover_behind(conn, store)?)
        });
        for store in behind.await {
            self.fold_holds_of(store, &mut run).await;
        }
        run.result()
    }

    async fn fold_holds_of(&self, store: StoreId, run: &mut Run) {
        let (database, started) = (self.database.with_one_retry(), Instant::now());
        loop {
            let folded = database.write("fold_holds", move |conn| holds::fold::fold_day(conn, store)).await;
            let is_behind = folded.as_ref().is_ok_and(|is_behind| *is_behind);
            run.add(folded.map(usize::from));
            if !is_behind || started.elapsed() >= LIMIT {
                return;
            }
        }
    }
}
