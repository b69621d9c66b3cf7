//! Access to the database for handlers and jobs.

mod attempts;

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::backend::Inquiry;
use super::outage::Outage;
use super::pool::{Pool, Target};
use super::queue::{BatchSlot, ConnectionPermit, Queue};
use super::retry_budget::SETTLE_TIME;
use super::tx::{End, Mode, Plans, Work};
use super::watch::{Watchdog, Work as WatchedWork};
use super::{Failure, probe};
use crate::kernel::current_request;

/// The use of the database.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    pub target: Target,
    /// Connections, and so transactions at a time.
    pub pool_size: u32,
    pub plans: Plans,
    /// The time that a request waits for a connection.
    pub queue_time: Duration,
    /// The largest number of requests that wait.
    pub queue_length: usize,
}

/// The pool with its queue. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Arc<Pool>,
    queue: Arc<Queue>,
    watchdog: Arc<Watchdog>,
    outage: Arc<Outage>,
    plans: Plans,
    is_writable: Arc<AtomicBool>,
    /// Wakes the relay after a write.
    written: Arc<Notify>,
    /// The time for which a transaction that may be run again is tried after its connection was lost.
    settle_time: Duration,
    /// Seconds by which a test has moved the clock.
    clock_offset: Arc<AtomicI64>,
}

/// A client that sends no more is usually gone. It gets the result of a report for this time.
const LEAVING_TIME: Duration = Duration::from_secs(5);

async fn client_left_long_ago() {
    current_request::client_left().await;
    tokio::time::sleep(LEAVING_TIME).await;
}

impl Database {
    /// Opens no connection yet: the server must start although the database is unavailable for a moment.
    pub fn new(options: DatabaseOptions) -> Self {
        Self::with_shared_state(options, Arc::default(), Arc::default(), Arc::default())
    }

    /// The same database with other connections. An outage is noted once for both, and ends the connections of both.
    #[must_use]
    pub fn beside(&self, options: DatabaseOptions) -> Self {
        let (outage, clock_offset) = (Arc::clone(&self.outage), Arc::clone(&self.clock_offset));
        Self::with_shared_state(options, outage, clock_offset, Arc::clone(self.pool.generations()))
    }

    fn with_shared_state(
        options: DatabaseOptions,
        outage: Arc<Outage>,
        clock_offset: Arc<AtomicI64>,
        generations: Arc<AtomicU64>,
    ) -> Self {
        let DatabaseOptions { target, pool_size, plans, queue_time, queue_length } = options;
        let pool = Arc::new(Pool::new(&target, pool_size, generations));
        let on_abandon = {
            let (pool, outage) = (Arc::clone(&pool), Arc::clone(&outage));
            move |failure: &Failure| {
                pool.end_generation(pool.generation());
                outage.note(failure);
            }
        };
        let inquiry = Inquiry::new(Arc::clone(&pool));
        Self {
            pool,
            queue: Arc::new(Queue::new(pool_size, queue_length, queue_time)),
            watchdog: Watchdog::start(on_abandon, move |watchdog, works| inquiry.ask(watchdog, works)),
            outage,
            plans,
            is_writable: Arc::new(AtomicBool::new(true)),
            written: Arc::default(),
            settle_time: SETTLE_TIME,
            clock_offset,
        }
    }

    /// The same database for jobs, which run again soon: after a lost connection, a transaction has one retry.
    #[must_use]
    pub fn with_one_retry(&self) -> Self {
        Self { settle_time: Duration::ZERO, ..self.clone() }
    }

    /// Waits for the next write of this server, or for one since the last call.
    pub async fn written(&self) {
        self.written.notified().await;
    }

    /// Moves the clock of this database's deadlines. For tests, which must not sleep.
    #[doc(hidden)]
    pub fn advance_clock(&self, seconds: i64) {
        self.clock_offset.fetch_add(seconds, Ordering::AcqRel);
    }

