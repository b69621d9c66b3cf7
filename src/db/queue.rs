//! The bounded queue before the pool. It gives out the permits for connections, and bounds the wait for them.
//!
//! Each caller has a waiting list of its own before the queue. As many of its requests as there are connections have
//! left the list at the same time, so a caller alone can use all connections. Another caller waits for at most this
//! number of requests of each caller, no matter how many they send. Jobs belong to no caller: they have no waiting
//! list, and only time ends their wait.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Failure;
use super::left_clients::LeftClients;
use super::tx::Mode;
use super::waiting_lists::{ListedRequest, WaitingLists, acquire};
use crate::kernel::current_request::{self, Wait};

/// Permits for connections, and the requests that wait for one.
pub(super) struct Queue {
    /// All of the connections and of the queue: for writes, and for the reads of jobs and health checks.
    all: Share,
    /// Reads use three quarters, rounded. So from three connections on, slow reads cannot stop orders, jobs and health
    /// checks.
    reads: Share,
    /// Lists and reports together use at most a half, so they leave connections to reads of products, carts and orders.
    slow: Share,
    /// Lists that compare all rows use a quarter.
    lists: Share,
    /// Reports use a quarter, so they do not delay the searches of buyers.
    reports: Share,
    /// The waiting lists of health checks. They have no bound, because a caller's health check is never refused for its
    /// number.
    health_checks: Arc<WaitingLists>,
    /// Counts the requests of each caller that wait for a batch.
    batched: Arc<WaitingLists>,
    connections: usize,
    waiting: Arc<Waiting>,
    /// The time that a request may wait for a connection.
    pub(super) time: Duration,
}

/// A part of the connections, and of the slots in the queue.
struct Share {
    permits: Arc<Semaphore>,
    length: usize,
    /// The waiting lists of callers before this share.
    waiting_lists: Arc<WaitingLists>,
}

/// The part of the queue that the waiting requests of one caller may have.
const CALLERS_PART: usize = 8;

impl Share {
    fn new(connections: usize, length: usize) -> Self {
        let waiting_lists = WaitingLists::new(connections, length.div_ceil(CALLERS_PART));
        Self { permits: Arc::new(Semaphore::new(connections)), length, waiting_lists }
    }
}

#[derive(Default)]
struct Waiting {
    requests: AtomicUsize,
    /// The start of each wait, with its ticket.
    started: Mutex<BTreeSet<(Instant, u64)>>,
    tickets: AtomicU64,
    left_clients: LeftClients,
}

impl Queue {
    pub(super) fn new(connections: u32, length: usize, time: Duration) -> Self {
        let connections = usize::try_from(connections).unwrap_or(1);
        Self {
            all: Share::new(connections, length),
            reads: Share::new(three_quarters(connections), three_quarters(length)),
            slow: Share::new(half(connections), half(length)),
            lists: Share::new(quarter(connections), quarter(length)),
            reports: Share::new(quarter(connections), quarter(length)),
            health_checks: WaitingLists::new(connections, usize::MAX),
            batched: WaitingLists::new(0, length.div_ceil(CALLERS_PART)),
            connections,
            waiting: Arc::default(),
            time,
        }
    }

    pub(super) fn has_permit(&self) -> bool {
        self.all.permits.available_permits() > 0
    }

    pub(super) fn in_use(&self) -> usize {
        self.connections.saturating_sub(self.all.permits.available_permits())
    }

    /// A slot of a request that waits for a batch.
    pub(super) fn slot(&self) -> Result<BatchSlot, Failure> {
        let listed = current_request::caller().map(|caller| self.batched.join(caller)).transpose()?;
        let slot = QueueSlot::take(&self.waiting, self.all.length, Instant::now())?;
        Ok(BatchSlot { _slot: slot, _listed: listed })
    }

    /// Waits for a permit for a batch. `until` is the end of the caller's own wait.
    pub(super) async fn permit(&self, until: Instant) -> Result<ConnectionPermit, Failure> {
        let permit = Arc::clone(&self.all.permits).acquire_owned().await.map_err(|_closed| Failure::QueueFull)?;
        Ok(ConnectionPermit { _permits: vec![permit], _leave_permit: None, connect_until: until.into_std() })
    }

    /// A permit at once, or after a wait in the caller's list and in the queue.
    pub(super) async fn wait_for_permit(&self, mode: Mode) -> Result<ConnectionPermit, Failure> {
        let wait = Wait::begin(self.time);
        let leave_permit = self.wait_in_list(mode, &wait).await?;
        let shares = self.shares(mode);
        let length = match (mode, &leave_permit) {
            (Mode::Internal, _) | (_, None) => usize::MAX,
            _ => shares.iter().map(|share| share.length).min().unwrap_or(0),
        };
        let mut permits = Vec::with_capacity(shares.len());
        for share in shares {
            let slot = || QueueSlot::take(&self.waiting, length, wait.since());
            let permit = tokio::select! {
                biased;
                permit = acquire(&share.permits, slot, &wait) => permit?,
                () = self.slot_is_needed(), if length < usize::MAX => return Err(Failure::QueueFull),
            };
            permits.push(permit);
        }
        Ok(ConnectionPermit { _permits: permits, _leave_permit: leave_permit, connect_until: wait.until().into_std() })
    }

