//! The turns of addresses that were refused because others tried to sign in to the same account.
//!
//! At the end of a delay, the first attempt takes it, and everybody else waits for the next delay. An attacker who polls
//! would always be the first. So an address that was refused, and that came back when it was asked to, has a head start.
//!
//! Of several such addresses, the first one still wins. So an attacker who waits with many addresses can be first. The
//! owner then signs in from an address that the account knows, or sets a new password by a mailed link.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

/// The time at the end of a delay in which only addresses with a turn may try. It is longer than a second, because
/// `Retry-After` has whole seconds.
pub(super) const HEAD_START: Duration = Duration::from_secs(2);

/// The turns of pairs of an account and an address. The oldest ones are removed first.
pub(super) struct Turns(Mutex<LruCache<[u8; 32], Turn>>);

#[derive(Clone, Copy)]
struct Turn {
    begins: Instant,
    /// The address came before its turn, so it has none.
    is_lost: bool,
}

impl Turns {
    pub(super) fn new(kept: NonZeroUsize) -> Self {
        Self(Mutex::new(LruCache::new(kept)))
    }

    /// The time that this address must wait after the delay.
    pub(super) fn pause_after_delay(&self, pair: &[u8; 32], now: Instant) -> Duration {
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_now = |turn: &Turn| {
            !turn.is_lost && now.checked_duration_since(turn.begins).is_some_and(|since| since < HEAD_START)
        };
        if turns.peek(pair).is_some_and(is_now) { Duration::ZERO } else { HEAD_START }
    }

    /// Gives a turn to a refused address, and returns the time until it may try. `wait` is the rest of the delay and of
    /// the pause after it.
    pub(super) fn give(&self, pair: [u8; 32], now: Instant, wait: Duration, pause: Duration) -> Duration {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get_mut(&pair).filter(|turn| turn.begins > now) {
            turn.is_lost = true;
            return wait;
        }
        let delay = wait.saturating_sub(pause);
        let wait = if delay.is_zero() { wait } else { delay };
        turns.put(pair, Turn { begins: now.checked_add(wait).unwrap_or(now), is_lost: false });
        wait
    }

    pub(super) fn end(&self, pair: &[u8; 32]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop(pair);
    }
}
