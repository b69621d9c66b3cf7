//! The bounded queue before the pool: who may use a connection now, and how long the others wait.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;

/// Permits for connections, and the requests that wait for one.
pub(super) struct Queue {
    permits: Arc<Semaphore>,
    connections: usize,
    waiting: Arc<Waiting>,
    length: usize,
    /// The time that a request may wait for a connection.
    time: Duration,
}

#[derive(Default)]
struct Waiting {
    requests: AtomicUsize,
    started: Mutex<BTreeMap<u64, Instant>>,
    tickets: AtomicU64,
}

impl Queue {
    pub(super) fn new(connections: u32, length: usize, time: Duration) -> Self {
        let connections = usize::try_from(connections).unwrap_or(1);
        Self { permits: Arc::new(Semaphore::new(connections)), connections, waiting: Arc::default(), length, time }
    }

    pub(super) fn time(&self) -> Duration {
        self.time
    }

    pub(super) fn has_permit(&self) -> bool {
        self.permits.available_permits() > 0
    }

    pub(super) fn in_use(&self) -> usize {
        self.connections.saturating_sub(self.permits.available_permits())
    }

    pub(super) fn slot(&self) -> Result<QueueSlot, Failure> {
        QueueSlot::take(&self.waiting, self.length)
    }

    /// Waits for a permit for as long as the caller does. `since` is when its request came.
    pub(super) async fn permit(&self, since: Instant) -> Result<ConnectionPermit, Failure> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_closed| Failure::QueueFull)?;
        Ok(self.timed(permit, since))
    }

    /// A permit at once, or after a wait in the queue.
    pub(super) async fn wait_for_permit(&self) -> Result<ConnectionPermit, Failure> {
        let since = Instant::now();
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(self.timed(permit, since));
        }
        let slot = self.slot()?;
        let permit = tokio::time::timeout(self.time, self.permit(since)).await;
        drop(slot);
        permit.unwrap_or(Err(Failure::QueueFull))
    }

    fn timed(&self, permit: OwnedSemaphorePermit, since: Instant) -> ConnectionPermit {
        ConnectionPermit { _permit: permit, connect_until: since.checked_add(self.time).unwrap_or(since) }
    }

    /// The time that the oldest waiting request has waited.
    pub(super) fn oldest_wait(&self) -> Duration {
        let started = self.waiting.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.first_key_value().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }
}

/// The right to one connection, given back on drop.
pub struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    /// When the wait of the request ends: the time for connecting is a part of it.
    pub(super) connect_until: Instant,
}

/// A slot in the queue, given back on drop.
pub struct QueueSlot {
    waiting: Arc<Waiting>,
    ticket: u64,
}

impl QueueSlot {
    fn take(waiting: &Arc<Waiting>, length: usize) -> Result<Self, Failure> {
        if waiting.requests.fetch_add(1, Ordering::AcqRel) >= length {
            waiting.requests.fetch_sub(1, Ordering::AcqRel);
            return Err(Failure::QueueFull);
        }
        let ticket = waiting.tickets.fetch_add(1, Ordering::Relaxed);
        waiting.started.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, Instant::now());
        Ok(Self { waiting: Arc::clone(waiting), ticket })
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        self.waiting.requests.fetch_sub(1, Ordering::AcqRel);
        self.waiting.started.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.ticket);
    }
}
