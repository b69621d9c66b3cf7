use super::*;

fn attempts(free: u32) -> Attempts {
    Attempts::new(free, KeyedHash::new(b"a secret of the tests").unwrap())
}

fn of(account: &str) -> Target<'_> {
    Target { account, password_hash: Some("a hash") }
}

fn wrong() -> Result<(), ApiError> {
    Err(ApiError::new(Code::InvalidCredentials, ""))
}

#[test]
fn delays_double_up_to_fifteen_minutes_and_are_forgotten_after_an_hour() {
    let failures = Failures::new(3);
    let mut now = Instant::now();
    for _ in 0..3 {
        failures.begin([0; 32], now, Duration::ZERO).unwrap();
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
        let refusal = too_many(failures.begin([0; 32], now, Duration::ZERO).unwrap_err());
        assert_eq!((refusal.code, refusal.extra.retry_after_seconds), (Code::RateLimited, Some(seconds)));
        now += Duration::from_secs(seconds) - Duration::from_millis(1);
        let refusal = too_many(failures.begin([0; 32], now, Duration::ZERO).unwrap_err());
        assert_eq!(refusal.extra.retry_after_seconds, Some(1));
        now += Duration::from_millis(1);
        failures.begin([0; 32], now, Duration::ZERO).unwrap();
    }
    failures.begin([1; 32], now, Duration::ZERO).unwrap();
    now += FORGOTTEN_AFTER;
    for _ in 0..3 {
        failures.begin([0; 32], now, Duration::ZERO).unwrap();
    }
}

#[test]
fn many_addresses_share_the_delay_of_an_account_but_not_those_it_knows() {
    let attempts = attempts(3);
    for address in ["a", "b", "c"] {
        let mut attempt = attempts.begin(of("mara"), address).unwrap();
        attempt.count_for_all_addresses().unwrap();
        attempt.end(wrong()).unwrap_err();
    }
    let mut new_address = attempts.begin(of("mara"), "d").unwrap();
    let refused = new_address.count_for_all_addresses();
    assert_eq!(new_address.end(refused).unwrap_err().code, Code::RateLimited);
    attempts.begin(of("mara"), "home").unwrap().end(Ok(())).unwrap();
    attempts.begin(of("noor"), "d").unwrap().count_for_all_addresses().unwrap();
}

#[test]
fn a_right_password_clears_the_failures_and_an_unchecked_one_is_not_counted() {
    let attempts = attempts(1);
    for result in [Ok(()), Err(ApiError::new(Code::Busy, ""))] {
        for _ in 0..5 {
            let mut attempt = attempts.begin(of("mara"), "a").unwrap();
            attempt.count_for_all_addresses().unwrap();
            attempt.end(result.clone()).ok();
        }
    }
    attempts.begin(of("mara"), "a").unwrap().end(wrong()).unwrap_err();
    assert!(attempts.begin(of("mara"), "a").is_err());
    assert!(attempts.begin(of("mara"), "b").is_ok());
}

#[test]
fn an_abandoned_attempt_counts_as_failed() {
    let attempts = attempts(1);
    let _given_up = attempts.begin(of("mara"), "a").unwrap();
    assert!(attempts.begin(of("mara"), "a").is_err());
    let off = super::tests::attempts(0);
    (0..100).for_each(|_| off.begin(of("mara"), "a").unwrap().end(wrong()).unwrap_err().code = Code::Busy);
}

#[test]
fn memory_is_bounded() {
    let failures = Failures::new(1);
    let now = Instant::now();
    for number in 0..CAPACITY.get() + 10 {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_be_bytes());
        failures.begin(key, now, Duration::ZERO).unwrap();
    }
    assert_eq!(failures.by_key.lock().unwrap().len(), CAPACITY.get());
}

#[test]
fn a_new_password_starts_new_counters() {
    let attempts = attempts(1);
    let old = of("mara");
    let mut attempt = attempts.begin(old, "a").unwrap();
    attempt.count_for_all_addresses().unwrap();
    attempt.end(wrong()).unwrap_err();
    assert!(attempts.begin(old, "b").unwrap().count_for_all_addresses().is_err());
    assert!(attempts.begin(old, "a").is_err());
    let new = Target { password_hash: Some("another hash"), ..old };
    for address in ["b", "a"] {
        let mut attempt = attempts.begin(new, address).unwrap();
        attempt.count_for_all_addresses().unwrap();
        attempt.end(Ok(())).unwrap();
    }
}

/// The seconds until this address may try, or None if it tries now.
fn wait_of(attempts: &Attempts, address: &str, now: Instant) -> Option<Duration> {
    let mut attempt = attempts.begin(of("mara"), address).unwrap();
    let counted = attempt.count_at(now);
    let result = if counted.is_ok() { wrong() } else { Err(ApiError::new(Code::RateLimited, "")) };
    attempt.end(result).unwrap_err();
    counted.err()
}

#[test]
fn an_address_that_waited_for_its_retry_slot_comes_before_others() {
    let attempts = attempts(3);
    let start = Instant::now();
    let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
    let wait = |address: &str, milliseconds| wait_of(&attempts, address, at(milliseconds));
    let millis = |milliseconds: u64| Some(Duration::from_millis(milliseconds));
    for address in ["first", "second", "third"] {
        assert_eq!(wait(address, 0), None);
    }
    assert_eq!(wait("home", 100), millis(900));
    // The attacker polls with one address, which loses its retry slot, and with new ones.
    assert_eq!(wait("poller", 200), millis(800));
    assert_eq!(wait("poller", 900), millis(2_100));
    assert_eq!(wait("poller", 1_000), millis(2_000));
    assert_eq!(wait("new", 1_999), millis(1_001));
    assert_eq!(wait("home", 2_000), None);
    // Her attempt was a mistake, so the delay is twice as long for everybody.
    // The poller has waited this time, but its slot does not shorten the delay.
    assert_eq!(wait("poller", 3_000), millis(1_000));
    assert_eq!(wait("home", 3_000), millis(1_000));
    // She does not come, and the pause ends.
    assert_eq!(wait("late", 5_999), millis(1));
    assert_eq!(wait("later", 6_000), None);
}
