//! The times for which a connection waits for its peer, and their limits.

use std::sync::atomic::Ordering;

use super::Activity;
use crate::http::connection::phase::{Phase, WorkState};
use crate::http::connection::time_budget::TimeBudgets;

/// The longest time between two requests. The framework ends idle connections earlier.
const MAX_IDLE_MS: u64 = 10_000;

impl Activity {
    /// The time since which the peer makes no useful progress. Single bytes count for the time that they earn, so that
    /// a peer cannot keep a connection young with them.
    pub fn waiting_since_ms(&self, time_budgets: &TimeBudgets) -> u64 {
        let TimeBudgets { head, body, answer } = *time_budgets;
        let activities = [(&self.head, head), (&self.body, body), (&self.answer, answer)];
        let begun = activities.into_iter().filter(|(progress, _)| progress.is_begun());
        begun.map(|(progress, budget)| progress.earned_until_ms(budget)).fold(self.last_ms(), u64::min)
    }

    /// The next phase, if the peer is too slow.
    pub fn overdue(&self, time_budgets: &TimeBudgets, now_ms: u64) -> Option<Phase> {
        if self.answer.is_overdue(time_budgets.answer, now_ms) {
            return Some(Phase::Closed);
        }
        let is_idle = matches!(self.work_state(), WorkState::Idle | WorkState::Receiving);
        match self.phase() {
            phase if phase.is_served() && self.body.is_overdue(time_budgets.body, now_ms) => Some(Phase::BodyTooSlow),
            Phase::Open if is_idle && self.head.is_overdue(time_budgets.head, now_ms) => Some(Phase::HeadTooSlow),
            Phase::Open if self.is_idle_too_long(now_ms) => Some(Phase::HeadTooSlow),
            phase if phase != Phase::Open && is_idle => {
                let since = self.ended_ms.load(Ordering::Relaxed).max(self.last_ms());
                (now_ms.saturating_sub(since) > time_budgets.head.max_ms).then_some(Phase::Closed)
            }
            _ => None,
        }
    }

    /// A response that is a stream waits for the sign that its connection has to end.
    fn is_idle_too_long(&self, now_ms: u64) -> bool {
        let is_between = !self.head.is_begun() && !self.body.is_begun() && self.ending.receiver_count() == 0;
        is_between && self.work_state() == WorkState::Idle && now_ms.saturating_sub(self.last_ms()) > MAX_IDLE_MS
    }
}
