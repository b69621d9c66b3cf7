//! Rate limits per minute or hour, by address or by account.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use lru::LruCache;

use super::client_address::client_address;
use crate::error::{ApiError, Code};
use crate::settings::Limits;

/// The rate limits of this process. They are independent of other servers, and start anew with the process.
pub struct Limiters {
    pub login_address: AddressLimiter,
    pub register_address: AddressLimiter,
    /// Requests for a password reset, by address of the caller.
    pub password_address: AddressLimiter,
    /// Changes of the caller's password, by account.
    pub password_account: Limiter,
    /// Mails with a link to reset a password, by e-mail address.
    pub password_mail: Limiter,
    /// Requests to know when a product is back in stock, by address of the caller.
    pub notice_address: AddressLimiter,
    /// Mails that ask for the confirmation of such requests, by e-mail address.
    pub notice_mail: Limiter,
    pub request_address: AddressLimiter,
    pub checkout_address: AddressLimiter,
}

/// A rate limit for each address. One client may have a whole /48 network of IPv6, which has 65,536 networks /64. So each
/// /48 has a limit too, which is counted first, and IPv6 uses other buckets than IPv4.
pub struct AddressLimiter {
    ipv4: Limiter,
    ipv6: Limiter,
    ipv6_sites: Limiter,
    refused: Refused,
}

/// The limit of an IPv6 network /48, as a multiple of the limit of an address.
const SITE_FACTOR: u32 = 16;

/// A rate limit for each key; none if the limit is off. Keys are counted in buckets, which a keyed hash chooses. So
/// callers can neither increase the memory nor choose a bucket, and two keys rarely share one.
pub struct Limiter(Option<DefaultKeyedRateLimiter<u64>>, RandomState);

const BUCKETS: u64 = 1 << 18;

/// The networks /64 that were refused, each until it may send again. Their requests until then are not counted for the
/// /48, so that one client cannot use up the limit of its neighbours.
struct Refused(Mutex<LruCache<IpNet, Instant>>);

/// The number of refused networks that are kept in memory.
const REFUSED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);

impl Limiters {
    pub fn new(limits: &Limits) -> Self {
        Self {
            login_address: AddressLimiter::new(Quota::per_minute, limits.login_per_minute),
            register_address: AddressLimiter::new(Quota::per_minute, limits.register_per_minute),
            password_address: AddressLimiter::new(Quota::per_minute, limits.login_per_minute),
            password_account: Limiter::new(Quota::per_minute, limits.login_per_minute),
            password_mail: Limiter::new(Quota::per_hour, limits.password_mails_per_hour),
            notice_address: AddressLimiter::new(Quota::per_minute, limits.register_per_minute),
            notice_mail: Limiter::new(Quota::per_hour, limits.password_mails_per_hour),
            request_address: AddressLimiter::new(Quota::per_minute, limits.requests_per_minute),
            checkout_address: AddressLimiter::new(Quota::per_minute, limits.checkout_per_minute),
        }
    }

    /// Removes keys without recent requests.
    pub fn tidy(&self) {
        let of_addresses = [
            &self.login_address,
            &self.register_address,
            &self.password_address,
            &self.notice_address,
            &self.request_address,
            &self.checkout_address,
        ];
        let of_addresses = of_addresses.into_iter().flat_map(|limiter| {
            let AddressLimiter { ipv4, ipv6, ipv6_sites, refused: _ } = limiter;
            [ipv4, ipv6, ipv6_sites]
        });
        of_addresses.chain([&self.password_account, &self.password_mail, &self.notice_mail]).for_each(Limiter::tidy);
    }
}

impl AddressLimiter {
    fn new(quota: fn(NonZeroU32) -> Quota, count: u32) -> Self {
        Self {
            ipv4: Limiter::new(quota, count),
            ipv6: Limiter::new(quota, count),
            ipv6_sites: Limiter::new(quota, count.saturating_mul(SITE_FACTOR)),
            refused: Refused(Mutex::new(LruCache::new(REFUSED))),
        }
    }

    /// Counts a request of this client. Over a limit it returns an error with the time of the next attempt.
    pub fn check(&self, client: Option<IpAddr>) -> Result<(), ApiError> {
        match client.filter(IpAddr::is_ipv6) {
            None => self.ipv4.check(&address_key(client)),
            Some(client) => self.check_ipv6(client).map_err(too_many),
        }
    }

