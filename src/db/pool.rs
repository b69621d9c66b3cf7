//! The pool of connections, and how a connection is made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, ManageConnection, PooledConnection, R2D2Connection};

use super::{Failure, url, watch};

/// SQL statements sent since the start of the process.
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// SQL statements that this process has sent.
#[must_use]
pub fn statements() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// Where the database is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: String,
    pub prepared_statements: bool,
}

/// Connections of one generation. When one of them is lost, all others may be: the next generation begins, and
/// those of the last one are closed instead of being used again.
///
/// A connection is taken out of its slot while it is used. So abandoned work can return the slot at once, and close the
/// connection later.
pub(super) struct Pool {
    pool: diesel::r2d2::Pool<Manager>,
    generation: Arc<AtomicU64>,
    open: Weak<()>,
}

/// The right to have one connection. It is empty while the connection is used.
pub(super) type PoolSlot = PooledConnection<Manager>;

/// r2d2 repeats a failed attempt to connect after at most half of this time, until it succeeds.
const RETRY_TIME: Duration = Duration::from_secs(1);

impl Pool {
    /// Opens no connection yet: a database that is away for a moment must not stop the start.
    pub(super) fn new(target: &Target, size: u32) -> Self {
        let generation = Arc::<AtomicU64>::default();
        let counted = Arc::default();
        let open = Arc::downgrade(&counted);
        let manager = Manager {
            inner: ConnectionManager::new(url::with_timeouts(&target.url)),
            prepared_statements: target.prepared_statements,
            generation: Arc::clone(&generation),
            counted,
        };
        let pool = diesel::r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(RETRY_TIME)
            // Looks at the generation only.
            .test_on_check_out(true)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(manager);
        Self { pool, generation, open }
    }

    /// Runs the work on a connection, for which it waits at most so long. The permit of this thread holds the slot
    /// meanwhile.
    pub(super) fn run<T>(&self, patience: Duration, work: impl FnOnce(&mut OpenConnection) -> T) -> Result<T, Failure> {
        let mut slot = self.pool.get_timeout(patience).map_err(|error| Failure::Unavailable(error.to_string()))?;
        let mut connection = slot.take().ok_or_else(|| Failure::Internal("a slot is empty".to_owned()))?;
        watch::hold_slot(slot)?;
        let done = work(&mut connection);
        // The connection of abandoned work has no slot any more, and is closed.
        if let Some(mut slot) = watch::take_slot() {
            *slot = Some(connection);
        }
        Ok(done)
    }

    /// Connections that are open, those of abandoned work included.
    pub(super) fn open(&self) -> usize {
        // The manager has one, too.
        self.open.strong_count().saturating_sub(1)
    }

    /// Ends the generation of a connection that was lost.
    pub(super) fn end_generation(&self, lost: u64) {
        let next = lost.wrapping_add(1);
        // Another connection of the same generation may have been lost before.
        let _ended_before = self.generation.compare_exchange(lost, next, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// A connection and its generation.
pub(super) struct OpenConnection {
    pub(super) conn: PgConnection,
    pub(super) generation: u64,
    _counted: Arc<()>,
}

pub(super) struct Manager {
    inner: ConnectionManager<PgConnection>,
    prepared_statements: bool,
    generation: Arc<AtomicU64>,
    /// Each open connection has a clone, so that they can be counted.
    counted: Arc<()>,
}

impl Manager {
    fn is_current(&self, connection: &OpenConnection) -> bool {
        connection.generation == self.generation.load(Ordering::Acquire)
    }
}

impl ManageConnection for Manager {
    type Connection = Option<OpenConnection>;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Self::Connection, Self::Error> {
        let generation = self.generation.load(Ordering::Acquire);
        let mut conn = self.inner.connect()?;
        set_up(&mut conn, self.prepared_statements);
        Ok(Some(OpenConnection { conn, generation, _counted: Arc::clone(&self.counted) }))
    }

    fn is_valid(&self, slot: &mut Self::Connection) -> Result<(), Self::Error> {
        match slot {
            Some(connection) if self.is_current(connection) => Ok(()),
            _ => Err(diesel::result::Error::BrokenTransactionManager.into()),
        }
    }

    /// The slot of abandoned work comes back empty, and so does that of work that panicked.
    fn has_broken(&self, slot: &mut Self::Connection) -> bool {
        slot.as_mut().is_none_or(|connection| connection.conn.is_broken() || !self.is_current(connection))
    }
}

fn set_up(conn: &mut PgConnection, prepared_statements: bool) {
    if !prepared_statements {
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    conn.set_instrumentation(CountStatements);
}

struct CountStatements;

impl Instrumentation for CountStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
            watch::note_statement();
        }
    }
}

/// A connection outside the pool, for the command line.
pub fn connect_once(target: &Target) -> Result<PgConnection, Failure> {
    let mut conn = PgConnection::establish(&url::with_timeouts(&target.url))
        .map_err(|error| Failure::Unavailable(error.to_string()))?;
    set_up(&mut conn, target.prepared_statements);
    Ok(conn)
}
