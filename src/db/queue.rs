//! The bounded queue before the pool. It gives out the permits for connections, and bounds the wait for them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;
use super::pool::PoolSlot;
use super::tx::Mode;

/// Permits for connections, and the requests that wait for one.
pub(super) struct Queue {
    permits: Arc<Semaphore>,
    /// Reads use at most three quarters of the connections and of the queue, so that no number of slow reads keeps
    /// buyers from their orders.
    reads: Arc<Semaphore>,
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
        Self {
            permits: Arc::new(Semaphore::new(connections)),
            reads: Arc::new(Semaphore::new(share_of_reads(connections))),
            connections,
            waiting: Arc::default(),
            length,
            time,
        }
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
    pub(super) async fn wait_for_permit(&self, mode: Mode) -> Result<ConnectionPermit, Failure> {
        let since = Instant::now();
        if mode.writes() {
            return Ok(self.timed(self.wait_within(self.length, &self.permits, since).await?, since));
        }
        let length = share_of_reads(self.length);
        let read = self.wait_within(length, &self.reads, since).await?;
        let permit = self.wait_within(length, &self.permits, since).await?;
        Ok(ConnectionPermit { _read: Some(read), ..self.timed(permit, since) })
    }

    /// Takes a permit at once, or waits for it among at most so many other requests.
    async fn wait_within(
        &self,
        length: usize,
        permits: &Arc<Semaphore>,
        since: Instant,
    ) -> Result<OwnedSemaphorePermit, Failure> {
        if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
            return Ok(permit);
        }
        let slot = QueueSlot::take(&self.waiting, length)?;
        let rest = self.time.saturating_sub(since.elapsed());
        let permit = tokio::time::timeout(rest, Arc::clone(permits).acquire_owned()).await;
        drop(slot);
        permit.ok().and_then(Result::ok).ok_or(Failure::QueueFull)
    }

    fn timed(&self, permit: OwnedSemaphorePermit, since: Instant) -> ConnectionPermit {
        let connect_until = since.checked_add(self.time).unwrap_or(since);
        ConnectionPermit { slot: None, _permit: permit, _read: None, connect_until }
    }

    /// The time that the oldest waiting request has waited.
    pub(super) fn oldest_wait(&self) -> Duration {
        let started = self.waiting.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.first_key_value().map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }
}

/// Three quarters, and at least one.
fn share_of_reads(whole: usize) -> usize {
    whole.saturating_sub(whole / 4).max(1)
}

/// The right to one connection, given back on drop.
pub struct ConnectionPermit {
    /// That of the connection that is used at the moment. It is given back before the permits.
    pub(super) slot: Option<PoolSlot>,
    _permit: OwnedSemaphorePermit,
    _read: Option<OwnedSemaphorePermit>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_leave_a_quarter_of_the_connections_and_of_the_queue_to_writes() {
        let queue = Arc::new(Queue::new(4, 4, Duration::from_millis(200)));
        let mut reads = Vec::new();
        for mode in [Mode::Read, Mode::Report, Mode::Read] {
            reads.push(queue.wait_for_permit(mode).await.unwrap());
        }
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.wait_for_permit(Mode::Read).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(queue.waiting.requests.load(Ordering::Acquire), 3, "the fourth read is refused at once");
        let write = queue.wait_for_permit(Mode::Write).await;
        assert!(write.is_ok(), "a write gets a connection while reads wait");
        let second = queue.wait_for_permit(Mode::Write);
        drop(reads.pop());
        let second = second.await;
        assert!(second.is_ok(), "a write waits in the quarter of the queue that reads leave");
        for read in waiting {
            assert!(!read.await.unwrap(), "no read outlives the queue time");
        }
    }
}
