//! Logs one line when the database becomes unavailable and one when it is available again, instead of one for each
//! request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Failure;

/// Requests that this process has refused because of the database, since its start.
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// An outage is over at the first commit after this time without a failure. With a full disk, small writes may succeed
/// between those that fail.
const QUIET: Duration = Duration::from_secs(2);

/// The present outage, if there is one.
#[derive(Default)]
pub(super) struct Outage {
    /// True during an outage. Otherwise a commit reads only this flag.
    is_ongoing: AtomicBool,
    ongoing: Mutex<Option<Ongoing>>,
}

struct Ongoing {
    since: Instant,
    last_failure: Instant,
    last_commit: Option<Instant>,
    refused_before: u64,
}

impl Outage {
    /// Notes that the database could not be used.
    pub(super) fn note(&self, failure: &Failure) {
        let now = Instant::now();
        let mut ongoing = self.lock();
        if let Some(outage) = ongoing.as_mut() {
            outage.last_failure = now;
            return;
        }
        let refused_before = REFUSED.load(Ordering::Relaxed);
        *ongoing = Some(Ongoing { since: now, last_failure: now, last_commit: None, refused_before });
        self.is_ongoing.store(true, Ordering::Release);
        log::warn!(error:% = failure; "the database is unavailable; further failures are not logged until it is back");
    }

    /// Notes that a transaction was committed.
    pub(super) fn note_commit(&self) {
        if !self.is_ongoing() {
            return;
        }
        let mut ongoing = self.lock();
        if let Some(outage) = ongoing.as_mut() {
            outage.last_commit = Some(Instant::now());
        }
        let Some(outage) = ongoing.take_if(|outage| outage.last_failure.elapsed() >= QUIET) else { return };
        self.is_ongoing.store(false, Ordering::Release);
        let refused = REFUSED.load(Ordering::Relaxed).saturating_sub(outage.refused_before);
        let seconds = outage.since.elapsed().as_secs();
        log::warn!(seconds = seconds, refused_requests = refused; "the database is available again");
    }

    pub(super) fn is_ongoing(&self) -> bool {
        self.is_ongoing.load(Ordering::Acquire)
    }

    /// True if the database has been unavailable for longer than this.
    pub(super) fn is_longer_than(&self, time: Duration) -> bool {
        self.is_ongoing() && self.lock().as_ref().is_some_and(|outage| outage.since.elapsed() > time)
    }

    /// True if another connection may lead to a server that works: something was committed within this time, although
    /// the outage goes on. A balancer that does not know the roles of servers leads to the read-only ones, too.
    pub(super) fn has_committed_within(&self, time: Duration) -> bool {
        let ongoing = self.lock();
        ongoing.as_ref().and_then(|outage| outage.last_commit).is_some_and(|commit| commit.elapsed() <= time)
    }

    /// An outage that has lasted for so long, and whose last failure is new.
    #[cfg(test)]
    pub(super) fn since(age: Duration) -> Self {
        let outage = Self::default();
        outage.note(&Failure::Unavailable("a test".to_owned()));
        if let Some(ongoing) = outage.lock().as_mut() {
            ongoing.since = ongoing.since.checked_sub(age).unwrap_or(ongoing.since);
        }
        outage
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ongoing>> {
        self.ongoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a request that is refused because of the database.
pub fn count_refused_request() {
    REFUSED.fetch_add(1, Ordering::Relaxed);
}

/// The log has at most one line in this time, however many requests find the database busy.
const BUSY_EVERY: Duration = Duration::from_secs(10);

/// Counts a request that is refused because of overload, and logs the number at most once in 10 s.
pub fn note_busy(failure: &Failure) {
    static LAST: Mutex<(Option<Instant>, u64)> = Mutex::new((None, 0));
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let (logged, refused) = &mut *last;
    *refused = refused.saturating_add(1);
    if logged.is_none_or(|logged| logged.elapsed() >= BUSY_EVERY) {
        log::warn!(refused_requests = *refused, error:% = failure; "busy");
        (*logged, *refused) = (Some(Instant::now()), 0);
    }
}
