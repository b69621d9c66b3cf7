//! Slices that a test has put together itself: the lane is closed until everybody stands in it.

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
use super::race::LANES;
use super::reply::Reply;

const PATIENCE: Duration = Duration::from_secs(20);

/// A call that places an order.
pub type Call<'a> = Box<dyn Fn() -> Reply + Sync + 'a>;

/// Lets a test say what it calls without a word about boxes.
pub fn call<'a>(call: impl Fn() -> Reply + Sync + 'a) -> Call<'a> {
    Box::new(call)
}

/// The batch queues of a server.
pub struct Queues {
    pub placements: Data<Placements>,
    pub order_changes: Data<OrderChanges>,
}

/// The lane of a store at one server.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    queues: &'a Queues,
    store: StoreId,
}

impl TestApp {
    /// One after the other, a server for each kind of lane.
    pub fn of_each_lane() -> impl Iterator<Item = Self> {
        LANES.into_iter().map(|lane| Self::with(|settings| take(settings, lane)))
    }

    /// Whether requests that wait are taken together.
    pub fn has_slices(&self) -> bool {
        self.settings.checkout.batch_size > 1
    }

    /// Does what brings so many requests into the lane. Where they can be taken together they are, every other
    /// time; else they find each other as it comes.
    pub fn meet<T: Send>(&self, repetition: usize, count: usize, work: impl FnOnce() -> T + Send) -> T {
        match self.has_slices() && repetition.is_multiple_of(2) {
            true => self.line().together(count, work),
            false => work(),
        }
    }

    /// The lane of the default store.
    pub fn line(&self) -> Line<'_> {
        self.leave_out_other_server();
        Line { queues: self.queues(), store: self.store }
    }
}

impl SecondServer {
    pub fn line(&self, store: StoreId) -> Line<'_> {
        Line { queues: self.queues(), store }
    }
}

impl Line<'_> {
    /// How many wait.
    pub fn waiting(self) -> usize {
        self.queues.placements.waiting(self.store) + self.queues.order_changes.waiting(self.store)
    }

    /// Opened on drop.
    pub fn close(self) -> (Closed, Closed) {
        let Queues { placements, order_changes } = self.queues;
        let closed = look(|| Some((placements.close(self.store)?, order_changes.close(self.store)?)));
        closed.unwrap_or_else(|| panic!("the lane was never free"))
    }

    pub fn wait_until(self, count: usize) {
        let seen = look(|| (self.waiting() == count).then_some(()));
        assert!(seen.is_some(), "{} wait, and not {count}", self.waiting());
    }

    /// Does what brings so many requests into the lane, and opens it when they stand in it: so they are
    /// taken together.
    pub fn together<T: Send>(self, count: usize, work: impl FnOnce() -> T + Send) -> T {
        let closed = self.close();
        thread::scope(|scope| {
            let work = scope.spawn(work);
            self.wait_until(count);
            drop(closed);
            work.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The replies to calls that stand in the lane in this order when it is opened.
    pub fn up(self, calls: &[Call<'_>]) -> Vec<Reply> {
        self.up_and(calls, |_| ())
    }

    /// The same, and what is done after the lane was opened. It can wait until so many are answered, and is
    /// told how many are.
    pub fn up_and(self, calls: &[Call<'_>], then: impl FnOnce(&dyn Fn(usize) -> usize)) -> Vec<Reply> {
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
                self.wait_until(replies.len());
            }
            drop(closed);
            then(&|count| {
                let answered = || Some(answered.load(Ordering::Acquire));
                look(|| answered().filter(|answered| *answered >= count)).expect("they are not answered")
            });
            let joined = replies.into_iter().map(thread::ScopedJoinHandle::join);
            joined.map(|reply| reply.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }
}

/// Sets how many transactions place at a time, and how much in one of them.
pub fn take(settings: &mut Settings, (slices, slice_size): (usize, usize)) {
    (settings.checkout.concurrent_batches, settings.checkout.batch_size) = (slices, slice_size);
}

/// Looks until something is there, with patience.
pub fn look<T>(find: impl Fn() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = find();
        if found.is_some() || Instant::now() > deadline {
            return found;
        }
        thread::sleep(Duration::from_micros(200));
    }
}
