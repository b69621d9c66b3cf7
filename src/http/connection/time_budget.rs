//! Limits the time that a peer may take for a head, a body, or reading a response.

use std::sync::atomic::{AtomicU64, Ordering};

/// A time limit that every byte extends, up to a maximum.
#[derive(Clone, Copy, Debug)]
pub struct TimeBudget {
    /// The time without any byte.
    pub initial_ms: u64,
    /// The rate at which bytes extend the time; 0 means no extension.
    pub bytes_per_second: u64,
    pub max_ms: u64,
}

impl TimeBudget {
    /// The time limit after this many bytes.
    fn allowed_ms(self, bytes: u64) -> u64 {
        let earned = bytes.saturating_mul(1000).checked_div(self.bytes_per_second).unwrap_or(0);
        self.initial_ms.saturating_add(earned).min(self.max_ms)
    }
}

/// The time limits of each part of a request.
#[derive(Clone, Copy, Debug)]
pub struct TimeBudgets {
    pub head: TimeBudget,
    pub body: TimeBudget,
    pub answer: TimeBudget,
}

/// The progress of one activity of a peer. Times are milliseconds of the registry's clock.
#[derive(Debug, Default)]
pub struct Progress {
    /// The start of the activity; 0 if none is active.
    since_ms: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    pub fn begin(&self, now_ms: u64) {
        self.bytes.store(0, Ordering::Relaxed);
        self.since_ms.store(now_ms.max(1), Ordering::Relaxed);
    }

    pub fn begin_unless_begun(&self, now_ms: u64) {
        if !self.is_begun() {
            self.begin(now_ms);
        }
    }

    pub fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn end(&self) {
        self.since_ms.store(0, Ordering::Relaxed);
    }

    pub fn is_begun(&self) -> bool {
        self.since_ms.load(Ordering::Relaxed) != 0
    }

    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub fn elapsed_ms(&self, now_ms: u64) -> u64 {
        match self.since_ms.load(Ordering::Relaxed) {
            0 => 0,
            since => now_ms.saturating_sub(since),
        }
    }

    /// The start of the activity, and the time that its bytes have earned.
    pub fn earned_until_ms(&self, budget: TimeBudget) -> u64 {
        let earned = budget.allowed_ms(self.bytes()).saturating_sub(budget.initial_ms);
        self.since_ms.load(Ordering::Relaxed).saturating_add(earned)
    }

    pub fn is_overdue(&self, budget: TimeBudget, now_ms: u64) -> bool {
        self.is_begun() && self.elapsed_ms(now_ms) > budget.allowed_ms(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_extend_the_time_up_to_the_longest() {
        let budget = TimeBudget { initial_ms: 5_000, bytes_per_second: 500, max_ms: 10_000 };
        let body = Progress::default();
        assert!(!body.is_overdue(budget, 1_000_000), "nothing was begun");
        body.begin(1_000);
        assert!(!body.is_overdue(budget, 6_000) && body.is_overdue(budget, 6_001));
        body.add(1_000);
        assert!(!body.is_overdue(budget, 8_000) && body.is_overdue(budget, 8_001));
        body.add(1_000_000);
        assert!(!body.is_overdue(budget, 11_000) && body.is_overdue(budget, 11_001));
        body.end();
        assert!(!body.is_overdue(budget, 1_000_000));
    }
}
