//! The bounded queue before the pool. It gives out the permits for connections, and bounds the wait for them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Failure;
use super::tx::Mode;

/// Permits for connections, and the requests that wait for one.
pub(super) struct Queue {
    /// All of the connections and of the queue: for writes, and for the reads of jobs and health checks.
    all: Share,
    /// Reads use at most three quarters, so slow reads cannot stop orders, jobs and health checks.
    reads: Share,
    /// Lists and reports together use at most a half, so they leave connections to reads of products, carts and orders.
    slow: Share,
    /// Lists that compare all rows use a quarter.
    lists: Share,
    /// Reports use a quarter, so they do not delay the searches of buyers.
    reports: Share,
    connections: usize,
    waiting: Arc<Waiting>,
    /// The time that a request may wait for a connection.
    pub(super) time: Duration,
}

/// A part of the connections, and of the slots in the queue.
struct Share {
    permits: Arc<Semaphore>,
    length: usize,
}

impl Share {
    fn new(connections: usize, length: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), length }
    }
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
            all: Share::new(connections, length),
            reads: Share::new(three_quarters(connections), three_quarters(length)),
            slow: Share::new(half(connections), half(length)),
            lists: Share::new(quarter(connections), quarter(length)),
            reports: Share::new(quarter(connections), quarter(length)),
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

    pub(super) fn slot(&self) -> Result<QueueSlot, Failure> {
        QueueSlot::take(&self.waiting, self.all.length)
    }

    /// Waits for a permit for as long as the caller does. `since` is when its request came.
    pub(super) async fn permit(&self, since: Instant) -> Result<ConnectionPermit, Failure> {
        let permit = Arc::clone(&self.all.permits).acquire_owned().await.map_err(|_closed| Failure::QueueFull)?;
        Ok(self.timed(vec![permit], since))
    }

    /// A permit at once, or after a wait in the queue.
    pub(super) async fn wait_for_permit(&self, mode: Mode) -> Result<ConnectionPermit, Failure> {
        let since = Instant::now();
        let shares = self.shares(mode);
        let length = shares.iter().map(|share| share.length).min().unwrap_or(0);
        let mut permits = Vec::with_capacity(shares.len());
        for share in shares {
            permits.push(self.wait_within(length, &share.permits, since).await?);
        }
        Ok(self.timed(permits, since))
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

    fn timed(&self, permits: Vec<OwnedSemaphorePermit>, since: Instant) -> ConnectionPermit {
        let connect_until = since.checked_add(self.time).unwrap_or(since);
        ConnectionPermit { _permits: permits, connect_until }
    }

    /// The time that the oldest waiting request has waited.
    pub(super) fn oldest_wait(&self) -> Duration {
        let started = self.waiting.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.first_key_value().map_or(Duration::ZERO, |(_, since)| since.elapsed())
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

/// Three quarters, rounded: two of two, so that a slow read leaves one to other reads, and two of three.
fn three_quarters(whole: usize) -> usize {
    whole.saturating_mul(3).saturating_add(2) / 4
}

/// The right to one connection, given back on drop.
pub struct ConnectionPermit {
    /// One of each share.
    _permits: Vec<OwnedSemaphorePermit>,
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

    /// A queue whose waiting requests are refused only for want of a slot.
    fn queue(connections: u32) -> Arc<Queue> {
        Arc::new(Queue::new(connections, 8, Duration::from_millis(200)))
    }

    /// As many permits as can be had at once, of so many requests.
    async fn take(queue: &Arc<Queue>, mode: Mode, requests: usize) -> Vec<ConnectionPermit> {
        let mut taken = Vec::new();
        for _ in 0..requests {
            let immediately = tokio::time::timeout(Duration::ZERO, queue.wait_for_permit(mode)).await;
            taken.extend(immediately.ok().and_then(Result::ok));
        }
        taken
    }

    #[tokio::test]
    async fn each_kind_of_transaction_has_its_share_of_the_connections() {
        use Mode::{Batch, Internal, List, Read, Report, Write};
        // Connections, and the most that each kind uses. With one, every kind waits for every other.
        for (connections, lists, reports, lists_and_reports, reads) in [
            (1, 1, 1, 1, 1),
            (2, 1, 1, 1, 2),
            (3, 1, 1, 1, 2),
            (4, 1, 1, 2, 3),
            (5, 1, 1, 2, 4),
            (6, 1, 1, 2, 5),
            (7, 1, 1, 2, 5),
            (8, 2, 2, 4, 6),
        ] {
            let queue = queue(connections);
            let all = queue.connections;
            for (mode, most) in
                [(List, lists), (Report, reports), (Read, reads), (Write, all), (Batch, all), (Internal, all)]
            {
                assert_eq!(take(&queue, mode, 9).await.len(), most, "{mode:?} of {connections}");
            }
            let mut held = take(&queue, List, 9).await;
            held.extend(take(&queue, Report, 9).await);
            assert_eq!(held.len(), lists_and_reports, "of {connections}");
            held.extend(take(&queue, Read, 9).await);
            assert_eq!(held.len(), reads, "reads get what lists and reports leave of {connections}");
            held.extend(take(&queue, Write, 9).await);
            assert_eq!(held.len(), all, "writes get what reads leave of {connections}");
        }
    }

    /// The requests that wait in a queue of eight when so many have come, after all connections were taken.
    async fn waiting(mode: Mode) -> usize {
        let queue = queue(4);
        let held = take(&queue, Mode::Write, 4).await;
        let requests: Vec<_> = (0..9)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.wait_for_permit(mode).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        let waiting = queue.waiting.requests.load(Ordering::Acquire);
        for request in requests {
            assert!(!request.await.unwrap(), "no request outlives the queue time");
        }
        assert_eq!(queue.waiting.requests.load(Ordering::Acquire), 0);
        drop(held);
        waiting
    }

    #[tokio::test]
    async fn each_kind_of_transaction_has_its_share_of_the_queue() {
        for (mode, slots) in
            [(Mode::List, 2), (Mode::Report, 2), (Mode::Read, 6), (Mode::Internal, 8), (Mode::Write, 8)]
        {
            assert_eq!(waiting(mode).await, slots, "{mode:?}");
        }
    }

    #[tokio::test]
    async fn a_job_and_a_write_go_on_while_reads_and_lists_wait() {
        let queue = Arc::new(Queue::new(4, 8, Duration::from_secs(20)));
        let mut reads = take(&queue, Mode::Read, 3).await;
        let waiting: Vec<_> = [Mode::Read, Mode::List, Mode::Read]
            .map(|mode| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.wait_for_permit(mode).await.is_ok() })
            })
            .into();
        tokio::task::yield_now().await;
        let job = queue.wait_for_permit(Mode::Internal).await;
        assert!(job.is_ok(), "a job gets a connection while reads wait");
        let write = queue.wait_for_permit(Mode::Write);
        drop(job);
        assert!(write.await.is_ok(), "a write gets a connection while reads wait");
        reads.clear();
        for read in waiting {
            assert!(read.await.unwrap(), "a read that waits in its share gets a connection");
        }
    }
}
