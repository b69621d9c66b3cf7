//! The queue of one store. Requests that wait at the same time run together as a batch.
//!
//! If the queue is empty, a request starts a batch immediately. Requests that arrive while batches run wait. The next
//! batch takes all waiting requests up to a limit of their number and of their weight. If more wait, their callers take
//! turns (`fair_queueing.rs`). So a caller with many or heavy requests delays the others by its share of a batch. A
//! batch is ordered by age.
//!
//! No background task exists: the request that has waited longest starts the next batch, and is in it. If that request
//! is dropped, the next one does so. A batch runs on a thread of its own and answers its requests from there. So
//! it completes even if the request that started it is dropped.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use super::fair_queueing::{self, Limits};
use crate::db::queue::{BatchSlot, ConnectionPermit};
use crate::db::{Database, Failure};
use crate::kernel::current_request::{self, Caller, Wait};

pub struct BatchQueue<Q, A> {
    /// One permit for each batch that may run at the same time.
    batch_permits: Arc<Semaphore>,
    limits: Limits,
    tickets: AtomicU64,
    /// Sorted by ticket, so the oldest is first.
    waiting: Mutex<VecDeque<Waiting<Q, A>>>,
}

struct Waiting<Q, A> {
    ticket: u64,
    caller: Option<Caller>,
    weight: usize,
    request: Q,
    answer: Answer<A>,
    /// Notified when no older request waits.
    first: Arc<Notify>,
    /// Counts the request in the bounded queue for the database.
    _slot: Option<BatchSlot>,
    /// It ends when a batch takes the request.
    _wait: Wait,
}

type Answer<A> = oneshot::Sender<Result<A, Failure>>;

impl<Q, A> BatchQueue<Q, A>
where
    Q: Send + 'static,
    A: Send + 'static,
{
    #[must_use]
    pub fn new(batches: usize, limits: Limits) -> Self {
        Self {
            batch_permits: Arc::new(Semaphore::new(batches)),
            limits,
            tickets: AtomicU64::new(0),
            waiting: Mutex::default(),
        }
    }

    /// Waits until a batch has answered the request. `work` runs a batch and answers each of its requests, in their
    /// order. Returns None if `work` panicked or had no answer for the request.
    ///
    /// A request that no batch has taken in time is refused. So is one whose client sends no more, if another request
    /// needs its slot. A request that was taken is always answered.
    pub async fn submit<W>(
        &self,
        database: &Database,
        (request, weight): (Q, usize),
        work: W,
    ) -> Result<Option<A>, Failure>
    where
        W: FnOnce(&Database, Vec<Q>) -> Vec<Result<A, Failure>> + Send + 'static,
    {
        let (sender, mut answer) = oneshot::channel();
        let entry = self.join(database, (request, weight), sender)?;
        tokio::select! {
            biased;
            answered = &mut answer => return received(answered),
            start = entry.start(database) => {
                let (batch, connection) = start?;
                self.run(database, batch, connection, work);
            }
            () = entry.end_of_wait(database) => {
                if entry.leave() {
                    return Err(database.explain(Failure::QueueFull));
                }
            }
        }
        received(answer.await)
    }

    /// Runs a batch of the requests that wait now. If the database does not answer, the batch is abandoned, and its
    /// requests are answered with the failure.
    fn run<W>(&self, database: &Database, batch: OwnedSemaphorePermit, connection: ConnectionPermit, work: W)
    where
        W: FnOnce(&Database, Vec<Q>) -> Vec<Result<A, Failure>> + Send + 'static,
    {
        let (requests, answers) = self.take();
        if requests.is_empty() {
            return;
        }
        database.start(
            connection,
            move |database| work(database, requests),
            move |result| {
                // The next batch need not wait until these requests are answered.
                drop(batch);
                answer(answers, result);
            },
        );
    }
}

fn answer<A>(answers: Vec<Answer<A>>, result: Result<Vec<Result<A, Failure>>, Failure>) {
    let outcomes = match result {
        Ok(outcomes) => outcomes,
        Err(failure) => answers.iter().map(|_| Err(failure.clone())).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // A client that has disconnected will retry with the same key.
        let _disconnected = answer.send(outcome);
    }
}

