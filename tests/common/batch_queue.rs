//! Batches that a test composes: the queue of a store is closed until all of their requests wait in it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::web::Data;
use stockroom::batching::Closed;
use stockroom::checkout::place_orders::Placements;
use stockroom::fulfilment::change_orders::OrderChanges;
use stockroom::kernel::id::StoreId;
use stockroom::settings::Settings;

use super::app::{SecondServer, TestApp};
use super::race::QUEUE_KINDS;
use super::reply::Reply;

const TIMEOUT: Duration = Duration::from_secs(20);

/// A call that places or changes an order.
pub type Call<'a> = Box<dyn Fn() -> Reply + Sync + 'a>;

/// A call from a closure.
pub fn call<'a>(call: impl Fn() -> Reply + Sync + 'a) -> Call<'a> {
    Box::new(call)
}

/// The batch queues of a server.
pub struct Queues {
    pub placements: Data<Placements>,
    pub order_changes: Data<OrderChanges>,
}

/// The batch queues of a store at one server.
#[derive(Clone, Copy)]
pub struct StoreQueue<'a> {
    queues: &'a Queues,
    store: StoreId,
}

impl TestApp {
    /// A server for each kind of batch queue, one after the other.
    pub fn of_each_queue_kind() -> impl Iterator<Item = Self> {
        QUEUE_KINDS.into_iter().map(|kind| Self::with(|settings| set_queue_kind(settings, kind)))
    }

    /// True if waiting requests share a transaction.
    pub fn has_batches(&self) -> bool {
        self.settings.checkout.batch_size > 1
    }

    /// Does work that sends this number of requests to the queue. Where there are batches, every second repetition collects
    /// the requests into one batch; in the others chance decides.
    pub fn sometimes_in_one_batch<T: Send>(
        &self,
        repetition: usize,
        requests: usize,
        work: impl FnOnce() -> T + Send,
    ) -> T {
        match self.has_batches() && repetition.is_multiple_of(2) {
            true => self.batch_queue().in_one_batch(requests, work),
            false => work(),
        }
    }

    /// The batch queue of the default store.
    pub fn batch_queue(&self) -> StoreQueue<'_> {
        self.leave_out_other_server();
        StoreQueue { queues: self.queues(), store: self.store }
    }
}

impl SecondServer {
    pub fn batch_queue(&self, store: StoreId) -> StoreQueue<'_> {
        StoreQueue { queues: self.queues(), store }
    }
}

impl StoreQueue<'_> {
    /// The number of requests that wait.
    pub fn waiting(self) -> usize {
        self.queues.placements.waiting(self.store) + self.queues.order_changes.waiting(self.store)
    }

    /// Closes the queue until the result is dropped.
    pub fn close(self) -> (Closed, Closed) {
        let Queues { placements, order_changes } = self.queues;
        let closed = poll(|| Some((placements.close(self.store)?, order_changes.close(self.store)?)));
        closed.unwrap_or_else(|| panic!("the queue was never empty"))
    }

    /// Waits until exactly this number of requests waits.
    pub fn wait_for(self, count: usize) {
        let seen = poll(|| (self.waiting() == count).then_some(()));
        assert!(seen.is_some(), "{} wait, and not {count}", self.waiting());
    }

    /// Does work that sends this number of requests, and opens the queue when all of them wait: they become one batch.
    pub fn in_one_batch<T: Send>(self, requests: usize, work: impl FnOnce() -> T + Send) -> T {
        let closed = self.close();
        thread::scope(|scope| {
            let work = scope.spawn(work);
            self.wait_for(requests);
            drop(closed);
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The replies to calls that wait in this order when the queue is opened.
    pub fn send_in_one_batch(self, calls: &[Call<'_>]) -> Vec<Reply> {
        self.send_in_one_batch_and(calls, |_| ())
    }

    /// The same, with work after the queue was opened. The function that it is given waits until this number of calls is
    /// answered, and returns the number of answers.
    pub fn send_in_one_batch_and(self, calls: &[Call<'_>], then: impl FnOnce(&dyn Fn(usize) -> usize)) -> Vec<Reply> {
        let answered = &AtomicUsize::new(0);
        let closed = self.close();
        thread::scope(|scope| {
            let mut replies = Vec::new();
            for call in calls {
                replies.push(scope.spawn(move || {
                    let reply = call();
                    answered.fetch_add(1, Ordering::AcqRel);
                    reply
                }));
                self.wait_for(replies.len());
            }
            drop(closed);
            then(&|count| {
                let answered = || Some(answered.load(Ordering::Acquire));
                poll(|| answered().filter(|answered| *answered >= count)).expect("they are not answered")
            });
            let joined = replies.into_iter().map(thread::ScopedJoinHandle::join);
            joined.map(|reply| reply.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }
}

/// Sets the number of concurrent transactions of a store, and the number of requests in one of them.
pub fn set_queue_kind(settings: &mut Settings, (concurrent_batches, batch_size): (usize, usize)) {
    (settings.checkout.concurrent_batches, settings.checkout.batch_size) = (concurrent_batches, batch_size);
}

/// Asks until there is a result, for at most [`TIMEOUT`].
pub fn poll<T>(mut find: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let found = find();
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        thread::sleep(Duration::from_micros(200));
    }
}
