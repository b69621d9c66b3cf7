//! The number of attempts of a transaction, and the time for them.

use std::time::{Duration, Instant};

use super::watch;

/// The time of one wait for a connection.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// At the end of its wait in the queue, a request may still wait this long for a connection.
const LEAST_CONNECT_TIME: Duration = Duration::from_millis(250);

/// The time for which one transaction is tried.
pub(super) struct Patience {
    settle_until: Option<Instant>,
    /// The end of the wait in the queue, which the first connection is a part of.
    connect_until: Option<Instant>,
    has_connected: bool,
    has_paused: bool,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(settle_time: Duration) -> Self {
        Self {
            settle_until: Instant::now().checked_add(settle_time),
            connect_until: watch::connect_until(),
            has_connected: false,
            has_paused: false,
            pause: Duration::from_millis(10),
        }
    }

    pub(super) fn note_connected(&mut self) {
        self.has_connected = true;
    }

    pub(super) fn connect_time(&self) -> Duration {
        match self.connect_until {
            Some(until) if !self.has_connected => {
                until.saturating_duration_since(Instant::now()).clamp(LEAST_CONNECT_TIME, CONNECT_TIME)
            }
            _ => CONNECT_TIME,
        }
    }

    pub(super) fn is_at_an_end(&self) -> bool {
        let now = Instant::now();
        if self.has_connected && !self.has_paused {
            // A new connection may lead to a server that works again.
            return false;
        }
        let is_past = |until: Option<Instant>| until.is_none_or(|until| now >= until);
        is_past(self.settle_until) || !self.has_connected && self.connect_until.is_some_and(|until| now >= until)
    }

    pub(super) fn pause(&mut self) {
        std::thread::sleep(self.pause);
        self.has_paused = true;
        self.pause = self.pause.saturating_mul(2).min(Duration::from_millis(500));
    }
}
