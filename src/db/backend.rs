//! Asks the database over another connection whether it still works on a report, and cancels reports that nobody waits
//! for any more.
//!
//! A report may work for long, so the time alone does not show that its connection has gone silent.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Timestamptz};

use super::pool::Pool;
use super::queue::ConnectionPermit;
use super::tx::{self, Mode};
use super::watch::{self, Need, Watchdog, Work};
use super::{End, Failure, sql};

/// The database is asked at most this often.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// The transaction of a report. A pooler may use the process for another transaction afterwards.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Backend {
    pid: i32,
    began: DateTime<Utc>,
    /// Several servers behind a balancer have different ones.
    server_started: DateTime<Utc>,
}

#[cfg(test)]
impl Backend {
    pub(super) fn for_test() -> Self {
        Self { pid: 1, began: DateTime::UNIX_EPOCH, server_started: DateTime::UNIX_EPOCH }
    }
}

/// Notes the backend of this thread's transaction, if it is a report.
pub(super) fn note(conn: &mut PgConnection, mode: Mode) -> Result<(), Failure> {
    if mode == Mode::Report {
        let (pid, began, server_started) =
            sql("SELECT pg_backend_pid(), transaction_timestamp(), pg_postmaster_start_time()")
                .columns::<(Integer, Timestamptz, Timestamptz)>()
                .get_result(conn)?;
        watch::note_backend(Backend { pid, began, server_started });
    }
    Ok(())
}

/// The questions about backends. One is asked at a time, on a thread and a connection of its own.
pub(super) struct Inquiry {
    pool: Arc<Pool>,
    last: Mutex<Option<Instant>>,
    is_ongoing: Arc<AtomicBool>,
}

impl Inquiry {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, last: Mutex::default(), is_ongoing: Arc::default() }
    }

    /// Asks about these works, unless the last question is recent or has no answer yet.
    pub(super) fn ask(&self, watchdog: &Watchdog, works: Vec<Arc<Work>>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = last.is_some_and(|last| last.elapsed() < ASK_EVERY);
        if works.is_empty() || is_recent || self.is_ongoing.swap(true, Ordering::AcqRel) {
            return;
        }
        *last = Some(Instant::now());
        let (pool, ongoing) = (Arc::clone(&self.pool), Ongoing(Arc::clone(&self.is_ongoing)));
        let own_work = watchdog.watch(ConnectionPermit::outside_of_the_queue(), |_failure| {});
        let spawned = std::thread::Builder::new().name("database-inquiry".to_owned()).spawn(move || {
            let _ongoing = ongoing;
            let asked = own_work.run(|| {
                watch::begin(Mode::Internal);
                pool.run_outside(|conn| ask_about(conn, &works)).flatten()
            });
            if let Some(Err(error)) = asked {
                log::debug!(error:% = error; "the database was not asked about its reports");
            }
        });
        if let Err(error) = spawned {
            log::warn!(error:% = error; "the database cannot be asked about its reports");
        }
    }
}

/// Its drop permits the next question.
struct Ongoing(Arc<AtomicBool>);

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn ask_about(conn: &mut PgConnection, works: &[Arc<Work>]) -> Result<(), Failure> {
    let questions: Vec<(&Arc<Work>, Backend, Need)> = works
        .iter()
        .filter_map(|work| work.backend_in_question().map(|(backend, need)| (work, backend, need)))
        .collect();
    let of = |need: Need| {
        let found = questions.iter().filter(move |question| question.2 == need);
        found.map(|(_, backend, _)| backend.clone()).collect::<Vec<_>>()
    };
    tx::run(conn, Mode::Internal, |conn| {
        let silent = find_silent(conn, &of(Need::Find))?;
        questions.iter().filter(|(_, backend, _)| !silent.contains(backend)).for_each(|(work, ..)| work.note_seen());
        cancel(conn, &of(Need::Cancel))?;
        Ok(End::RollBack(()))
    })
}

/// The backends that do not work on a statement. A process that sends its result counts as finished, because Stockroom
/// reads at once. On another server, or with `track_activities` off, no such process is found.
fn find_silent(conn: &mut PgConnection, backends: &[Backend]) -> Result<HashSet<Backend>, Failure> {
    let (pids, began): (Vec<i32>, Vec<DateTime<Utc>>) =
        backends.iter().map(|backend| (backend.pid, backend.began)).unzip();
    let found: Vec<(DateTime<Utc>, i64)> = sql("\
        SELECT pg_postmaster_start_time(), number - 1 \
        FROM unnest($1, $2) WITH ORDINALITY AS backend (pid, began, number) \
        LEFT JOIN pg_stat_activity AS process ON process.pid = backend.pid \
        WHERE process.pid IS NULL \
           OR process.state <> 'disabled' AND (process.xact_start IS DISTINCT FROM backend.began \
              OR process.state NOT IN ('active', 'fastpath function call') \
              OR process.state = 'active' AND process.wait_event IS NOT DISTINCT FROM 'ClientWrite')")
    .bind::<Array<Integer>, _>(pids)
    .bind::<Array<Timestamptz>, _>(began)
    .columns::<(Timestamptz, BigInt)>()
    .load(conn)?;
    let backend = |(started, index): (DateTime<Utc>, i64)| {
        let backend = backends.get(usize::try_from(index).ok()?)?;
        (backend.server_started == started).then(|| backend.clone())
    };
    Ok(found.into_iter().filter_map(backend).collect())
}

/// Cancels the statements of transactions that nobody waits for. A process that has begun another transaction is left
/// alone.
fn cancel(conn: &mut PgConnection, backends: &[Backend]) -> Result<(), Failure> {
    if backends.is_empty() {
        return Ok(());
    }
    let (pids, began): (Vec<i32>, Vec<DateTime<Utc>>) =
        backends.iter().map(|backend| (backend.pid, backend.began)).unzip();
    let _cancelled: Vec<Option<bool>> = sql("\
        SELECT pg_cancel_backend(process.pid) \
        FROM unnest($1, $2) AS backend (pid, began) \
        JOIN pg_stat_activity AS process ON process.pid = backend.pid AND process.xact_start = backend.began \
        WHERE process.state = 'active'")
    .bind::<Array<Integer>, _>(pids)
    .bind::<Array<Timestamptz>, _>(began)
    .columns::<Nullable<Bool>>()
    .load(conn)?;
    Ok(())
}
