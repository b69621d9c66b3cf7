//! Limits how fast passwords can be tried on an account.
//!
//! Failed attempts are counted in two ways. The first counter is for one account and one address: after a few free
//! attempts, every attempt must wait, and the delay doubles. The second counter is for the account and all addresses,
//! so that an attacker gains nothing from many addresses. The second delay does not apply to addresses from which the
//! account was signed in to before, or from which its password was set by a mailed link. So an attacker cannot lock out
//! the owner.
//!
//! Attempts are counted for the account with its present password. So a new password starts new counters, also on other
//! servers.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::retry_slots::RetrySlots;
use crate::error::{ApiError, Code};
use crate::kernel::keyed_hash::{KeyedHash, Purpose};

/// The number of accounts and pairs whose failed attempts are kept in memory. The oldest entries are removed first. As
/// an entry costs the attacker a password hash or a slot in the queue for it, removing entries takes longer than the
/// delays.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(65_535);

/// Failures are removed after this time without another failure.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// The longest delay. It is bounded, so that an owner at a new address can still sign in.
const LONGEST_DELAY_SECONDS: u64 = 900;

/// The failed attempts to sign in, for all accounts.
pub struct Attempts {
    keyed: KeyedHash,
    of_pairs: Failures,
    of_accounts: Failures,
    retry_slots: RetrySlots,
}

/// The account that somebody tries to sign in to. It need not exist; then it has no hash.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub account: &'a str,
    pub password_hash: Option<&'a str>,
}

/// An attempt in progress. It counts as failed until its result is known, so that clients that disconnect are counted
/// too.
pub struct Attempt<'a> {
    attempts: &'a Attempts,
    pair: Key,
    account: Key,
    counts_for_account: bool,
}

type Key = [u8; 32];

impl Attempts {
    /// `free` is the number of attempts before the first delay. Zero turns the delays off.
    pub fn new(free: u32, keyed: KeyedHash) -> Self {
        let (of_pairs, of_accounts) = (Failures::new(free), Failures::new(free));
        Self { keyed, of_pairs, of_accounts, retry_slots: RetrySlots::new(CAPACITY) }
    }

    /// Counts an attempt from this address. Refuses with 429 if a delay from an earlier failure has not ended.
    pub fn begin(&self, target: Target<'_>, address: &str) -> Result<Attempt<'_>, ApiError> {
        let Target { account, password_hash } = target;
        let password_hash = password_hash.unwrap_or_default();
        let pair = self.keyed.hash(Purpose::SignInAttempts, &[account, password_hash, address]);
        let account = self.keyed.hash(Purpose::SignInAttempts, &[account, password_hash]);
        self.of_pairs.begin(pair, Instant::now(), Duration::ZERO).map_err(too_many)?;
        Ok(Attempt { attempts: self, pair, account, counts_for_account: false })
    }
}

impl Attempt<'_> {
    /// Counts the attempt for all addresses too, because the account was never signed in to from this address.
    pub fn count_for_all_addresses(&mut self) -> Result<(), ApiError> {
        self.count_at(Instant::now()).map_err(too_many)
    }

    /// Counts the attempt, or returns the time until this address may try.
    fn count_at(&mut self, now: Instant) -> Result<(), Duration> {
        let Attempts { of_accounts, retry_slots, .. } = self.attempts;
        let pause = retry_slots.pause_after_delay(&self.pair, now);
        let counted = of_accounts.begin(self.account, now, pause);
        counted.map_err(|wait| retry_slots.assign(self.pair, now, wait, pause))?;
        retry_slots.remove(&self.pair);
        self.counts_for_account = true;
        Ok(())
    }

    /// Ends the attempt. A correct password clears the failures. An attempt that was not checked is not counted.
    pub fn end<T>(self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        let Self { attempts: Attempts { of_pairs, of_accounts, .. }, pair, account, counts_for_account } = self;
        match &result {
            Ok(_) => of_pairs.clear(&pair),
            Err(refusal) if refusal.code == Code::InvalidCredentials => return result,
            Err(_) => of_pairs.take_back(&pair),
        }
        match &result {
            _ if !counts_for_account => {}
            Ok(_) => of_accounts.clear(&account),
            Err(_) => of_accounts.take_back(&account),
        }
        result
    }
}

/// Failed attempts by key.
struct Failures {
    free: u32,
    by_key: Mutex<LruCache<Key, Failed>>,
}

#[derive(Clone, Copy)]
struct Failed {
    count: u32,
    last: Instant,
}

impl Failures {
    fn new(free: u32) -> Self {
        Self { free, by_key: Mutex::new(LruCache::new(CAPACITY)) }
    }

    /// Counts an attempt, or returns the rest of the delay. If there is a delay, a pause is added to it.
    fn begin(&self, key: Key, now: Instant, pause: Duration) -> Result<(), Duration> {
        if self.free == 0 {
            return Ok(());
        }
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = by_key.get_or_insert_mut(key, || Failed { count: 0, last: now });
        let passed = now.saturating_duration_since(failed.last);
        if passed >= FORGOTTEN_AFTER {
            failed.count = 0;
        }
        let delay = self.delay(failed.count).map_or(Duration::ZERO, |delay| delay.saturating_add(pause));
        let wait = delay.saturating_sub(passed);
        if !wait.is_zero() {
            return Err(wait);
        }
        *failed = Failed { count: failed.count.saturating_add(1), last: now };
        Ok(())
    }

    /// The delay is one second after the free attempts, and doubles with each further attempt.
    fn delay(&self, count: u32) -> Option<Duration> {
        let beyond = count.checked_sub(self.free)?;
        let seconds = 1u64.checked_shl(beyond).unwrap_or(LONGEST_DELAY_SECONDS);
        Some(Duration::from_secs(seconds.min(LONGEST_DELAY_SECONDS)))
    }

    fn clear(&self, key: &Key) {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner).pop(key);
    }

    fn take_back(&self, key: &Key) {
        if let Some(failed) = self.by_key.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            failed.count = failed.count.saturating_sub(1);
        }
    }
}

fn too_many(wait: Duration) -> ApiError {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    ApiError::new(Code::RateLimited, format!("Too many attempts to sign in. Try again in {seconds} s."))
        .retry_after(seconds)
}

#[cfg(test)]
mod tests;
