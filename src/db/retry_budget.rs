//! The limits of the attempts of a transaction: the time for all of them, and the wait of each for a connection.

use std::time::{Duration, Instant};

use super::outage::Outage;
use super::{Failure, watch};

/// The time for which a request repeats a transaction. It is long enough for a failover.
pub(super) const SETTLE_TIME: Duration = Duration::from_secs(3);

/// If something was committed within this time, a server that accepts writes can be reached. Jobs write more often.
const LATELY: Duration = Duration::from_secs(10);

/// The time of one wait for a connection.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// At the end of its wait in the queue, a request may still wait this long for a connection.
const MIN_CONNECT_TIME: Duration = Duration::from_millis(250);

/// The time that is left for the attempts of one transaction.
pub(super) struct RetryBudget {
    /// The end of the attempts without a long outage.
    longest: Option<Instant>,
    /// The end of the attempts: `longest`, or the beginning of the work during a long outage.
    settle_until: Option<Instant>,
    /// The end of the request's wait in the queue. The wait for the first connection is a part of it.
    connect_until: Option<Instant>,
    has_connected: bool,
    has_paused: bool,
    pause: Duration,
}

impl RetryBudget {
    /// During a long outage, one repeat is enough, because other work needs the connections.
    pub(super) fn new(settle_time: Duration, outage: &Outage) -> Self {
        let now = Instant::now();
        let longest = now.checked_add(settle_time);
        Self {
            longest,
            settle_until: if outage.is_longer_than(SETTLE_TIME) { Some(now) } else { longest },
            connect_until: watch::connect_until(),
            has_connected: false,
            has_paused: false,
            pause: Duration::from_millis(10),
        }
    }

    pub(super) fn note_connected(&mut self) {
        self.has_connected = true;
    }

    /// A server that refuses writes as read-only may be a standby behind a balancer that does not know the roles. Then
    /// another connection may lead to the primary, no matter how long such failures have lasted.
    pub(super) fn note_failure(&mut self, failure: &Failure, outage: &Outage) {
        if failure.is_read_only() && outage.has_committed_within(LATELY) {
            self.settle_until = self.longest;
        }
    }

    /// The longest wait for the next connection.
    pub(super) fn connect_time(&self) -> Duration {
        match self.connect_until {
            Some(until) if !self.has_connected => {
                until.saturating_duration_since(Instant::now()).clamp(MIN_CONNECT_TIME, CONNECT_TIME)
            }
            _ => CONNECT_TIME,
        }
    }

    /// True if the transaction must not be attempted again.
    pub(super) fn is_exhausted(&self) -> bool {
        let now = Instant::now();
        if self.has_connected && !self.has_paused {
            // A new connection may lead to a server that works again.
            return false;
        }
        let is_past = |until: Option<Instant>| until.is_none_or(|until| now >= until);
        is_past(self.settle_until) || !self.has_connected && self.connect_until.is_some_and(|until| now >= until)
    }

    /// Waits before the next attempt. Each pause is twice as long as the one before, up to half a second.
    pub(super) fn pause(&mut self) {
        std::thread::sleep(self.pause);
        self.has_paused = true;
        self.pause = self.pause.saturating_mul(2).min(Duration::from_millis(500));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_only() -> Failure {
        Failure::Unavailable("cannot execute INSERT in a read-only transaction".to_owned())
    }

    /// True if nothing is left after this failure has happened twice.
    fn is_exhausted(failure: &Failure, outage: &Outage, settle_time: Duration) -> bool {
        let mut budget = RetryBudget::new(settle_time, outage);
        budget.note_connected();
        budget.note_failure(failure, outage);
        budget.pause();
        budget.note_failure(failure, outage);
        budget.is_exhausted()
    }

    #[test]
    fn a_standby_behind_a_balancer_does_not_end_the_repeats_while_another_server_commits() {
        let gone = Failure::Unavailable("server closed the connection unexpectedly".to_owned());
        let outage = Outage::since(Duration::from_secs(60));
        assert!(is_exhausted(&read_only(), &outage, SETTLE_TIME), "no server commits");
        outage.note_commit();
        assert!(!is_exhausted(&read_only(), &outage, SETTLE_TIME));
        assert!(is_exhausted(&gone, &outage, SETTLE_TIME), "a full disk or a lost server");
        assert!(is_exhausted(&read_only(), &outage, Duration::ZERO), "a job");
        assert!(!is_exhausted(&gone, &Outage::default(), SETTLE_TIME));
    }
}