    /// Waits until the client of a request with a slot sends no more, and another request needs the slot.
    pub(super) async fn slot_is_needed(&self) {
        self.waiting.left_clients.slot_is_needed().await;
    }

    /// Waits in the caller's list. Returns None if the transaction belongs to no caller.
    async fn wait_in_list(&self, mode: Mode, wait: &Wait) -> Result<Option<LeavePermit>, Failure> {
        let Some(caller) = current_request::caller() else { return Ok(None) };
        let listed = self.waiting_lists(mode).join(caller)?;
        let waiter = || Ok(Waiter::new(&self.waiting, wait.since()));
        let permit = acquire(&listed.permits, waiter, wait).await?;
        Ok(Some(LeavePermit { _permit: permit, _listed: listed }))
    }

    /// The waiting lists before the share that a transaction needs first.
    fn waiting_lists(&self, mode: Mode) -> &Arc<WaitingLists> {
        match mode {
            Mode::Internal => &self.health_checks,
            Mode::Write | Mode::Batch => &self.all.waiting_lists,
            Mode::Read => &self.reads.waiting_lists,
            Mode::List => &self.lists.waiting_lists,
            Mode::Report => &self.reports.waiting_lists,
        }
    }

    /// The shares of which a transaction needs a permit. The smallest share comes first, so that a request that waits
    /// for it holds no permit of the others.
    fn shares(&self, mode: Mode) -> Vec<&Share> {
        match mode {
            Mode::Write | Mode::Batch | Mode::Internal => vec![&self.all],
            Mode::Read => vec![&self.reads, &self.all],
            Mode::List => vec![&self.lists, &self.slow, &self.reads, &self.all],
            Mode::Report => vec![&self.reports, &self.slow, &self.reads, &self.all],
        }
    }

    /// The time that the oldest waiting request has waited.
    pub(super) fn oldest_wait(&self) -> Duration {
        self.waiting.started().first().map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }
}

/// A quarter, and at least one.
fn quarter(whole: usize) -> usize {
    (whole / 4).max(1)
}

/// A half, and at least one.
fn half(whole: usize) -> usize {
    (whole / 2).max(1)
}

/// Three quarters, rounded to the nearest: 2 of 2, 2 of 3, 4 of 5. So with two connections, a slow read leaves one to
/// other reads.
fn three_quarters(whole: usize) -> usize {
    whole.saturating_mul(3).saturating_add(2) / 4
}

/// The right to one connection, given back on drop.
pub struct ConnectionPermit {
    /// One of each share.
    _permits: Vec<OwnedSemaphorePermit>,
    _leave_permit: Option<LeavePermit>,
    /// The end of the wait of the request: the time for connecting is a part of it.
    pub(super) connect_until: std::time::Instant,
}

impl ConnectionPermit {
    /// For the server's own work on a connection outside of the pool.
    pub(super) fn outside_of_the_queue() -> Self {
        Self { _permits: Vec::new(), _leave_permit: None, connect_until: std::time::Instant::now() }
    }
}

/// The right of a request to leave the waiting list of its caller, given back on drop.
struct LeavePermit {
    _permit: OwnedSemaphorePermit,
    _listed: ListedRequest,
}

/// A slot of a request that waits for a batch, given back on drop.
pub struct BatchSlot {
    _slot: QueueSlot,
    _listed: Option<ListedRequest>,
}

/// A slot in the queue, given back on drop.
struct QueueSlot(Waiter);

impl QueueSlot {
    /// If the queue is full, a request whose client sends no more gives its slot up.
    fn take(waiting: &Arc<Waiting>, length: usize, since: Instant) -> Result<Self, Failure> {
        if waiting.requests.fetch_add(1, Ordering::AcqRel) >= length && !waiting.left_clients.make_room() {
            waiting.requests.fetch_sub(1, Ordering::AcqRel);
            return Err(Failure::QueueFull);
        }
        Ok(Self(Waiter::new(waiting, since)))
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        self.0.waiting.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A request that waits, in a waiting list or in the queue.
struct Waiter {
    waiting: Arc<Waiting>,
    started: (Instant, u64),
}

impl Waiter {
    fn new(waiting: &Arc<Waiting>, since: Instant) -> Self {
        let started = (since, waiting.tickets.fetch_add(1, Ordering::Relaxed));
        waiting.started().insert(started);
        Self { waiting: Arc::clone(waiting), started }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.waiting.started().remove(&self.started);
    }
}

impl Waiting {
    fn started(&self) -> MutexGuard<'_, BTreeSet<(Instant, u64)>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
