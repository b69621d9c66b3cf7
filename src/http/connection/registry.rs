//! The open connections of the server. Limits their number, and ends connections whose peers are too slow.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::activity::{Activity, Phase, TimeBudgets, WorkState};
use super::time_budget::TimeBudget;
use crate::http::metrics::Metrics;
use crate::settings::{Server, Settings};

/// File descriptors for the listener, the threads, the log and mails.
const RESERVED_FILES: usize = 128;

/// One process gains nothing from more connections.
const MAX_CONNECTIONS: usize = 25_000;

/// If there are too many connections, this fraction of the limit is closed at once. The registry examines all
/// connections each time, so closing one by one would be slow.
const CLOSED_FRACTION: usize = 64;

/// The limits on the number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub workers: usize,
    /// At this number, idle connections are closed for each new one.
    open: usize,
    /// At this number, a worker accepts no more. It includes connections that are being closed.
    pub accepted_by_each: usize,
}

pub struct Connections {
    started: Instant,
    bounds: Bounds,
    time_budgets: TimeBudgets,
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    ids: AtomicU64,
    pub metrics: Metrics,
}

/// The registration of a connection. Its drop removes the connection.
pub struct Permit {
    id: u64,
    pub activity: Arc<Activity>,
    pub connections: Arc<Connections>,
}

impl Connections {
    #[must_use]
    pub fn new(settings: &Settings, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            bounds: Bounds::new(settings),
            time_budgets: time_budgets(&settings.server),
            open: Mutex::default(),
            ids: AtomicU64::new(0),
            metrics,
        })
    }

    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Milliseconds since the start of the server.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Registers a new connection. Returns none if there are too many and all of them process requests.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: Option<SocketAddr>) -> Option<Permit> {
        let now_ms = self.now_ms();
        let mut open = self.open();
        if open.len() >= self.bounds.open {
            self.make_room(&mut open, now_ms);
        }
        if open.len() >= self.bounds.open {
            self.metrics.count_closed_connections("none_idle", 1);
            return None;
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new(peer, now_ms));
        open.insert(id, Arc::clone(&activity));
        self.metrics.set_open_connections(open.len());
        Some(Permit { id, activity, connections: Arc::clone(self) })
    }

    /// Closes the connections that have been idle longest, then those that have waited longest for a body.
    fn make_room(&self, open: &mut HashMap<u64, Arc<Activity>>, now_ms: u64) {
        let mut closable: Vec<(WorkState, u64, u64)> = open
            .iter()
            .map(|(id, activity)| (activity.work_state(), activity.last_ms(), *id))
            .filter(|(work_state, ..)| *work_state != WorkState::Working)
            .collect();
        let count = self.bounds.open.div_ceil(CLOSED_FRACTION).min(closable.len());
        if count == 0 {
            return;
        }
        closable.select_nth_unstable(count.saturating_sub(1));
        for (.., id) in closable.into_iter().take(count) {
            if let Some(activity) = open.remove(&id) {
                activity.end(Phase::Closed, now_ms);
            }
        }
        self.metrics.count_closed_connections("too_many", count);
    }

    /// Ends the connections whose peers are too slow.
    pub fn sweep(&self) {
        let now_ms = self.now_ms();
        self.open().retain(|_, activity| match activity.overdue(&self.time_budgets, now_ms) {
            None => true,
            Some(phase) => {
                activity.end(phase, now_ms);
                self.metrics.count_closed_connections(reason(phase), 1);
                phase != Phase::Closed
            }
        });
    }

    /// Sweeps in the background until the server is dropped.
    pub fn sweep_regularly(self: &Arc<Self>) {
        let shortest =
            [self.time_budgets.head, self.time_budgets.body, self.time_budgets.answer].map(|budget| budget.initial_ms);
        let period = Duration::from_millis((shortest.into_iter().min().unwrap_or(0) / 10).clamp(10, 500));
        let connections = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                let Some(connections) = connections.upgrade() else { return };
                connections.sweep();
            }
        });
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.connections.open();
        open.remove(&self.id);
        self.connections.metrics.set_open_connections(open.len());
    }
}

fn reason(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::HeadTooSlow => "slow_head",
        Phase::BodyTooSlow => "slow_body",
        Phase::Closed => "slow_reader",
    }
}

fn time_budgets(settings: &Server) -> TimeBudgets {
    let bytes_per_second = settings.min_bytes_per_second;
    TimeBudgets {
        head: TimeBudget {
            initial_ms: settings.head_timeout_ms,
            bytes_per_second: 0,
            max_ms: settings.head_timeout_ms,
        },
        body: TimeBudget {
            initial_ms: settings.body_timeout_ms / 2,
            bytes_per_second,
            max_ms: settings.body_timeout_ms,
        },
        // A response may be long, so only the rate of reading is limited.
        answer: TimeBudget { initial_ms: settings.write_timeout_ms, bytes_per_second, max_ms: u64::MAX },
    }
}

impl Bounds {
    fn new(settings: &Settings) -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
        // Each connection of the pool has two.
        let database = usize::try_from(settings.database.pool_size).unwrap_or(usize::MAX).saturating_mul(2);
        let others = RESERVED_FILES.saturating_add(database).max(files / 8).min(files / 2);
        let workers = match settings.server.workers {
            0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            workers => workers,
        };
        Self::within(files.saturating_sub(others), settings.server.max_connections, workers)
    }

    /// Applies the setting, or uses all room if it is 0. The difference between the two limits leaves room for
    /// connections that are being closed. At least one connection is allowed.
    fn within(room: usize, setting: usize, workers: usize) -> Self {
        let closing = |open: usize| (open / 8).max(workers);
        let most = room.saturating_sub(closing(room)).clamp(1, MAX_CONNECTIONS);
        let open = if setting == 0 { most } else { setting.min(most) };
        let accepted = open.saturating_add(closing(open));
        Self { workers, open, accepted_by_each: accepted.checked_div(workers).unwrap_or(1).max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_accepted_have_room() {
        for (room, setting, workers) in
            [(888, 0, 2), (128, 0, 2), (128, 100_000, 8), (1 << 40, 0, 64), (888, 8, 2), (888, 8, 16), (100, 1, 1)]
        {
            let bounds = Bounds::within(room, setting, workers);
            let accepted = bounds.accepted_by_each * workers;
            assert!(bounds.open < accepted && accepted <= room, "{bounds:?} of {room}");
            assert!(setting == 0 || bounds.open <= setting, "{bounds:?}");
        }
        assert_eq!(Bounds::within(888, 0, 2), Bounds { workers: 2, open: 777, accepted_by_each: 437 });
        assert_eq!(Bounds::within(888, 8, 2).open, 8);
        assert_eq!(Bounds::within(1 << 40, 0, 2).open, MAX_CONNECTIONS);
    }
}
