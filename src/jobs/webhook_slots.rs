//! Chooses the webhook that gets the next free slot of the tasks that send. Pure: it needs no database.

use std::num::NonZeroUsize;

use lru::LruCache;

use crate::webhooks::queries::webhooks::WebhookKey;

/// The webhooks that a server sends to at the same time, and those of them that are slow or whose attempts fail. Their
/// connections have a part of the file descriptors that `http/connection/bounds.rs` reserves.
const MAX_TASKS: usize = 24;
const MAX_SLOW_TASKS: usize = 12;

/// The number of webhooks whose last slots are known. Others count as quick, and as waiting longest.
const MAX_KNOWN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// A webhook with due deliveries, or one that has a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub key: WebhookKey,
    /// True if its last attempts failed.
    pub is_failing: bool,
}

/// The last slots of webhooks. A free slot goes to the store that has the fewest slots, and there to the webhook whose
/// last slot is longest ago. Slow and failing webhooks have only a part of the slots. So neither many webhooks of a
/// store nor many that time out keep the others waiting.
pub struct WebhookSlots {
    count: u64,
    past: LruCache<WebhookKey, Past>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Past {
    /// The number of its last slot. The first slot of all webhooks is number 1.
    last_slot: u64,
    is_slow: bool,
}

impl WebhookSlots {
    pub fn new() -> Self {
        Self { count: 0, past: LruCache::new(MAX_KNOWN) }
    }

    /// The webhook that gets a slot now, or None. `busy` are those that have one.
    pub fn choose(&self, due: &[Candidate], busy: &[Candidate]) -> Option<Candidate> {
        if busy.len() >= MAX_TASKS {
            return None;
        }
        let has_room = busy.iter().filter(|one| self.is_slow_or_failing(one)).count() < MAX_SLOW_TASKS;
        let is_busy = |one: &Candidate| busy.iter().any(|other| other.key == one.key);
        let free = due.iter().filter(|one| (has_room || !self.is_slow_or_failing(one)) && !is_busy(one));
        let slots_of_store = |one: &Candidate| busy.iter().filter(|other| other.key.store == one.key.store).count();
        free.min_by_key(|one| (slots_of_store(one), self.past(one.key).last_slot)).copied()
    }

    /// Notes that the webhook got a slot.
    pub fn begin(&mut self, key: WebhookKey) {
        self.count = self.count.saturating_add(1);
        let past = Past { last_slot: self.count, ..self.past(key) };
        self.past.put(key, past);
    }

    /// Notes that the webhook gave its slot back. `is_slow`: its receiver answered slowly.
    pub fn end(&mut self, key: WebhookKey, is_slow: bool) {
        let past = Past { is_slow, ..self.past(key) };
        self.past.put(key, past);
    }

    fn is_slow_or_failing(&self, one: &Candidate) -> bool {
        one.is_failing || self.past(one.key).is_slow
    }

    fn past(&self, key: WebhookKey) -> Past {
        self.past.peek(&key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{StoreId, WebhookId};

    fn webhook(store: i64, id: i64, is_failing: bool) -> Candidate {
        Candidate { key: WebhookKey { store: StoreId(store), id: WebhookId(id) }, is_failing }
    }

    /// Gives slots until there are none, and returns the webhooks that have one.
    fn fill(slots: &mut WebhookSlots, due: &[Candidate], mut busy: Vec<Candidate>) -> Vec<Candidate> {
        while let Some(one) = slots.choose(due, &busy) {
            slots.begin(one.key);
            busy.push(one);
        }
        busy
    }

    #[test]
    fn a_store_with_many_webhooks_does_not_keep_another_waiting() {
        let mut slots = WebhookSlots::new();
        let many: Vec<Candidate> = (0..30).map(|id| webhook(1, id, false)).collect();
        let mut busy = fill(&mut slots, &many, Vec::new());
        assert_eq!(busy.len(), 24);
        let other = webhook(2, 99, false);
        let due: Vec<Candidate> = many.iter().copied().chain([other]).collect();
        assert_eq!(slots.choose(&due, &busy), None);
        busy.pop();
        assert_eq!(slots.choose(&due, &busy), Some(other));
    }

    #[test]
    fn failing_and_slow_webhooks_have_half_of_the_slots() {
        let mut slots = WebhookSlots::new();
        let failing: Vec<Candidate> = (0..10).map(|id| webhook(1, id, true)).collect();
        let slow: Vec<Candidate> = (10..30).map(|id| webhook(1, id, false)).collect();
        slow.iter().for_each(|one| slots.end(one.key, true));
        let due = [failing, slow].concat();
        let busy = fill(&mut slots, &due, Vec::new());
        assert_eq!(busy.len(), 12);
        let quick = webhook(1, 77, false);
        assert_eq!(slots.choose(&[due, vec![quick]].concat(), &busy), Some(quick));
        slots.end(quick.key, true);
        assert_eq!(slots.choose(&[quick], &busy), None);
        slots.end(quick.key, false);
        assert_eq!(slots.choose(&[quick], &busy), Some(quick));
    }

    #[test]
    fn the_longest_wait_ends_first() {
        let mut slots = WebhookSlots::new();
        let due: Vec<Candidate> = (0..36).map(|id| webhook(1, id, true)).collect();
        let mut served = Vec::new();
        for _ in 0..3 {
            served.extend(fill(&mut slots, &due, Vec::new()).into_iter().map(|one| one.key.id.0));
        }
        served.sort_unstable();
        assert_eq!(served, (0..36).collect::<Vec<_>>());
    }
}
