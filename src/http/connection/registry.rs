//! The open connections of the server. Limits their number, and ends connections whose peers are too slow.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::activity::{Activity, TimeBudgets};
use super::bounds::Bounds;
use super::fair::{self, Waiting};
use super::phase::{Phase, WorkState};
use super::time_budget::TimeBudget;
use crate::http::access_log::refused;
use crate::http::metrics::Metrics;
use crate::settings::{Server, Settings};

/// If there are too many connections, this fraction of the limit is closed at once. The registry examines all
/// connections each time, so closing one by one would be slow.
const CLOSED_FRACTION: usize = 64;

/// Memory that the connections of one kind may take together. Beyond it, some of the client that has most are ended.
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

    /// Closes connections that wait for their peers, whether between requests or in one: those of the client that has
    /// most of them.
    fn make_room(&self, open: &mut HashMap<u64, Arc<Activity>>, now_ms: u64) {
        let closable = open.iter().filter(|(_, activity)| activity.work_state() != WorkState::Working);
        let waiting = closable.map(|(id, activity)| self.waiting(*id, 1, activity)).collect();
        // Connections that were taken back may exceed the limit.
        let excess = open.len().saturating_sub(self.bounds.open);
        let room = self.bounds.open.div_ceil(CLOSED_FRACTION).saturating_add(excess);
        let ended = fair::choose(waiting, u64::try_from(room).unwrap_or(u64::MAX));
        for activity in ended.iter().filter_map(|id| open.remove(id)) {
            // A request may have arrived, which only the task of the connection can see.
            if activity.work_state() == WorkState::Idle {
                activity.end(Phase::Displaced, now_ms);
            } else {
                self.end_displaced(&activity);
            }
        }
    }

    /// Ends a connection whose place a new one has.
    pub fn end_displaced(&self, activity: &Activity) {
        activity.end(Phase::Closed, self.now_ms());
        self.metrics.count_closed_connections("too_many", 1);
    }

    /// Takes a displaced connection back, because a request has arrived. The next new connection displaces another one.
    pub fn take_back(&self, permit: &Permit) {
        let mut open = self.open();
        permit.activity.reopen();
        open.insert(permit.id, Arc::clone(&permit.activity));
        self.metrics.set_open_connections(open.len());
    }

    fn waiting<T>(&self, connection: T, weight: u64, activity: &Activity) -> Waiting<T> {
        let since_ms = activity.waiting_since_ms(&self.time_budgets);
        Waiting { client: activity.client(), weight, since_ms, connection }
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

    /// Ends connections of the clients that have most, until the others fit into the limit.
    fn apply(&self, limit: &MemoryLimit, open: &HashMap<u64, Arc<Activity>>) {
        let with_bytes = open.values().map(|activity| ((limit.bytes)(activity), activity));
        let with_bytes: Vec<_> = with_bytes.filter(|(bytes, _)| *bytes > 0).collect();
        let total = with_bytes.iter().fold(0, |total: u64, (bytes, _)| total.saturating_add(*bytes));
        let excess = total.saturating_sub(limit.max_bytes);
        if excess == 0 {
            return;
        }
        let waiting = with_bytes.into_iter().map(|(bytes, activity)| self.waiting(activity, bytes, activity));
        let ended = fair::choose(waiting.collect(), excess);
        ended.iter().for_each(|activity| activity.end(limit.phase, self.now_ms()));
        self.metrics.count_closed_connections(limit.reason, ended.len());
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

    /// Sweeps in the background until the server is dropped, and logs what the access log has summarized.
    pub fn sweep_regularly(self: &Arc<Self>) {
        let shortest =
            [self.time_budgets.head, self.time_budgets.body, self.time_budgets.answer].map(|budget| budget.initial_ms);
        let period = Duration::from_millis((shortest.into_iter().min().unwrap_or(0) / 10).clamp(10, 500));
        let connections = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                refused::write_summary();
                let Some(connections) = connections.upgrade() else { return };
                connections.sweep();
            }
        });
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        refused::write_last_summary();
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
        Phase::Displaced => "too_many",
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
mod tests;
