//! The pool, and the bounded queue before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::tx::{self, End, Mode};
use super::{Failure, clock, failure};
use crate::kernel::request_id;

/// What the pool is made of.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    pub url: String,
    pub pool_size: u32,
    pub prepared_statements: bool,
    /// How long a request waits for its turn.
    pub queue_time: Duration,
    /// How many requests wait for their turn.
    pub queue_length: usize,
}

/// Access to the database for handlers and jobs. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool<ConnectionManager<PgConnection>>,
    turns: Arc<Semaphore>,
    waiting: Arc<Waiting>,
    settings: Arc<PoolSettings>,
    /// Seconds by which a test has moved the clock.
    clock_offset: Arc<AtomicI64>,
}

#[derive(Default)]
struct Waiting {
    requests: AtomicUsize,
    started: std::sync::Mutex<std::collections::BTreeMap<u64, Instant>>,
    tickets: AtomicU64,
}

/// SQL statements sent since the start of the process.
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// A transaction that may be run again is tried for this long after its connection was lost.
const SETTLE_TIME: Duration = Duration::from_secs(3);

impl Database {
    /// Opens no connection yet: a database that is away for a moment must not stop the start.
    #[must_use]
    pub fn new(settings: PoolSettings) -> Self {
        let setup = ConnectionSetup { prepared_statements: settings.prepared_statements };
        let pool = Pool::builder()
            .max_size(settings.pool_size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(2))
            .connection_customizer(Box::new(setup))
            .build_unchecked(ConnectionManager::new(&settings.url));
        let turns = usize::try_from(settings.pool_size).unwrap_or(1);
        Self {
            pool,
            turns: Arc::new(Semaphore::new(turns)),
            waiting: Arc::default(),
            settings: Arc::new(settings),
            clock_offset: Arc::default(),
        }
    }

    /// Moves the clock of this database's deadlines. For tests, which must not sleep.
    #[doc(hidden)]
    pub fn advance_clock(&self, seconds: i64) {
        self.clock_offset.fetch_add(seconds, Ordering::AcqRel);
    }

    /// Runs a read of several statements in one snapshot.
    pub async fn read<T, F>(&self, name: &'static str, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, Failure> + Send + 'static,
    {
        self.run(name, Mode::Read, move |conn| work(conn).map(End::RollBack)).await
    }

    /// Runs a transaction that writes. It must be safe to run again: a claim or a state guard
    /// inside it has to see that the first run was committed.
    pub async fn write<T, F>(&self, name: &'static str, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<End<T>, Failure> + Send + 'static,
    {
        self.run(name, Mode::Write, work).await
    }

    /// Waits for a turn, then runs the transaction on a thread that may block.
    pub async fn run<T, F>(&self, name: &'static str, mode: Mode, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<End<T>, Failure> + Send + 'static,
    {
        let turn = self.wait_for_turn().await?;
        let database = self.clone();
        // The turn goes along: it is given back when the work ends, also when the caller has gone.
        let work = move || {
            let _turn = turn;
            database.run_blocking(name, mode, work)
        };
        match actix_web::web::block(request_id::carried(work)).await {
            Ok(result) => result,
            Err(_cancelled) => Err(Failure::Internal(format!("the thread of {name} panicked"))),
        }
    }

    /// Runs the transaction on this thread, again if its connection was lost.
    pub fn run_blocking<T>(
        &self,
        name: &'static str,
        mode: Mode,
        work: impl Fn(&mut PgConnection) -> Result<End<T>, Failure>,
    ) -> Result<T, Failure> {
        clock::set_offset(self.clock_offset.load(Ordering::Acquire));
        let give_up = Instant::now().checked_add(SETTLE_TIME);
        let mut unknown = false;
        let mut pause = Duration::from_millis(10);
        loop {
            let result = self.connect().and_then(|mut conn| tx::run(&mut conn, mode, &work));
            let Err(failure) = result else { return result };
            unknown |= matches!(failure, Failure::OutcomeUnknown);
            if !failure.is_worth_retrying() || give_up.is_none_or(|end| Instant::now() >= end) {
                return Err(if unknown && failure.is_worth_retrying() { Failure::OutcomeUnknown } else { failure });
            }
            log::warn!(transaction = name, error:% = failure; "transaction is run again");
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(Duration::from_millis(500));
        }
    }

    fn connect(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>, Failure> {
        self.pool.get().map_err(|error| Failure::Unavailable(error.to_string()))
    }

    async fn wait_for_turn(&self) -> Result<Turn, Failure> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(Turn(turn));
        }
        let place = self.queue()?;
        let turn = tokio::time::timeout(self.queue_time(), self.turn()).await;
        drop(place);
        turn.unwrap_or(Err(Failure::QueueFull))
    }

    /// Takes a place among the requests that wait for the database, if there is one left.
    pub fn queue(&self) -> Result<Place, Failure> {
        Place::take(&self.waiting, self.settings.queue_length)
    }

    /// How long a request with a place in the queue may wait before it is turned away.
    #[must_use]
    pub fn queue_time(&self) -> Duration {
        self.settings.queue_time
    }

    /// Whether a turn is there for whoever comes now.
    #[must_use]
    pub fn has_turn(&self) -> bool {
        self.turns.available_permits() > 0
    }

    /// Waits for a turn, for as long as the caller has patience.
    pub async fn turn(&self) -> Result<Turn, Failure> {
        Arc::clone(&self.turns).acquire_owned().await.map(Turn).map_err(|_closed| Failure::QueueFull)
    }

    /// Connections that are at work.
    #[must_use]
    pub fn in_use(&self) -> usize {
        let turns = usize::try_from(self.settings.pool_size).unwrap_or(1);
        turns.saturating_sub(self.turns.available_permits())
    }

    /// How long the request has waited that waits longest.
    #[must_use]
    pub fn oldest_wait(&self) -> Duration {
        let started = self.waiting.started.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        started.first_key_value().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }
}

/// SQL statements that this process has sent.
#[must_use]
pub fn statements() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// The right to one connection, given back on drop.
pub struct Turn(#[expect(dead_code, reason = "kept for its drop")] OwnedSemaphorePermit);

/// A place in the queue, given back on drop.
pub struct Place {
    waiting: Arc<Waiting>,
    ticket: u64,
}

impl Place {
    fn take(waiting: &Arc<Waiting>, length: usize) -> Result<Self, Failure> {
        if waiting.requests.fetch_add(1, Ordering::AcqRel) >= length {
            waiting.requests.fetch_sub(1, Ordering::AcqRel);
            return Err(Failure::QueueFull);
        }
        let ticket = waiting.tickets.fetch_add(1, Ordering::Relaxed);
        waiting.started.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(ticket, Instant::now());
        Ok(Self { waiting: Arc::clone(waiting), ticket })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.requests.fetch_sub(1, Ordering::AcqRel);
        self.waiting.started.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&self.ticket);
    }
}

#[derive(Debug)]
struct ConnectionSetup {
    prepared_statements: bool,
}

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for ConnectionSetup {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        if !self.prepared_statements {
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        conn.set_instrumentation(CountStatements);
        Ok(())
    }
}

struct CountStatements;

impl Instrumentation for CountStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A connection outside the pool, for the command line.
pub fn connect_once(url: &str) -> Result<PgConnection, Failure> {
    PgConnection::establish(url).map_err(|error| failure::Failure::Unavailable(error.to_string()))
}