    /// A request over the limit of its /48 takes no bucket of a /64.
    fn check_ipv6(&self, client: IpAddr) -> Result<(), Duration> {
        if self.ipv6.0.is_none() {
            return Ok(());
        }
        let address = net_of(client, 64);
        self.refused.check(address)?;
        self.ipv6_sites.count(&network_key(Some(client)))?;
        self.ipv6.count(&address_key(Some(client))).inspect_err(|wait| self.refused.note(address, *wait))
    }
}

impl Refused {
    fn check(&self, address: Option<IpNet>) -> Result<(), Duration> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = address.and_then(|address| refused.peek(&address).copied());
        let wait = until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    fn note(&self, address: Option<IpNet>, wait: Duration) {
        let (Some(address), Some(until)) = (address, Instant::now().checked_add(wait)) else { return };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(address, until);
    }
}

impl Limiter {
    fn new(quota: fn(NonZeroU32) -> Quota, count: u32) -> Self {
        Self(NonZeroU32::new(count).map(|count| RateLimiter::keyed(quota(count))), RandomState::new())
    }

    /// Counts a request. Over the limit it returns an error with the time of the next attempt.
    pub fn check(&self, key: &str) -> Result<(), ApiError> {
        self.count(key).map_err(too_many)
    }

    /// Counts a request. Over the limit it returns the time until the next attempt.
    fn count(&self, key: &str) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        let bucket = self.1.hash_one(key).checked_rem(BUCKETS).unwrap_or(0);
        limiter.check_key(&bucket).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    fn tidy(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn too_many(wait: Duration) -> ApiError {
    let seconds = wait.as_secs().saturating_add(1);
    ApiError::new(Code::RateLimited, format!("Too many requests. Try again in {seconds} s.")).retry_after(seconds)
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

/// The key of the network that one owner of addresses usually has at most: an IPv4 /24 or an IPv6 /48.
pub fn network_key(address: Option<IpAddr>) -> String {
    let network = address.and_then(|address| net_of(address, if address.is_ipv4() { 24 } else { 48 }));
    network.map_or_else(|| "unknown".to_owned(), |network| network.to_string())
}

fn net_of(address: IpAddr, prefix: u8) -> Option<IpNet> {
    IpNet::new(address, prefix).ok().map(|network| network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    /// The number of requests that pass, if this number is sent.
    fn passed(limiter: &AddressLimiter, requests: u32, address: impl Fn(u32) -> String) -> usize {
        (0..requests).filter(|number| limiter.check(parse(&address(*number))).is_ok()).count()
    }

    fn buckets(limiter: &Limiter) -> usize {
        limiter.0.as_ref().unwrap().len()
    }

    #[test]
    fn networks_have_a_key() {
        assert_eq!(network_key(parse("192.0.2.77")), "192.0.2.0/24");
        assert_eq!(network_key(parse("2001:db8:1:2:3::4")), "2001:db8:1::/48");
        assert_eq!(network_key(None), "unknown");
    }

    #[test]
    fn a_network_of_many_ipv6_addresses_takes_few_buckets_and_none_of_ipv4() {
        let limiter = AddressLimiter::new(Quota::per_hour, 2);
        assert_eq!(passed(&limiter, 10_000, |number| format!("2001:db8:0:{number:x}::1")), 32);
        // Two addresses rarely share a bucket.
        assert!(buckets(&limiter.ipv6) <= 32, "{}", buckets(&limiter.ipv6));
        assert_eq!((buckets(&limiter.ipv6_sites), buckets(&limiter.ipv4)), (1, 0));
        assert_eq!(passed(&limiter, 3, |_| "2001:db8:1::1".to_owned()), 2);
        assert_eq!(passed(&limiter, 3, |_| "192.0.2.1".to_owned()), 2);
        assert_eq!(limiter.check(parse("2001:db8::1")).unwrap_err().code, Code::RateLimited);
    }

    #[test]
    fn one_ipv6_address_does_not_use_up_the_limit_of_its_network() {
        let limiter = AddressLimiter::new(Quota::per_hour, 2);
        assert_eq!(passed(&limiter, 1_000, |number| format!("2001:db8::{number:x}")), 2);
        assert_eq!(passed(&limiter, 3, |_| "2001:db8:0:1::1".to_owned()), 2);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let limiter = AddressLimiter::new(Quota::per_minute, 0);
        assert_eq!(passed(&limiter, 1_000, |_| "2001:db8::1".to_owned()), 1_000);
        assert_eq!(passed(&limiter, 1_000, |_| "192.0.2.1".to_owned()), 1_000);
    }

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
