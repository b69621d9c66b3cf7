//! The time for which the answer to a statement is awaited.
//!
//! Most statements are short, so they have a fixed limit. A report may work for long. So after a few seconds the
//! database is asked over another connection whether it still works on the report, and the limit counts from the last
//! time that it did.

use std::time::{Duration, Instant};

use crate::db::backend::Backend;
use crate::db::tx::Mode;

/// The least time for which an answer is awaited during an outage: longer than any wait for a lock.
const MIN_SILENCE: Duration = Duration::from_millis(2_500);

/// The time for which an answer is awaited: a little longer than the server may work on the statement.
const LONGEST_SILENCE: Duration = Duration::from_millis(6_500);
const LONGEST_SILENCE_OF_REPORT: Duration = Duration::from_secs(122);

/// The time after which the database is asked about a report.
const ASK_AFTER: Duration = Duration::from_secs(3);

/// The time without a sign of work after which a report is given up. The database is asked several times meanwhile.
const UNSEEN_LIMIT: Duration = Duration::from_secs(8);

/// The wait for an answer of the database, with the last signs that it works on the statement.
pub(super) struct Silence {
    pub(super) mode: Mode,
    limit: Duration,
    /// The time at which the work last sent something to the database, or got an answer.
    pub(super) progress: Instant,
    /// The transaction of a report, as soon as it is known.
    backend: Option<Backend>,
    /// The time at which the database was last found at work on it.
    pub(super) seen: Instant,
}

impl Silence {
    pub(super) fn new(mode: Mode) -> Self {
        let now = Instant::now();
        Self { mode, limit: LONGEST_SILENCE, progress: now, backend: None, seen: now }
    }

    pub(super) fn note_progress(&mut self) {
        self.progress = Instant::now();
    }

    /// Limits the silence to the rest of a wait. A report whose backend is known takes its time.
    pub(super) fn hurry(&mut self, until: Instant) {
        let rest = until.saturating_duration_since(Instant::now()).max(MIN_SILENCE);
        self.limit = self.limit.min(rest);
    }

    pub(super) fn note_backend(&mut self, backend: Backend) {
        self.backend = Some(backend);
    }

    /// Notes that the database works on the statement, or that nothing is known to the contrary.
    pub(super) fn note_seen(&mut self) {
        self.seen = Instant::now();
    }

    pub(super) fn backend(&self) -> Option<&Backend> {
        self.backend.as_ref()
    }

    /// The backend to ask about, if its answer is late.
    pub(super) fn late_backend(&self) -> Option<&Backend> {
        self.backend().filter(|_| self.progress.elapsed() > ASK_AFTER)
    }

    pub(super) fn is_over(&self) -> bool {
        let silent = self.progress.elapsed();
        match self.backend {
            None => silent > self.limit,
            Some(_) => silent > LONGEST_SILENCE_OF_REPORT || silent.min(self.seen.elapsed()) > UNSEEN_LIMIT,
        }
    }
}
