//! Requests of one store that wait at the same time, worked off together: a lane for each store and kind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::PgConnection;

use super::lane::{Closed, Lane};
use super::place_orders::{Outcome, place_orders};
use super::placement::Placement;
use super::refusal::Refusal;
use super::settle_orders::{OrderChange, Settlement, settle_orders};
use crate::db::tx::Mode;
use crate::db::{Database, End, Failure};
use crate::error::Code;
use crate::idempotency::claims::Conflict;
use crate::kernel::id::StoreId;
use crate::settings::Checkout;

/// Where waiting requests become slices.
pub struct Slices {
    placing: Lanes<Placement, Outcome>,
    settling: Lanes<OrderChange, Settlement>,
}

impl Slices {
    #[must_use]
    pub fn new(settings: &Checkout) -> Self {
        Self { placing: Lanes::new("place_orders", settings), settling: Lanes::new("settle_orders", settings) }
    }

    /// Places an order together with those who wait beside it. Its outcome is its own, and known after
    /// the commit.
    pub async fn place(&self, database: &Database, store: StoreId, placement: &Placement) -> Result<Outcome, Failure> {
        let is_open = |outcome: &Outcome| matches!(outcome, Err(Refusal::Key(Conflict::InProgress)));
        self.placing.pass(database, store, placement, place_orders, is_open).await
    }

    /// Pays or cancels an order together with those who wait beside it.
    pub async fn settle(
        &self,
        database: &Database,
        store: StoreId,
        change: &OrderChange,
    ) -> Result<Settlement, Failure> {
        let is_open =
            |outcome: &Settlement| outcome.as_ref().is_err_and(|refusal| refusal.code == Code::RequestInProgress);
        self.settling.pass(database, store, change, settle_orders, is_open).await
    }

    /// Keeps slices of the store from beginning, once none is at work. For tests, which want to know who
    /// is in a slice.
    #[doc(hidden)]
    #[must_use]
    pub fn close(&self, store: StoreId) -> Option<(Closed, Closed)> {
        Some((self.placing.close(store)?, self.settling.close(store)?))
    }

    /// How many wait in the lanes of the store. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn waiting(&self, store: StoreId) -> usize {
        self.placing.lane(store).len().saturating_add(self.settling.lane(store).len())
    }
}

/// The lanes of all stores for one kind of request. Stores are never deleted.
struct Lanes<Q, A> {
    name: &'static str,
    settings: Checkout,
    lanes: Mutex<HashMap<StoreId, Arc<Lane<Q, A>>>>,
}

/// What works off a slice: one outcome for each request, in the order given.
type Work<Q, A> = fn(&mut PgConnection, StoreId, &[Q]) -> Result<End<Vec<A>>, Failure>;

impl<Q, A> Lanes<Q, A>
where
    Q: Clone + Send + 'static,
    A: Send + 'static,
{
    fn new(name: &'static str, settings: &Checkout) -> Self {
        Self { name, settings: settings.clone(), lanes: Mutex::default() }
    }

    /// Where the slice failed, or somebody else holds what it needs, the request is run once more by
    /// itself: beside the lane, so that it fails for nobody and holds up nobody.
    async fn pass(
        &self,
        database: &Database,
        store: StoreId,
        request: &Q,
        work: Work<Q, A>,
        is_open: fn(&A) -> bool,
    ) -> Result<A, Failure> {
        let name = self.name;
        let together = move |database: &Database, slice: Vec<Q>| run(database, name, store, &slice, work);
        match self.lane(store).pass(database, request.clone(), together).await? {
            // Another request has its key: in the slice, or elsewhere and perhaps done in a moment.
            Some(outcome) if !is_open(&outcome) => return Ok(outcome),
            _ => {}
        }
        let alone = [request.clone()];
        let mut outcomes = database.run(name, Mode::Write, move |conn| work(conn, store, &alone)).await?;
        outcomes.pop().ok_or_else(|| Failure::Internal("a request without an outcome".to_owned()))
    }

    fn lane(&self, store: StoreId) -> Arc<Lane<Q, A>> {
        let Checkout { slices, slice_size } = self.settings;
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(store).or_insert_with(|| Arc::new(Lane::new(slices, slice_size))))
    }

    fn close(&self, store: StoreId) -> Option<Closed> {
        self.lane(store).close(self.settings.slices)
    }
}

/// One transaction for all. No answers if each of them should be run by itself.
fn run<Q, A>(
    database: &Database,
    name: &'static str,
    store: StoreId,
    slice: &[Q],
    work: Work<Q, A>,
) -> Vec<Result<A, Failure>> {
    match database.run_blocking(name, Mode::Slice, |conn| work(conn, store, slice)) {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(failure) if is_final(&failure, slice.len()) => slice.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) => {
            log::warn!(transaction = name, requests = slice.len(), error:% = failure; "a slice is run one by one");
            Vec::new()
        }
    }
}

/// Whether the failure would be the same without neighbours and with more patience for a lock.
fn is_final(failure: &Failure, requests: usize) -> bool {
    failure.is_worth_retrying() || requests == 1 && !matches!(failure, Failure::LockTimeout)
}
