//! Forecasts the demand of all variants.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::Jobs;
use super::discover::Step;
use crate::db::{End, Failure};
use crate::forecasting::compute;
use crate::kernel::id::StoreId;

/// Stores with more work continue in the next run. So the forecasts of a large store are computed beside new orders.
const LIMIT: Duration = Duration::from_secs(30);

impl Jobs {
    /// Forecasts the demand of every store once a day, and again if its service level has changed. Returns the number of
    /// forecasts.
    ///
    /// A page of variants is computed at a time, so the memory does not depend on their number.
    pub async fn forecast_demand(self) -> Result<usize, Failure> {
        let jobs = &self;
        self.in_turns(LIMIT, |store| async move { jobs.forecast_page(store).await }).await
    }

    async fn forecast_page(&self, store: StoreId) -> Result<Step, Failure> {
        let database = self.database.with_one_retry();
        let read = move |conn: &mut _| compute::read_page(conn, store);
        let Some(page) = database.read_internally("read_demand", read).await? else {
            return Ok(Step { done: 0, is_behind: false });
        };
        let computed = spawn_blocking(move || (page.compute(), page)).await;
        let computed = computed.map_err(|error| Failure::Internal(format!("a forecast: {error}")))?;
        let is_behind = !computed.1.is_last();
        let shared = Arc::new(computed);
        let write = move |conn: &mut _| {
            let (computed, page) = shared.as_ref();
            Ok(End::Commit(compute::write_page(conn, store, page, computed)?))
        };
        let done = database.write("write_forecasts", write).await?;
        Ok(Step { done, is_behind })
    }
}
