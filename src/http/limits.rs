//! Rate limits per minute or hour, by address or by account.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;

use actix_web::HttpRequest;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::client_address::client_address;
use crate::error::{ApiError, Code};
use crate::settings::Limits;

/// The rate limits of this process. They are independent of other servers, and start anew with the process.
pub struct Limiters {
    pub login_address: Limiter,
    pub register_address: Limiter,
    /// Requests for a password reset, by address of the caller.
    pub password_address: Limiter,
    /// Changes of the caller's password, by account.
    pub password_account: Limiter,
    /// Mails with a link to reset a password, by e-mail address.
    pub password_mail: Limiter,
    /// Requests to know when a product is back in stock, by address of the caller.
    pub notice_address: Limiter,
    /// Mails that ask for the confirmation of such requests, by e-mail address.
    pub notice_mail: Limiter,
    pub request_address: Limiter,
    pub checkout_address: Limiter,
}

/// A rate limit for each key; none if the limit is off. Keys are counted in buckets, which a keyed hash chooses. So
/// callers can neither increase the memory nor choose a bucket, and two keys rarely share one.
pub struct Limiter(Option<DefaultKeyedRateLimiter<u64>>, RandomState);

const BUCKETS: u64 = 1 << 18;

impl Limiters {
    pub fn new(limits: &Limits) -> Self {
        Self {
            login_address: Limiter::new(Quota::per_minute, limits.login_per_minute),
            register_address: Limiter::new(Quota::per_minute, limits.register_per_minute),
            password_address: Limiter::new(Quota::per_minute, limits.login_per_minute),
            password_account: Limiter::new(Quota::per_minute, limits.login_per_minute),
            password_mail: Limiter::new(Quota::per_hour, limits.password_mails_per_hour),
            notice_address: Limiter::new(Quota::per_minute, limits.register_per_minute),
            notice_mail: Limiter::new(Quota::per_hour, limits.password_mails_per_hour),
            request_address: Limiter::new(Quota::per_minute, limits.requests_per_minute),
            checkout_address: Limiter::new(Quota::per_minute, limits.checkout_per_minute),
        }
    }

    /// Removes keys without recent requests.
    pub fn tidy(&self) {
        let all = [
            &self.login_address,
            &self.register_address,
            &self.password_address,
            &self.password_account,
            &self.password_mail,
            &self.notice_address,
            &self.notice_mail,
            &self.request_address,
            &self.checkout_address,
        ];
        for limiter in all.into_iter().filter_map(|limiter| limiter.0.as_ref()) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl Limiter {
    fn new(quota: fn(NonZeroU32) -> Quota, count: u32) -> Self {
        Self(NonZeroU32::new(count).map(|count| RateLimiter::keyed(quota(count))), RandomState::new())
    }

    /// Counts a request. Over the limit it returns an error with the time of the next attempt.
    pub fn check(&self, key: &str) -> Result<(), ApiError> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        let bucket = self.1.hash_one(key).checked_rem(BUCKETS).unwrap_or(0);
        limiter.check_key(&bucket).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs().saturating_add(1);
            ApiError::new(Code::RateLimited, format!("Too many requests. Try again in {seconds} s."))
                .retry_after(seconds)
        })
    }
}

/// The key of the client's address in the rate limits.
pub fn address(request: &HttpRequest) -> String {
    address_key(client_address(request))
}

/// The key of an address. A client with one IPv6 address usually controls the whole /64 network.
pub fn address_key(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_count_and_all_of_them_have_room() {
        let limiter = Limiter::new(Quota::per_minute, 2);
        assert!(limiter.check("a").is_ok() && limiter.check("a").is_ok());
        assert_eq!(limiter.check("a").unwrap_err().code, Code::RateLimited);
        assert!(limiter.check("b").is_ok());
        for number in 0..3 * BUCKETS {
            drop(limiter.check(&format!("address-{number}")));
        }
        let kept = limiter.0.as_ref().unwrap().len();
        assert!(u64::try_from(kept).unwrap() <= BUCKETS, "{kept} counts are kept");
    }
}
