//! The open connections of the server. Limits their number, and ends connections whose peers are too slow.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::activity::{Activity, TimeBudgets};
use super::bounds::Bounds;
use super::phase::{Phase, WorkState};
use super::time_budget::TimeBudget;
use crate::http::metrics::Metrics;
use crate::settings::{Server, Settings};

/// If there are too many connections, this fraction of the limit is closed at once. The registry examines all
/// connections each time, so closing one by one would be slow.
const CLOSED_FRACTION: usize = 64;

/// Memory that the connections of one kind may take together. Beyond it, those that have been waiting longest for their
/// peers are ended.
struct MemoryLimit {
    bytes: fn(&Activity) -> u64,
    max_bytes: u64,
    phase: Phase,
    reason: &'static str,
}

const MEMORY_LIMITS: [MemoryLimit; 2] = [
    MemoryLimit {
        bytes: Activity::unfinished_body_bytes,
        max_bytes: 64 * 1024 * 1024,
        phase: Phase::BodyTooSlow,
        reason: "too_many_bodies",
    },
    MemoryLimit {
        bytes: Activity::unread_answer_bytes,
        max_bytes: 64 * 1024 * 1024,
        phase: Phase::Closed,
        reason: "too_many_answers",
    },
];

/// The memory is added up after each such number of bytes of bodies and responses.
const ADDED_UP_AFTER_BYTES: u64 = 4 * 1024 * 1024;

pub struct Connections {
    started: Instant,
    pub bounds: Bounds,
    time_budgets: TimeBudgets,
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    ids: AtomicU64,
    /// The bytes of bodies and responses since the memory was added up last.
    added: AtomicU64,
    pub metrics: Metrics,
}

/// The registration of a connection. Its drop removes the connection.
pub struct Permit {
    id: u64,
    pub activity: Arc<Activity>,
    pub connections: Arc<Connections>,
}

impl Connections {
    pub fn new(settings: &Settings, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            bounds: Bounds::new(settings),
            time_budgets: time_budgets(&settings.server),
            open: Mutex::default(),
            ids: AtomicU64::new(0),
            added: AtomicU64::new(0),
            metrics,
        })
    }

    /// Milliseconds since the start of the server.
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

    /// Closes the connections that have been waiting longest for their peers, whether between requests or in one. So
    /// connections that an attacker leaves in the middle of a request are closed before those that were used recently.
    fn make_room(&self, open: &mut HashMap<u64, Arc<Activity>>, now_ms: u64) {
        let mut closable: Vec<(u64, u64)> = open
            .iter()
            .filter(|(_, activity)| activity.work_state() != WorkState::Working)
            .map(|(id, activity)| (activity.waiting_since_ms(&self.time_budgets), *id))
            .collect();
        let count = self.bounds.open.div_ceil(CLOSED_FRACTION).min(closable.len());
        if count == 0 {
            return;
        }
        closable.select_nth_unstable(count.saturating_sub(1));
        for (_, id) in closable.into_iter().take(count) {
            if let Some(activity) = open.remove(&id) {
                activity.end(Phase::Closed, now_ms);
            }
        }
        self.metrics.count_closed_connections("too_many", count);
    }

    /// Records bytes of a body or of a response. Ends waiting connections if they need too much memory.
    pub fn add_to_memory(&self, bytes: u64) {
        let added = self.added.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if added >= ADDED_UP_AFTER_BYTES {
            self.limit_memory(&self.open());
        }
    }

    fn limit_memory(&self, open: &HashMap<u64, Arc<Activity>>) {
        self.added.store(0, Ordering::Relaxed);
        for limit in &MEMORY_LIMITS {
            self.apply(limit, open);
        }
    }

    /// Ends the connections that have been waiting longest, until the others fit into the limit.
    fn apply(&self, limit: &MemoryLimit, open: &HashMap<u64, Arc<Activity>>) {
        let with_bytes = open.values().map(|activity| ((limit.bytes)(activity), activity));
        let mut waiting: Vec<_> = with_bytes.filter(|(bytes, _)| *bytes > 0).collect();
        let total = waiting.iter().fold(0, |total: u64, (bytes, _)| total.saturating_add(*bytes));
        let mut excess = total.saturating_sub(limit.max_bytes);
        if excess == 0 {
            return;
        }
        waiting.sort_by_cached_key(|(_, activity)| activity.waiting_since_ms(&self.time_budgets));
        let mut count = 0_usize;
        for (bytes, activity) in waiting {
            if excess == 0 {
                break;
            }
            activity.end(limit.phase, self.now_ms());
            excess = excess.saturating_sub(bytes);
            count = count.saturating_add(1);
        }
        self.metrics.count_closed_connections(limit.reason, count);
    }

    /// Ends the connections whose peers are too slow.
    pub fn sweep(&self) {
        let now_ms = self.now_ms();
        let mut open = self.open();
        self.limit_memory(&open);
        open.retain(|_, activity| match activity.overdue(&self.time_budgets, now_ms) {
            None => true,
            Some(phase) => {
                self.end(activity, phase);
                phase != Phase::Closed
            }
        });
    }

    /// Ends a connection for the fault of its peer.
    pub fn end(&self, activity: &Activity, phase: Phase) {
        activity.end(phase, self.now_ms());
        self.metrics.count_closed_connections(reason(phase), 1);
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
        Phase::BodyTooLarge => "large_body",
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

#[cfg(test)]
mod tests {
    use super::super::pipelining::BodyRest;
    use super::*;

    /// A connection with a request whose body the application waits for.
    fn with_body(began_ms: u64) -> Activity {
        let activity = Activity::new(None, began_ms);
        activity.request_began(BodyRest::Sized(60_000), began_ms);
        activity
    }

    #[test]
    fn connections_that_were_left_in_a_request_are_older_than_those_that_were_used_since() {
        let budget = TimeBudget { initial_ms: 5_000, bytes_per_second: 500, max_ms: 10_000 };
        let head = TimeBudget { initial_ms: 5_000, bytes_per_second: 0, max_ms: 5_000 };
        let time_budgets = TimeBudgets { head, body: budget, answer: budget };
        let silent = with_body(1_000);
        silent.received(30_000, 1_500);
        let dripping = with_body(1_000);
        (1_000..9_000).step_by(1_000).for_each(|now_ms| dripping.received(1, now_ms));
        let steady = with_body(1_000);
        (1_000..9_000).step_by(100).for_each(|now_ms| steady.received(100, now_ms));
        let used = Activity::new(None, 500);
        used.request_began(BodyRest::None, 2_000);
        used.request_ended(3_000);
        let slow_head = Activity::new(None, 500);
        (1_000..9_000).step_by(1_000).for_each(|now_ms| slow_head.received(1, now_ms));
        let since = [&slow_head, &dripping, &silent, &used, &steady].map(|one| one.waiting_since_ms(&time_budgets));
        assert_eq!(since, [500, 1_016, 1_500, 3_000, 6_000]);
    }

    #[test]
    fn a_body_waits_until_its_last_byte() {
        let activity = with_body(1_000);
        activity.received(59_999, 1_100);
        assert!(activity.work_state() == WorkState::Sending && activity.unfinished_body_bytes() > 59_999);
        activity.received(1, 1_200);
        assert!(activity.work_state() == WorkState::Working && activity.unfinished_body_bytes() == 0);
    }
}
