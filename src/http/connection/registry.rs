//! The open connections of a server: a bound on their number, and an end for those that take too long.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::activity::{Activity, Paces, Phase, Standing};
use super::pace::Pace;
use crate::http::metrics::Metrics;
use crate::settings::Server;

/// Files that are kept for others than clients: the database's connections, the log, the listener.
const OTHER_FILES: usize = 128;

/// More are of no use to one process.
const MOST_CONNECTIONS: usize = 25_000;

/// So many of the connections are closed together when there are too many, for a look at all of them.
const CLOSED_AT_ONCE: usize = 64;

pub struct Connections {
    started: Instant,
    limit: usize,
    paces: Paces,
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    ids: AtomicU64,
    pub metrics: Metrics,
}

/// A connection's place among the open ones, given back on drop.
pub struct Permit {
    id: u64,
    pub activity: Arc<Activity>,
    pub connections: Arc<Connections>,
}

impl Connections {
    #[must_use]
    pub fn new(settings: &Server, metrics: Metrics) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            limit: limit(settings.max_connections),
            paces: paces(settings),
            open: Mutex::default(),
            ids: AtomicU64::new(0),
            metrics,
        })
    }

    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Milliseconds since the start of the server.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A place for a new connection. None if there are too many and all of them are at work.
    #[must_use]
    pub fn admit(self: &Arc<Self>, peer: Option<SocketAddr>) -> Option<Permit> {
        let now_ms = self.now_ms();
        let mut open = self.open();
        if open.len() >= self.limit {
            self.make_room(&mut open, now_ms);
        }
        if open.len() >= self.limit {
            self.metrics.count_closed_connections("none_idle", 1);
            return None;
        }
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new(peer, now_ms));
        open.insert(id, Arc::clone(&activity));
        self.metrics.set_open_connections(open.len());
        Some(Permit { id, activity, connections: Arc::clone(self) })
    }

    /// Closes the connections that have been idle longest, then those whose body has been awaited longest.
    fn make_room(&self, open: &mut HashMap<u64, Arc<Activity>>, now_ms: u64) {
        let mut closable: Vec<(Standing, u64, u64)> = open
            .iter()
            .map(|(id, activity)| (activity.standing(), activity.last_ms(), *id))
            .filter(|(standing, ..)| *standing != Standing::Working)
            .collect();
        let count = self.limit.div_ceil(CLOSED_AT_ONCE).min(closable.len());
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

    /// Ends the connections whose peers take too long.
    pub fn sweep(&self) {
        let now_ms = self.now_ms();
        self.open().retain(|_, activity| match activity.overdue(&self.paces, now_ms) {
            None => true,
            Some(phase) => {
                activity.end(phase, now_ms);
                self.metrics.count_closed_connections(reason(phase), 1);
                phase != Phase::Closed
            }
        });
    }

    /// Sweeps for as long as the server is there.
    pub fn sweep_regularly(self: &Arc<Self>) {
        let shortest = [self.paces.head, self.paces.body, self.paces.answer].map(|pace| pace.patience_ms);
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

fn paces(settings: &Server) -> Paces {
    let bytes_per_second = settings.min_bytes_per_second;
    Paces {
        head: Pace { patience_ms: settings.head_timeout_ms, bytes_per_second: 0, longest_ms: settings.head_timeout_ms },
        body: Pace {
            patience_ms: settings.body_timeout_ms / 2,
            bytes_per_second,
            longest_ms: settings.body_timeout_ms,
        },
        // An answer may be long, and its reader may be slow, but not slower than the rate.
        answer: Pace { patience_ms: settings.write_timeout_ms, bytes_per_second, longest_ms: u64::MAX },
    }
}

/// The setting, or what the system allows. At least one, so that somebody can be served.
fn limit(setting: usize) -> usize {
    if setting > 0 {
        return setting;
    }
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    let others = OTHER_FILES.max(files / 8).min(files / 2);
    files.saturating_sub(others).clamp(1, MOST_CONNECTIONS)
}
