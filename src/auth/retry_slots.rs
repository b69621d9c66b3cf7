//! The retry slots of addresses that were refused because others tried to sign in to the same account.
//!
//! At the end of a delay, the first attempt is counted, and all others wait for the next delay. An attacker who polls
//! would always be the first. So a refused address gets a retry slot, in which it may try before addresses without one.
//! An address that tries again before its slot begins loses it.
//!
//! Of several addresses with a slot, the first one still wins. So an attacker who waits with many addresses can be
//! first. The owner then signs in from an address that the account knows, or sets a new password by a mailed link.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// The time at the end of a delay in which only addresses with a retry slot may try. It is longer than a second,
/// because `Retry-After` has whole seconds.
pub(super) const RETRY_SLOT: Duration = Duration::from_secs(2);

/// The retry slots of pairs of an account and an address. The oldest ones are removed first.
pub(super) struct RetrySlots(Mutex<LruCache<[u8; 32], RetrySlot>>);

#[derive(Clone, Copy)]
struct RetrySlot {
    begins: Instant,
    /// True if the address tried again before its slot began.
    is_lost: bool,
}

impl RetrySlots {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(capacity)))
    }

    /// The time that this address must wait after the delay: none in its retry slot.
    pub(super) fn pause_after_delay(&self, pair: &[u8; 32], now: Instant) -> Duration {
        let slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_now = |slot: &RetrySlot| {
            !slot.is_lost && now.checked_duration_since(slot.begins).is_some_and(|since| since < RETRY_SLOT)
        };
        if slots.peek(pair).is_some_and(is_now) { Duration::ZERO } else { RETRY_SLOT }
    }

    /// Gives a retry slot to a refused address, and returns the time until it may try. `wait` is the rest of the delay
    /// and of the pause after it. An address whose slot has not begun loses it.
    pub(super) fn assign(&self, pair: [u8; 32], now: Instant, wait: Duration, pause: Duration) -> Duration {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get_mut(&pair).filter(|slot| slot.begins > now) {
            slot.is_lost = true;
            return wait;
        }
        let delay = wait.saturating_sub(pause);
        let wait = if delay.is_zero() { wait } else { delay };
        slots.put(pair, RetrySlot { begins: now.checked_add(wait).unwrap_or(now), is_lost: false });
        wait
    }

    pub(super) fn remove(&self, pair: &[u8; 32]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop(pair);
    }
}
