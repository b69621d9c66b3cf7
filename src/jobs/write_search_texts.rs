//! Writes the search texts of orders.

use std::time::{Duration, Instant};

use super::Jobs;
use super::discover::Run;
use crate::db::Failure;
use crate::kernel::id::StoreId;
use crate::orders::queries::search as queries;
use crate::orders::search;

/// A store with more work continues in the next run, so that it does not delay the others.
const LIMIT: Duration = Duration::from_secs(2);

impl Jobs {
    /// Writes the search texts of new orders, store by store. Returns the number of orders.
    pub async fn write_search_texts(self) -> Result<usize, Failure> {
        let mut run = Run::default();
        let behind = self
            .discover("discover_unwritten_texts", &mut run, |conn, store| Ok(queries::discover_behind(conn, store)?));
        for store in behind.await {
            self.write_search_texts_of(store, &mut run).await;
        }
        run.result()
    }

    /// If a part takes too long, its rows are read one by one.
    async fn write_search_texts_of(&self, store: StoreId, run: &mut Run) {
        let (database, started) = (self.database.with_one_retry(), Instant::now());
        let mut limit = search::ROWS_AT_A_TIME;
        loop {
            let written =
                database.write("write_search_texts", move |conn| search::write_next(conn, store, limit)).await;
            if limit > 1 && matches!(written, Err(Failure::StatementTimeout)) {
                limit = 1;
                continue;
            }
            let is_behind = written.as_ref().is_ok_and(|written| written.is_behind);
            run.add(written.map(|written| written.orders));
            if !is_behind || started.elapsed() >= LIMIT {
                return;
            }
        }
    }
}
