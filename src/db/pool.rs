//! The pool of connections, and how a connection is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, ManageConnection, R2D2Connection};

use super::socket::{self, Socket};
use super::{Failure, url, watch};

/// SQL statements sent since the start of the process.
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// SQL statements that this process has sent.
pub fn statements() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// The address of the database, and the form of its statements.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: String,
    pub prepared_statements: bool,
}

/// Connections of one generation. When one of them is lost, all others may be: the next generation begins, and
/// those of the last one are closed instead of being used again.
pub(super) struct Pool {
    pool: diesel::r2d2::Pool<Manager>,
    /// Makes connections outside of the pool.
    manager: Manager,
    generation: Arc<AtomicU64>,
}

/// r2d2 repeats a failed attempt to connect after at most half of this time, until it succeeds.
const RETRY_TIME: Duration = Duration::from_secs(1);

impl Pool {
    /// Opens no connection yet: the server must start although the database is unavailable for a moment.
    pub(super) fn new(target: &Target, size: u32, generation: Arc<AtomicU64>) -> Self {
        let manager = || Manager {
            inner: ConnectionManager::new(url::with_timeouts(&target.url)),
            prepared_statements: target.prepared_statements,
            generation: Arc::clone(&generation),
        };
        let pool = diesel::r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(RETRY_TIME)
            // Checks the generation only.
            .test_on_check_out(true)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(manager());
        Self { pool, manager: manager(), generation }
    }

    /// Runs the work on a connection. It waits at most this time for the connection.
    pub(super) fn run<T>(&self, wait: Duration, work: impl FnOnce(&mut OpenConnection) -> T) -> Result<T, Failure> {
        let mut connection = self.pool.get_timeout(wait).map_err(|error| Failure::Unavailable(error.to_string()))?;
        watch::begin_use(connection.socket.clone())?;
        let done = work(&mut connection);
        connection.was_abandoned = watch::end_use();
        Ok(done)
    }

    /// Runs the work on a new connection outside of the pool, and closes it.
    pub(super) fn run_outside<T>(&self, work: impl FnOnce(&mut PgConnection) -> T) -> Result<T, Failure> {
        let mut connection = self.manager.connect().map_err(|error| Failure::Unavailable(error.to_string()))?;
        watch::begin_use(connection.socket.clone())?;
        let done = work(&mut connection.conn);
        watch::end_use();
        Ok(done)
    }

    /// Connections that are open.
    pub(super) fn open(&self) -> u32 {
        self.pool.state().connections
    }

    /// Ends the generation of a connection that was lost.
    pub(super) fn end_generation(&self, lost: u64) {
        let next = lost.wrapping_add(1);
        // Another connection of the same generation may have been lost before.
        let _ended_before = self.generation.compare_exchange(lost, next, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The counter of generations, for another pool of connections to the same server.
    pub(super) fn generations(&self) -> &Arc<AtomicU64> {
        &self.generation
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

/// A connection and its generation.
pub(super) struct OpenConnection {
    pub(super) conn: PgConnection,
    pub(super) generation: u64,
    /// None if it is unknown. Then the connection cannot be ended while a thread waits for it.
    socket: Option<Socket>,
    was_abandoned: bool,
}

struct Manager {
    inner: ConnectionManager<PgConnection>,
    prepared_statements: bool,
    generation: Arc<AtomicU64>,
}

impl Manager {
    fn is_current(&self, connection: &OpenConnection) -> bool {
        connection.generation == self.generation.load(Ordering::Acquire)
    }
}

impl ManageConnection for Manager {
    type Connection = OpenConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Self::Connection, Self::Error> {
        let connect = || Ok::<_, Self::Error>((self.generation.load(Ordering::Acquire), self.inner.connect()?));
        let ((generation, mut conn), socket) = socket::connect(connect)?;
        set_up(&mut conn, self.prepared_statements);
        Ok(OpenConnection { conn, generation, socket, was_abandoned: false })
    }

    fn is_valid(&self, connection: &mut Self::Connection) -> Result<(), Self::Error> {
        match self.is_current(connection) {
            true => Ok(()),
            false => Err(diesel::result::Error::BrokenTransactionManager.into()),
        }
    }

    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        let is_in_doubt = connection.was_abandoned || std::thread::panicking();
        is_in_doubt || connection.conn.is_broken() || !self.is_current(connection)
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
        match event {
            InstrumentationEvent::StartQuery { .. } => {
                STATEMENTS.fetch_add(1, Ordering::Relaxed);
                watch::note_statement();
            }
            InstrumentationEvent::FinishQuery { .. } => watch::note_statement(),
            _ => {}
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
