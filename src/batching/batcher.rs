//! Runs requests of one kind in batches: a queue for each store, and one transaction for each batch.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::PgConnection;

use super::fair_queueing::Limits;
use super::queue::{BatchQueue, Closed};
use crate::db::tx::Mode;
use crate::db::{Database, Failure};
use crate::error::Abort;
use crate::idempotency::once::is_in_progress;
use crate::idempotency::{Keyed, Outcome, once};
use crate::kernel::current_request::{self, HasEnded};
use crate::kernel::id::StoreId;
use crate::settings::Checkout;

/// Does the work of a batch: one outcome for each request, in the order given.
pub type Work<Q, E> = fn(&mut PgConnection, StoreId, &[&Q]) -> Result<Vec<Outcome<E>>, Failure>;

/// The work that a request causes, compared with others. It is at least 1, and known before the transaction.
pub type Weigh<Q> = fn(&Q) -> usize;

/// The average weight of the requests in a full batch. Requests that are lighter on average fill a batch by their
/// number, heavier ones by their weight.
pub const AVERAGE_WEIGHT: usize = 10;

/// The queues of all stores for one kind of request. Stores are never deleted.
pub struct Batcher<Q, E> {
    /// The name of its transactions.
    name: &'static str,
    weigh: Weigh<Q>,
    work: Work<Q, E>,
    settings: Checkout,
    queues: Mutex<HashMap<StoreId, StoreQueue<Q, E>>>,
}

/// A request with the check of its token.
type Entry<Q> = (Keyed<Q>, Option<HasEnded>);

type StoreQueue<Q, E> = Arc<BatchQueue<Entry<Q>, Outcome<E>>>;

impl<Q, E> Batcher<Q, E>
where
    Q: Clone + Send + 'static,
    E: Clone + Default + Send + 'static,
{
    #[must_use]
    pub fn new(name: &'static str, weigh: Weigh<Q>, work: Work<Q, E>, settings: &Checkout) -> Self {
        Self { name, weigh, work, settings: settings.clone(), queues: Mutex::default() }
    }

    /// Runs the request in one transaction together with those that wait. The outcome is returned after the commit.
    ///
    /// If the batch fails, or another transaction holds the request's key, the request runs once more outside the
    /// queue. It then has a transaction of its own, so it does not affect other requests.
    pub async fn submit(&self, database: &Database, store: StoreId, request: &Keyed<Q>) -> Result<Outcome<E>, Failure> {
        let (name, work) = (self.name, self.work);
        let run_batch = move |database: &Database, batch: Vec<Entry<Q>>| run_batch(database, name, store, &batch, work);
        let entry = (request.clone(), current_request::has_ended());
        let weight = (self.weigh)(&request.request);
        match self.queue(store).submit(database, (entry, weight), run_batch).await? {
            Some(outcome) if !is_in_progress(&outcome) => return Ok(outcome),
            _ => {}
        }
        let alone = request.clone();
        let transaction = move |conn: &mut PgConnection| {
            once(conn, store, &[&alone], |conn: &mut PgConnection, fresh: &[&Q]| work(conn, store, fresh))
        };
        let mut outcomes = database.run(name, Mode::Write, transaction).await?;
        outcomes.pop().ok_or_else(|| Failure::Internal("a request has no outcome".to_owned()))
    }

    /// Keeps batches of the store from starting, if none is running. For tests that compose a batch.
    #[doc(hidden)]
    #[must_use]
    pub fn close(&self, store: StoreId) -> Option<Closed> {
        self.queue(store).close(self.settings.concurrent_batches)
    }

    /// The number of requests that wait for a batch of the store. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn waiting(&self, store: StoreId) -> usize {
        self.queue(store).len()
    }

    fn queue(&self, store: StoreId) -> StoreQueue<Q, E> {
        let Checkout { concurrent_batches, batch_size } = self.settings;
        let limits = Limits { requests: batch_size, weight: batch_size.saturating_mul(AVERAGE_WEIGHT) };
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(store).or_insert_with(|| Arc::new(BatchQueue::new(concurrent_batches, limits))))
    }
}

/// Runs the batch in one transaction. Returns no outcomes if each request should run in a transaction of its own.
fn run_batch<Q, E: Clone + Default>(
    database: &Database,
    name: &'static str,
    store: StoreId,
    batch: &[Entry<Q>],
    work: Work<Q, E>,
) -> Vec<Result<Outcome<E>, Failure>> {
    // A transaction whose COMMIT was lost runs again with the same requests, so that its outcome is found.
    let decided = OnceCell::new();
    let transaction = |conn: &mut PgConnection| {
        let is_live = match decided.get() {
            Some(is_live) => is_live,
            None => {
                let found = find_live(conn, batch)?;
                decided.get_or_init(|| found)
            }
        };
        let live: Vec<&Keyed<Q>> =
            batch.iter().zip(is_live).filter(|(_, is_live)| **is_live).map(|((request, _), _)| request).collect();
        let done = once(conn, store, &live, |conn: &mut PgConnection, fresh: &[&Q]| work(conn, store, fresh))?;
        Ok(done.map(|outcomes| merge(is_live, outcomes)))
    };
    match database.run_blocking(name, Mode::Batch, transaction) {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(failure) if is_final(&failure, batch.len()) => batch.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) => {
            log::warn!(transaction = name, requests = batch.len(), error:% = failure; "the batch failed: its requests run one by one");
            Vec::new()
        }
    }
}

/// True for each request whose token has not been ended since it was admitted.
fn find_live<Q>(conn: &mut PgConnection, batch: &[Entry<Q>]) -> Result<Vec<bool>, Failure> {
    let mut is_live = Vec::with_capacity(batch.len());
    for (_, has_ended) in batch {
        is_live.push(match has_ended {
            Some(has_ended) => !has_ended(conn)?,
            None => true,
        });
    }
    Ok(is_live)
}

/// The outcomes of all requests, in their order. Those that are not live are refused.
fn merge<E>(is_live: &[bool], outcomes: Vec<Outcome<E>>) -> Vec<Outcome<E>> {
    let mut outcomes = outcomes.into_iter();
    let refused = || Err(Abort::Failed(Failure::TokenEnded));
    is_live.iter().filter_map(|is_live| if *is_live { outcomes.next() } else { Some(refused()) }).collect()
}

/// True if the failure would be the same without other requests and with a longer wait for locks.
fn is_final(failure: &Failure, requests: usize) -> bool {
    failure.is_worth_retrying() || requests == 1 && !matches!(failure, Failure::LockTimeout)
}
