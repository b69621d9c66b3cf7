//! Requests of one store that wait at the same time, worked off together: a lane for each store and kind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use diesel::PgConnection;

use super::lane::Lane;
use super::place_orders::{Outcome, place_orders};
use super::placement::Placement;
use super::settle_orders::{OrderChange, settle_orders};
use crate::db::tx::Mode;
use crate::db::{Database, End, Failure};
use crate::error::ApiError;
use crate::idempotency::Answer;
use crate::kernel::id::StoreId;
use crate::settings::Checkout;

/// Where waiting requests become slices.
pub struct Slices {
    placing: Lanes<Placement, Outcome>,
    settling: Lanes<OrderChange, Result<Answer, ApiError>>,
}

impl Slices {
    #[must_use]
    pub fn new(settings: &Checkout) -> Self {
        Self { placing: Lanes::new(settings), settling: Lanes::new(settings) }
    }

    /// Places an order together with those who wait beside it. Its outcome is its own, and known after
    /// the commit.
    pub async fn place(&self, database: &Database, store: StoreId, placement: Placement) -> Result<Outcome, Failure> {
        let work = move |conn: &mut PgConnection, slice: &[Placement]| place_orders(conn, store, slice);
        self.placing.pass(database, "place_orders", store, placement, work).await
    }

    /// Pays or cancels an order together with those who wait beside it.
    pub async fn settle(
        &self,
        database: &Database,
        store: StoreId,
        change: OrderChange,
    ) -> Result<Result<Answer, ApiError>, Failure> {
        let work = move |conn: &mut PgConnection, slice: &[OrderChange]| settle_orders(conn, store, slice);
        self.settling.pass(database, "settle_orders", store, change, work).await
    }
}

/// The lanes of all stores. Stores are never deleted.
pub struct Lanes<Q, A> {
    settings: Checkout,
    lanes: Mutex<HashMap<StoreId, Arc<Lane<Q, A>>>>,
}

impl<Q, A> Lanes<Q, A>
where
    Q: Send + 'static,
    A: Send + 'static,
{
    fn new(settings: &Checkout) -> Self {
        Self { settings: settings.clone(), lanes: Mutex::default() }
    }

    async fn pass<W>(
        &self,
        database: &Database,
        name: &'static str,
        store: StoreId,
        request: Q,
        work: W,
    ) -> Result<A, Failure>
    where
        W: Fn(&mut PgConnection, &[Q]) -> Result<End<Vec<A>>, Failure> + Clone + Send + 'static,
    {
        let work = move |database: &Database, requests: Vec<Q>| run(database, name, &requests, &work);
        self.lane(store).pass(database, request, work).await
    }

    fn lane(&self, store: StoreId) -> Arc<Lane<Q, A>> {
        let Checkout { slices, slice_size } = self.settings;
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(store).or_insert_with(|| Arc::new(Lane::new(slices, slice_size))))
    }
}

/// One transaction for all; where that fails, one for each, so that nobody fails for a neighbour.
fn run<Q, A>(
    database: &Database,
    name: &'static str,
    requests: &[Q],
    work: &impl Fn(&mut PgConnection, &[Q]) -> Result<End<Vec<A>>, Failure>,
) -> Vec<Result<A, Failure>> {
    if let [only] = requests {
        return vec![alone(database, name, only, work)];
    }
    match database.run_blocking(name, Mode::Slice, |conn| work(conn, requests)) {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        // The database itself is the trouble, for each of them.
        Err(failure) if failure.is_worth_retrying() => requests.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) => {
            log::warn!(transaction = name, requests = requests.len(), error:% = failure; "a slice is run one by one");
            let give_up = Instant::now().checked_add(database.queue_time());
            let is_late = || give_up.is_none_or(|end| Instant::now() >= end);
            let each = |one| if is_late() { Err(Failure::QueueFull) } else { alone(database, name, one, work) };
            requests.iter().map(each).collect()
        }
    }
}

fn alone<Q, A>(
    database: &Database,
    name: &'static str,
    request: &Q,
    work: &impl Fn(&mut PgConnection, &[Q]) -> Result<End<Vec<A>>, Failure>,
) -> Result<A, Failure> {
    let outcomes = database.run_blocking(name, Mode::Write, |conn| work(conn, std::slice::from_ref(request)));
    outcomes?.pop().ok_or_else(|| Failure::Internal("a request without an outcome".to_owned()))
}
