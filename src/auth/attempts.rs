//! Limits how fast passwords can be tried on an account.
//!
//! Failed attempts are counted in two ways. The first counter is for one account and one address: after a few free
//! attempts, every attempt must wait, and the delay doubles. The second counter is for the account and all addresses,
//! so that an attacker gains nothing from many addresses. The second delay does not apply to addresses from which the
//! account was signed in to before. So an attacker cannot lock out the owner.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::error::{ApiError, Code};
use crate::kernel::keyed_hash::{KeyedHash, Purpose};

/// The number of accounts and pairs whose failed attempts are kept in memory. The oldest entries are removed first. As
/// an entry costs the attacker a password hash or a place in the queue for it, removing entries takes longer than the
/// delays.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(65_535);

/// Failures are removed after this time without another failure.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// The longest delay. It is bounded, so that an owner at a new address can still sign in.
const LONGEST_DELAY_SECONDS: u64 = 900;

/// The failed attempts to sign in, for all accounts.
pub struct Attempts {
    keyed: KeyedHash,
    of_pairs: Failures,
    of_accounts: Failures,
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
        Self { keyed, of_pairs: Failures::new(free), of_accounts: Failures::new(free) }
    }

    /// Counts an attempt on the account from this address. The account need not exist. Refuses with 429 if a delay
    /// from an earlier failure has not ended.
    pub fn begin(&self, account: &str, address: &str) -> Result<Attempt<'_>, ApiError> {
        let pair = self.keyed.hash(Purpose::SignInAttempts, &[account, address]);
        let account = self.keyed.hash(Purpose::SignInAttempts, &[account]);
        self.of_pairs.begin(pair, Instant::now())?;
        Ok(Attempt { attempts: self, pair, account, counts_for_account: false })
    }
}

impl Attempt<'_> {
    /// Counts the attempt for all addresses too, because the account was never signed in to from this address.
    pub fn count_for_all_addresses(&mut self) -> Result<(), ApiError> {
        self.attempts.of_accounts.begin(self.account, Instant::now())?;
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
        Self { free, by_key: Mutex::new(LruCache::new(KEPT)) }
    }

    fn begin(&self, key: Key, now: Instant) -> Result<(), ApiError> {
        if self.free == 0 {
            return Ok(());
        }
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = by_key.get_or_insert_mut(key, || Failed { count: 0, last: now });
        let passed = now.saturating_duration_since(failed.last);
        if passed >= FORGOTTEN_AFTER {
            failed.count = 0;
        }
        let wait = self.delay(failed.count).saturating_sub(passed);
        if !wait.is_zero() {
            return Err(too_many(wait));
        }
        *failed = Failed { count: failed.count.saturating_add(1), last: now };
        Ok(())
    }

    /// The delay is one second after the free attempts, and doubles with each further attempt.
    fn delay(&self, count: u32) -> Duration {
        let Some(beyond) = count.checked_sub(self.free) else { return Duration::ZERO };
        let seconds = 1u64.checked_shl(beyond).unwrap_or(LONGEST_DELAY_SECONDS);
        Duration::from_secs(seconds.min(LONGEST_DELAY_SECONDS))
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
mod tests {
    use super::*;

    fn attempts(free: u32) -> Attempts {
        Attempts::new(free, KeyedHash::new(b"a secret of the tests").unwrap())
    }

    fn wrong() -> Result<(), ApiError> {
        Err(ApiError::new(Code::InvalidCredentials, ""))
    }

    #[test]
    fn delays_double_up_to_fifteen_minutes_and_are_forgotten_after_an_hour() {
        let failures = Failures::new(3);
        let mut now = Instant::now();
        for _ in 0..3 {
            failures.begin([0; 32], now).unwrap();
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
            let refusal = failures.begin([0; 32], now).unwrap_err();
            assert_eq!((refusal.code, refusal.extra.retry_after_seconds), (Code::RateLimited, Some(seconds)));
            now += Duration::from_secs(seconds) - Duration::from_millis(1);
            assert_eq!(failures.begin([0; 32], now).unwrap_err().extra.retry_after_seconds, Some(1));
            now += Duration::from_millis(1);
            failures.begin([0; 32], now).unwrap();
        }
        failures.begin([1; 32], now).unwrap();
        now += FORGOTTEN_AFTER;
        for _ in 0..3 {
            failures.begin([0; 32], now).unwrap();
        }
    }

    #[test]
    fn many_addresses_share_the_delay_of_an_account_but_not_those_it_knows() {
        let attempts = attempts(3);
        for address in ["a", "b", "c"] {
            let mut attempt = attempts.begin("mara", address).unwrap();
            attempt.count_for_all_addresses().unwrap();
            attempt.end(wrong()).unwrap_err();
        }
        let mut new_address = attempts.begin("mara", "d").unwrap();
        let refused = new_address.count_for_all_addresses();
        assert_eq!(new_address.end(refused).unwrap_err().code, Code::RateLimited);
        attempts.begin("mara", "home").unwrap().end(Ok(())).unwrap();
        attempts.begin("noor", "d").unwrap().count_for_all_addresses().unwrap();
    }

    #[test]
    fn a_right_password_clears_the_failures_and_an_unchecked_one_is_not_counted() {
        let attempts = attempts(1);
        for result in [Ok(()), Err(ApiError::new(Code::Busy, ""))] {
            for _ in 0..5 {
                let mut attempt = attempts.begin("mara", "a").unwrap();
                attempt.count_for_all_addresses().unwrap();
                attempt.end(result.clone()).ok();
            }
        }
        attempts.begin("mara", "a").unwrap().end(wrong()).unwrap_err();
        assert!(attempts.begin("mara", "a").is_err());
        assert!(attempts.begin("mara", "b").is_ok());
    }

    #[test]
    fn an_abandoned_attempt_counts_as_failed() {
        let attempts = attempts(1);
        let _given_up = attempts.begin("mara", "a").unwrap();
        assert!(attempts.begin("mara", "a").is_err());
        let off = super::tests::attempts(0);
        (0..100).for_each(|_| off.begin("mara", "a").unwrap().end(wrong()).unwrap_err().code = Code::Busy);
    }

    #[test]
    fn memory_is_bounded() {
        let failures = Failures::new(1);
        let now = Instant::now();
        for number in 0..KEPT.get() + 10 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            failures.begin(key, now).unwrap();
        }
        assert_eq!(failures.by_key.lock().unwrap().len(), KEPT.get());
    }
}
