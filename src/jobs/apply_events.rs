//! Applies callbacks of payment providers that came before their order was known.

use super::Jobs;
use super::discover::Round;
use crate::db::{End, Failure};
use crate::fulfilment::callback;
use crate::payments::queries::events;

/// Events applied in one run, over all stores.
const AT_A_TIME: i64 = 100;

impl Jobs {
    /// Applies waiting events whose order is there now. An event that can't be applied holds up no other; it is the
    /// failure that is returned in the end. Returns how many were applied.
    pub async fn apply_waiting_events(&self) -> Result<usize, Failure> {
        let mut round = Round::default();
        let waiting = self.discover("discover_waiting_events", &mut round, |conn, store| {
            Ok(events::discover_waiting(conn, store, AT_A_TIME)?)
        });
        for event in waiting.await {
            let apply = move |conn: &mut _| Ok(End::Commit(callback::apply_waiting(conn, &event)?));
            let applied = self.database.write("apply_waiting_event", apply).await;
            if let Err(failure) = &applied
                && !failure.is_outage()
            {
                log::warn!(error:% = failure; "a waiting event could not be applied");
            }
            round.add(applied.map(usize::from));
        }
        round.result()
    }
}
