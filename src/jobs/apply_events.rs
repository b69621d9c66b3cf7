//! Applies callbacks of payment providers that arrived before their order, and refunds that arrived before their
//! payment.

use super::Jobs;
use super::discover::Run;
use crate::db::{End, Failure};
use crate::fulfilment::callback;
use crate::payments::queries::events;

/// The maximal number of events of each kind in one run, over all stores.
const BATCH_SIZE: i64 = 100;

impl Jobs {
    /// Applies waiting events whose order or payment now exists. A failed event does not stop the others; its failure is
    /// returned at the end. Returns the number of applied events.
    pub async fn apply_waiting_events(self) -> Result<usize, Failure> {
        let mut run = Run::default();
        let waiting = self.discover("discover_waiting_events", &mut run, |conn, store| {
            Ok(events::discover_waiting(conn, store, BATCH_SIZE)?)
        });
        for event in waiting.await {
            let apply = move |conn: &mut _| Ok(End::Commit(callback::apply_waiting(conn, &event)?));
            let applied = self.database.write("apply_waiting_event", apply).await;
            if let Err(failure) = &applied
                && !failure.is_outage()
            {
                log::warn!(error:% = failure; "a waiting event could not be applied");
            }
            run.add(applied.map(usize::from));
        }
        run.result()
    }
}
