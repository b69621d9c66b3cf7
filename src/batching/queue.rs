//! The queue: requests of one store that wait at the same time are taken together, as a batch.
//!
//! Whoever finds the queue free goes at once and waits for nobody. Who comes while batches are at work
//! waits, and the next batch takes all who wait, oldest first, up to a bound. No task runs beside the
//! requests: the one that has waited longest starts the next batch, and if it goes, the one behind it does.
//! A batch is worked off on a thread of its own and answers its requests from there, so that it ends
//! well whatever becomes of the request that started it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::db::queue::{ConnectionPermit, QueueSlot};
use crate::db::{Database, Failure};

pub struct BatchQueue<Q, A> {
    /// Slices that may be at work at a time.
    slots: Arc<Semaphore>,
    batch_size: usize,
    tickets: AtomicU64,
    /// By ticket, and so oldest first.
    waiting: Mutex<VecDeque<Waiting<Q, A>>>,
}

struct Waiting<Q, A> {
    ticket: u64,
    request: Q,
    answer: Answer<A>,
    /// Told when nobody waits longer.
    first: Arc<Notify>,
    /// Counts in the bounded queue for the database.
    _place: Option<QueueSlot>,
}

type Answer<A> = oneshot::Sender<Result<A, Failure>>;

impl<Q, A> BatchQueue<Q, A>
where
    Q: Send + 'static,
    A: Send + 'static,
{
    #[must_use]
    pub fn new(batches: usize, batch_size: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(batches)),
            batch_size,
            tickets: AtomicU64::new(0),
            waiting: Mutex::default(),
        }
    }

    /// Waits until a batch has answered the request. `work` runs a batch and answers each of its requests,
    /// in their order. None if it broke off, or had no answer.
    ///
    /// A request that no batch has taken in time is turned away; one that was taken never is.
    pub async fn submit<W>(&self, database: &Database, request: Q, work: W) -> Result<Option<A>, Failure>
    where
        W: FnOnce(&Database, Vec<Q>) -> Vec<Result<A, Failure>> + Send + 'static,
    {
        let (sender, mut answer) = oneshot::channel();
        let entry = self.join(database, request, sender)?;
        tokio::select! {
            biased;
            answered = &mut answer => return received(answered),
            start = entry.start(database) => {
                let (slot, permit) = start?;
                self.run(database, slot, permit, work);
            }
            () = tokio::time::sleep(database.queue_time()) => {
                if entry.leave() {
                    return Err(database.explain(Failure::QueueFull));
                }
            }
        }
        received(answer.await)
    }

    /// Works off a batch of those who wait by now. If the database does not answer, the batch is given up, and
    /// its requests are answered with the failure.
    fn run<W>(&self, database: &Database, slot: OwnedSemaphorePermit, permit: ConnectionPermit, work: W)
    where
        W: FnOnce(&Database, Vec<Q>) -> Vec<Result<A, Failure>> + Send + 'static,
    {
        let (requests, answers) = self.take();
        if requests.is_empty() {
            return;
        }
        database.start(
            permit,
            move |database| work(database, requests),
            move |worked| {
                // The next batch need not wait until these are answered.
                drop(slot);
                answer(answers, worked);
            },
        );
    }
}

fn answer<A>(answers: Vec<Answer<A>>, worked: Result<Vec<Result<A, Failure>>, Failure>) {
    let outcomes = match worked {
        Ok(outcomes) => outcomes,
        Err(failure) => answers.iter().map(|_| Err(failure.clone())).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // Whoever has gone will ask again with the same key.
        let _gone = answer.send(outcome);
    }
}

fn received<A>(answer: Result<Result<A, Failure>, oneshot::error::RecvError>) -> Result<Option<A>, Failure> {
    answer.ok().transpose()
}

impl<Q, A> BatchQueue<Q, A> {
    /// Whoever would wait needs a place in the queue for the database.
    fn join(&self, database: &Database, request: Q, answer: Answer<A>) -> Result<QueueEntry<'_, Q, A>, Failure> {
        let mut waiting = self.waiting();
        let goes_at_once = waiting.is_empty() && self.slots.available_permits() > 0 && database.has_permit();
        let place = if goes_at_once { None } else { Some(database.queue()?) };
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let first = Arc::new(Notify::new());
        waiting.push_back(Waiting { ticket, request, answer, first: Arc::clone(&first), _place: place });
        notify_first(&waiting);
        Ok(QueueEntry { queue: self, ticket, first, since: Instant::now() })
    }

    /// Takes those who wait longest.
    fn take(&self) -> (Vec<Q>, Vec<Answer<A>>) {
        let mut waiting = self.waiting();
        let count = waiting.len().min(self.batch_size);
        let taken = waiting.drain(..count).map(|one| (one.request, one.answer)).unzip();
        notify_first(&waiting);
        taken
    }

    /// All of its slots, if nobody is at work.
    pub(super) fn close(&self, slots: usize) -> Option<Closed> {
        let slots = u32::try_from(slots).ok()?;
        Arc::clone(&self.slots).try_acquire_many_owned(slots).ok().map(Closed)
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting().len()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting<Q, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A queue in which nothing begins, opened on drop.
pub struct Closed(#[expect(dead_code, reason = "kept for its drop")] OwnedSemaphorePermit);

/// Told more than once, it is told once.
fn notify_first<Q, A>(waiting: &VecDeque<Waiting<Q, A>>) {
    if let Some(one) = waiting.front() {
        one.first.notify_one();
    }
}

/// Where a request waits. It is left when the request is dropped, for its client may go at any moment.
struct QueueEntry<'a, Q, A> {
    queue: &'a BatchQueue<Q, A>,
    ticket: u64,
    first: Arc<Notify>,
    since: Instant,
}

impl<Q, A> QueueEntry<'_, Q, A> {
    /// The right to work off one batch, once nobody waits longer.
    async fn start(&self, database: &Database) -> Result<(OwnedSemaphorePermit, ConnectionPermit), Failure> {
        self.first.notified().await;
        let slot = Arc::clone(&self.queue.slots).acquire_owned().await.map_err(|_closed| Failure::QueueFull)?;
        Ok((slot, database.permit(self.since).await?))
    }

    /// Whether no batch has taken the request, nor will.
    fn leave(&self) -> bool {
        let mut waiting = self.queue.waiting();
        let Ok(place) = waiting.binary_search_by_key(&self.ticket, |one| one.ticket) else { return false };
        let left = waiting.remove(place);
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
