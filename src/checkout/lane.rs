//! The lane: requests of one store that wait at the same time are taken together, as a slice.
//!
//! Whoever finds the lane free goes at once and waits for nobody. Who comes while slices are at work
//! waits, and the next slice takes all who wait, oldest first, up to a bound. No task runs beside the
//! requests: the waiting ones contend for the lane, and the first of them starts the next slice.
//! A slice is worked off on a thread of its own and answers its requests from there, so that it ends
//! well whatever becomes of the request that started it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::db::pool::{Place, Turn};
use crate::db::{Database, Failure};

pub struct Lane<Q, A> {
    /// Slices that may be at work at a time.
    slots: Arc<Semaphore>,
    slice_size: usize,
    tickets: AtomicU64,
    /// By ticket, and so oldest first.
    waiting: Mutex<VecDeque<Waiting<Q, A>>>,
}

struct Waiting<Q, A> {
    ticket: u64,
    request: Q,
    answer: Answer<A>,
    /// Counts in the bounded queue for the database.
    _place: Place,
}

type Answer<A> = oneshot::Sender<Result<A, Failure>>;

/// The right to work off one slice.
type Start = Result<(OwnedSemaphorePermit, Turn), Failure>;

impl<Q, A> Lane<Q, A>
where
    Q: Send + 'static,
    A: Send + 'static,
{
    #[must_use]
    pub fn new(slices: usize, slice_size: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(slices)),
            slice_size,
            tickets: AtomicU64::new(0),
            waiting: Mutex::default(),
        }
    }

    /// Waits until a slice has answered the request. `work` runs a slice and answers each of its requests,
    /// in their order.
    ///
    /// A request that no slice has taken in time is turned away; one that was taken is always answered.
    pub async fn pass<W>(self: &Arc<Self>, database: &Database, request: Q, work: W) -> Result<A, Failure>
    where
        W: Fn(&Database, Vec<Q>) -> Vec<Result<A, Failure>> + Clone + Send + 'static,
    {
        let (ticket, mut answer) = self.join(database.queue()?, request);
        let deadline = tokio::time::sleep(database.queue_time());
        tokio::pin!(deadline);
        loop {
            let waits = self.waits(ticket);
            tokio::select! {
                biased;
                answered = &mut answer => {
                    return answered.unwrap_or_else(|_gone| Err(Failure::Internal("a slice broke off".to_owned())));
                }
                () = &mut deadline, if waits => self.leave(ticket, Failure::QueueFull),
                start = self.start(database), if waits => match start {
                    Ok((slot, turn)) => self.run(database, slot, turn, work.clone()),
                    Err(failure) => self.leave(ticket, failure),
                },
            }
        }
    }

    fn join(&self, place: Place, request: Q) -> (u64, oneshot::Receiver<Result<A, Failure>>) {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        waiting.push_back(Waiting { ticket, request, answer: sender, _place: place });
        (ticket, receiver)
    }

    async fn start(&self, database: &Database) -> Start {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_closed| Failure::QueueFull)?;
        Ok((slot, database.turn().await?))
    }

    /// Works off a slice of those who wait by now.
    fn run<W>(self: &Arc<Self>, database: &Database, slot: OwnedSemaphorePermit, turn: Turn, work: W)
    where
        W: FnOnce(&Database, Vec<Q>) -> Vec<Result<A, Failure>> + Send + 'static,
    {
        let (requests, answers) = self.take();
        if requests.is_empty() {
            return;
        }
        let database = database.clone();
        tokio::task::spawn_blocking(move || {
            let outcomes = work(&database, requests);
            // The next slice need not wait until these are answered.
            drop((turn, slot));
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                // Whoever has gone will ask again with the same key.
                let _gone = answer.send(outcome);
            }
        });
    }

    /// Takes those who wait longest, without those who have gone.
    fn take(&self) -> (Vec<Q>, Vec<Answer<A>>) {
        let mut waiting = self.waiting();
        let oldest = std::iter::from_fn(|| waiting.pop_front()).filter(|one| !one.answer.is_closed());
        oldest.take(self.slice_size).map(|one| (one.request, one.answer)).unzip()
    }

    /// Answers a request that waits without serving it.
    fn leave(&self, ticket: u64, failure: Failure) {
        let mut waiting = self.waiting();
        let place = waiting.binary_search_by_key(&ticket, |one| one.ticket).ok();
        if let Some(left) = place.and_then(|place| waiting.remove(place)) {
            let _gone = left.answer.send(Err(failure));
        }
    }
}

impl<Q, A> Lane<Q, A> {
    /// Whether no slice has taken the request yet.
    fn waits(&self, ticket: u64) -> bool {
        self.waiting().binary_search_by_key(&ticket, |one| one.ticket).is_ok()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting<Q, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