fn received<A>(answer: Result<Result<A, Failure>, oneshot::error::RecvError>) -> Result<Option<A>, Failure> {
    answer.ok().transpose()
}

impl<Q, A> BatchQueue<Q, A> {
    /// Adds the request to the queue. A request that must wait needs a slot in the queue for the database.
    fn join(
        &self,
        database: &Database,
        (request, weight): (Q, usize),
        answer: Answer<A>,
    ) -> Result<QueueEntry<'_, Q, A>, Failure> {
        let mut waiting = self.waiting();
        let starts_immediately =
            waiting.is_empty() && self.batch_permits.available_permits() > 0 && database.has_permit();
        let slot = if starts_immediately { None } else { Some(database.queue()?) };
        let wait = Wait::begin(database.queue_time());
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let first = Arc::new(Notify::new());
        let (has_slot, until) = (slot.is_some(), wait.until());
        let entry = QueueEntry { queue: self, ticket, first: Arc::clone(&first), until, has_slot };
        let caller = current_request::caller();
        waiting.push_back(Waiting { ticket, caller, weight, request, answer, first, _slot: slot, _wait: wait });
        notify_first(&waiting);
        Ok(entry)
    }

    /// Takes the requests of the next batch.
    fn take(&self) -> (Vec<Q>, Vec<Answer<A>>) {
        let mut waiting = self.waiting();
        let chosen = fair_queueing::choose(waiting.iter().map(|entry| (&entry.caller, entry.weight)), self.limits);
        let mut taken = (Vec::new(), Vec::new());
        for (position, entry) in mem::take(&mut *waiting).into_iter().enumerate() {
            if chosen.contains(&position) {
                taken.extend([(entry.request, entry.answer)]);
            } else {
                waiting.push_back(entry);
            }
        }
        notify_first(&waiting);
        taken
    }

    /// Takes the permits of all batches, if none is running.
    pub(super) fn close(&self, batches: usize) -> Option<Closed> {
        let batches = u32::try_from(batches).ok()?;
        Arc::clone(&self.batch_permits).try_acquire_many_owned(batches).ok().map(Closed)
    }

    /// The number of waiting requests.
    pub(super) fn len(&self) -> usize {
        self.waiting().len()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting<Q, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A queue in which no batch starts. Dropping this value opens the queue again.
pub struct Closed(#[expect(dead_code, reason = "kept for its drop")] OwnedSemaphorePermit);

/// Duplicate notifications are ignored.
fn notify_first<Q, A>(waiting: &VecDeque<Waiting<Q, A>>) {
    if let Some(entry) = waiting.front() {
        entry.first.notify_one();
    }
}

/// The entry of a waiting request. It leaves the queue when the request is dropped, because its client may disconnect
/// at any time.
struct QueueEntry<'a, Q, A> {
    queue: &'a BatchQueue<Q, A>,
    ticket: u64,
    first: Arc<Notify>,
    until: Instant,
    has_slot: bool,
}

impl<Q, A> QueueEntry<'_, Q, A> {
    /// Waits until no older request waits, and takes the permits of a new batch and of its connection.
    async fn start(&self, database: &Database) -> Result<(OwnedSemaphorePermit, ConnectionPermit), Failure> {
        self.first.notified().await;
        let batch =
            Arc::clone(&self.queue.batch_permits).acquire_owned().await.map_err(|_closed| Failure::QueueFull)?;
        Ok((batch, database.permit(self.until).await?))
    }

    /// Waits until the time of the wait is over, or until the client sends no more and another request needs the slot.
    async fn end_of_wait(&self, database: &Database) {
        tokio::select! {
            () = tokio::time::sleep_until(self.until) => {}
            () = database.slot_is_needed(), if self.has_slot => {}
        }
    }

    /// Removes the request. True if no batch has taken it or will take it.
    fn leave(&self) -> bool {
        let mut waiting = self.queue.waiting();
        let Ok(position) = waiting.binary_search_by_key(&self.ticket, |entry| entry.ticket) else { return false };
        let left = waiting.remove(position);
        notify_first(&waiting);
        left.is_some()
    }
}

impl<Q, A> Drop for QueueEntry<'_, Q, A> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests;
