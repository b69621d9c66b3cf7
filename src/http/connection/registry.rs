//! The open connections of the server. Limits their number, and ends connections whose peers are too slow.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::activity::Activity;
use super::bounds::Bounds;
use super::fair::{self, Waiting};
use super::phase::{Phase, WorkState};
use super::time_budget::{TimeBudget, TimeBudgets};
use crate::http::access_log::refused;
use crate::http::metrics::Metrics;
use crate::settings::{Server, Settings};

/// If there are too many connections, this fraction of the limit is closed at once. The registry examines all
/// connections each time, so closing one by one would be slow.
const CLOSED_FRACTION: usize = 64;

/// If more than this fraction of the room for connections that are being closed is in use, none of them waits for its
/// peer.
const WAITING_FRACTION: usize = 8;

/// Memory that the connections of one kind may take together. Beyond it, connections of the client with the largest sum
/// are ended.
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
    registered: Mutex<Registered>,
    ids: AtomicU64,
    /// The bytes of bodies and responses since the memory was added up last.
    added: AtomicU64,
    pub metrics: Metrics,
}

/// The connections by their ids.
#[derive(Default)]
struct Registered {
    open: HashMap<u64, Arc<Activity>>,
    /// The connections that have made room for new ones. They are closed soon.
    displaced: HashMap<u64, Arc<Activity>>,
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
            registered: Mutex::default(),
            ids: AtomicU64::new(0),
            added: AtomicU64::new(0),
            metrics,
        })
    }

    /// Milliseconds since the start of the server.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Registers a new connection. If there are too many, others make room.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: Option<SocketAddr>) -> Permit {
        let now_ms = self.now_ms();
        let mut registered = self.registered();
        if registered.open.len() >= self.bounds.open {
            self.make_room(&mut registered, now_ms);
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new(peer, now_ms));
        registered.open.insert(id, Arc::clone(&activity));
        self.metrics.set_open_connections(registered.open.len());
        Permit { id, activity, connections: Arc::clone(self) }
    }

    /// Displaces connections of the client with the most connections. None of them gets its place back, even if its
    /// next request has arrived meanwhile: otherwise clients that send many requests could stop the server from
    /// accepting connections.
    fn make_room(&self, registered: &mut Registered, now_ms: u64) {
        let Registered { open, displaced } = registered;
        let all = open.iter().map(|(id, activity)| self.waiting(*id, 1, activity)).collect();
        let room = u64::try_from(self.bounds.open.div_ceil(CLOSED_FRACTION)).unwrap_or(u64::MAX);
        let chosen = fair::choose(all, room);
        self.metrics.count_closed_connections("too_many", chosen.len());
        for (id, activity) in chosen.into_iter().filter_map(|id| open.remove_entry(&id)) {
            displace(&activity, now_ms);
            displaced.insert(id, activity);
        }
    }

    /// True if a displaced connection may wait for its peer in a request, because few are displaced. The others end soon,
    /// so the server goes on accepting connections.
    pub fn lets_displaced_wait(&self) -> bool {
        self.registered().displaced.len() <= self.bounds.closing() / WAITING_FRACTION
    }

    fn waiting<T>(&self, connection: T, weight: u64, activity: &Activity) -> Waiting<T> {
        // A connection that does not wait for its peer is the last one of its client to end.
        let since_ms = match activity.work_state() {
            WorkState::Working => u64::MAX,
            _ => activity.waiting_since_ms(&self.time_budgets),
        };
        Waiting { client: activity.client(), weight, since_ms, connection }
    }

    /// Records bytes of a body or of a response. Ends waiting connections if they need too much memory.
    pub fn add_to_memory(&self, bytes: u64) {
        let added = self.added.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if added >= ADDED_UP_AFTER_BYTES {
            self.limit_memory(&self.registered());
        }
    }

    fn limit_memory(&self, registered: &Registered) {
        self.added.store(0, Ordering::Relaxed);
        for limit in &MEMORY_LIMITS {
            self.apply(limit, registered);
        }
    }

    /// Ends connections of the clients with the largest sums, until the others fit into the limit.
    fn apply(&self, limit: &MemoryLimit, registered: &Registered) {
        let all = registered.open.values().chain(registered.displaced.values());
        let with_bytes = all.map(|activity| ((limit.bytes)(activity), activity));
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
        let mut registered = self.registered();
        self.limit_memory(&registered);
        let Registered { open, displaced } = &mut *registered;
        for connections in [open, displaced] {
            connections.retain(|_, activity| match activity.overdue(&self.time_budgets, now_ms) {
                None => true,
                Some(phase) => {
                    self.end(activity, phase);
                    phase != Phase::Closed
                }
            });
        }
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

    fn registered(&self) -> MutexGuard<'_, Registered> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        refused::write_last_summary();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut registered = self.connections.registered();
        let Registered { open, displaced } = &mut *registered;
        open.remove(&self.id).or_else(|| displaced.remove(&self.id));
        self.connections.metrics.set_open_connections(open.len());
    }
}

/// Ends a connection after its current request, or at once if it waits for its peer in one.
fn displace(activity: &Activity, now_ms: u64) {
    match (activity.work_state(), activity.phase()) {
        (WorkState::Idle | WorkState::Working, Phase::Open) => activity.end(Phase::Displaced, now_ms),
        // The connection ends after its response anyway.
        (WorkState::Working, _) => {}
        _ => activity.end(Phase::Closed, now_ms),
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