    /// Runs a read of several statements in one snapshot.
    pub fn read<T, F>(&self, name: &'static str, work: F) -> impl Future<Output = Result<T, Failure>>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, Failure> + Send + 'static,
    {
        self.run(name, Mode::Read, move |conn| work(conn).map(End::RollBack))
    }

    /// Runs a read of the server itself, for a health check or a job. It never waits behind the reads of clients.
    pub fn read_internally<T, F>(&self, name: &'static str, work: F) -> impl Future<Output = Result<T, Failure>>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, Failure> + Send + 'static,
    {
        self.run(name, Mode::Internal, move |conn| work(conn).map(End::RollBack))
    }

    /// Runs a write. It must be safe to run again: a claim or a state guard must see that the first run was committed.
    pub fn write<T, F>(&self, name: &'static str, work: F) -> impl Future<Output = Result<T, Failure>>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<End<T>, Failure> + Send + 'static,
    {
        self.run(name, Mode::Write, work)
    }

    /// Waits for a permit, then runs the transaction on a thread that may block.
    pub async fn run<T, F>(&self, name: &'static str, mode: Mode, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<End<T>, Failure> + Send + 'static,
    {
        let work = move |conn: &mut PgConnection| Ok(work(conn)?.map(|value| Box::new(value) as Box<dyn Any + Send>));
        let done = self.run_work(name, mode, Box::new(work)).await?;
        done.downcast().map(|value| *value).map_err(|_other| Failure::Internal(format!("{name} has another result")))
    }

    async fn run_work(&self, name: &'static str, mode: Mode, work: Work) -> Result<Box<dyn Any + Send>, Failure> {
        let permit = self.queue.wait_for_permit(mode).await.map_err(|failure| self.explain(failure))?;
        let (sender, answer) = oneshot::channel();
        let watched = self.start_watched(
            permit,
            move |database| database.run_blocking(name, mode, work),
            // The receiver is gone if the client has disconnected.
            |outcome| drop(sender.send(outcome.and_then(|done| done))),
        );
        // Other work is too short to be cancelled.
        let _cancelled_if_left = (mode == Mode::Report).then(|| watched.cancel_on_drop());
        tokio::select! {
            biased;
            answered = answer => {
                answered.unwrap_or_else(|_closed| Err(Failure::Internal(format!("the thread of {name} panicked"))))
            }
            () = client_left_long_ago(), if mode == Mode::Report => Err(Failure::StatementTimeout),
        }
    }

    /// Starts work on a blocking thread. `respond` gets the result once the permit is returned, or else the failure.
    pub fn start<T, W, R>(&self, permit: ConnectionPermit, work: W, respond: R)
    where
        W: FnOnce(&Self) -> T + Send + 'static,
        R: FnOnce(Result<T, Failure>) + Send + 'static,
    {
        let _watched = self.start_watched(permit, work, respond);
    }

    fn start_watched<T, W, R>(&self, permit: ConnectionPermit, work: W, respond: R) -> Arc<WatchedWork>
    where
        W: FnOnce(&Self) -> T + Send + 'static,
        R: FnOnce(Result<T, Failure>) + Send + 'static,
    {
        let respond = Arc::new(Mutex::new(Some(respond)));
        let take = |respond: &Mutex<Option<R>>| respond.lock().unwrap_or_else(PoisonError::into_inner).take();
        let to_abandon = Arc::clone(&respond);
        let watched = self.watchdog.watch(permit, move |failure| {
            if let Some(respond) = take(&to_abandon) {
                respond(Err(failure));
            }
        });
        let (database, at_work) = (self.clone(), Arc::clone(&watched));
        tokio::task::spawn_blocking(current_request::carried(move || {
            let done = at_work.run(|| work(&database));
            if let (Some(done), Some(respond)) = (done, take(&respond)) {
                respond(Ok(done));
            }
        }));
        watched
    }

    /// A queue that does not move during an outage is a part of it.
    pub fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::QueueFull if self.outage.is_ongoing() => Failure::Unavailable("the queue did not move".to_owned()),
            other => other,
        }
    }

    /// Finds out whether the database can be written to, for [`Database::is_writable`].
    pub async fn check_writable(&self) -> Result<(), Failure> {
        let checked = self.write("check_writable", |conn| probe::write(conn).map(End::Commit)).await;
        match &checked {
            Ok(()) => self.is_writable.store(true, Ordering::Release),
            // A full queue is no sign of the state of the database.
            Err(failure) if failure.is_outage() => self.is_writable.store(false, Ordering::Release),
            Err(_) => {}
        }
        checked
    }

    /// Notes that the database was found to be read-only. The next check may find that it is not any more.
    pub fn note_read_only(&self) {
        self.is_writable.store(false, Ordering::Release);
    }

    /// True if the last check found that the database can be written to.
    pub fn is_writable(&self) -> bool {
        self.is_writable.load(Ordering::Acquire)
    }

    /// Takes a slot among the requests that wait for a batch, if the caller and the queue have one left.
    pub fn queue(&self) -> Result<BatchSlot, Failure> {
        self.queue.slot().map_err(|failure| self.explain(failure))
    }

    /// Waits until the client of a request with a slot sends no more, and another request needs the slot.
    pub async fn slot_is_needed(&self) {
        self.queue.slot_is_needed().await;
    }

    /// The time that a request may wait for a connection.
    pub fn queue_time(&self) -> Duration {
        self.queue.time
    }

    /// True if a permit is free.
    pub fn has_permit(&self) -> bool {
        self.queue.has_permit()
    }

    /// Waits for a permit for a batch, at most until this time.
    pub async fn permit(&self, until: Instant) -> Result<ConnectionPermit, Failure> {
        self.queue.permit(until).await
    }

    /// Connections that are open.
    pub fn connections(&self) -> u32 {
        self.pool.open()
    }

    /// Connections that are at work.
    pub fn in_use(&self) -> usize {
        self.queue.in_use()
    }

    /// The time that the oldest waiting request has waited.
    pub fn oldest_wait(&self) -> Duration {
        self.queue.oldest_wait()
    }
}
