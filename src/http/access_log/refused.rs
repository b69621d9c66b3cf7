//! Summarizes refused requests in the log. They cost a client little, so each of them must not cost a line.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Refused requests of an address that have lines of their own in each second.
const LINES: u64 = 20;

/// Addresses that are counted separately in each second. The requests of all others count together.
const ADDRESSES: usize = 100;

/// The name of all other addresses.
const OTHERS: &str = "others";

const SECOND: Duration = Duration::from_secs(1);

static REFUSED: Mutex<Option<Second>> = Mutex::new(None);

/// Counts a refused request. True if it has a line of its own.
pub fn count(remote: &str) -> bool {
    let now = Instant::now();
    let mut second = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    let ended = second.take_if(|second| second.is_over(now));
    let has_own_line = second.get_or_insert_with(|| Second::new(now)).count(remote);
    drop(second);
    write(ended);
    has_own_line
}

/// Logs the requests of the last second that had no lines, if that second is over. Must be called regularly.
pub fn write_summary() {
    let now = Instant::now();
    let ended = REFUSED.lock().unwrap_or_else(PoisonError::into_inner).take_if(|second| second.is_over(now));
    write(ended);
}

/// The same before the end of the second, when the server stops.
pub fn write_last_summary() {
    let ended = REFUSED.lock().unwrap_or_else(PoisonError::into_inner).take();
    write(ended);
}

fn write(ended: Option<Second>) {
    for (remote, count) in ended.iter().flat_map(Second::without_lines) {
        log::info!(target: "stockroom::access", count = count, remote = remote; "refused requests");
    }
}

/// The refused requests of a second.
struct Second {
    began: Instant,
    of_addresses: HashMap<String, u64>,
    of_others: u64,
}

impl Second {
    fn new(began: Instant) -> Self {
        Self { began, of_addresses: HashMap::new(), of_others: 0 }
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= SECOND
    }

    fn count(&mut self, remote: &str) -> bool {
        let has_room = self.of_addresses.len() < ADDRESSES;
        let count = match self.of_addresses.get_mut(remote) {
            Some(count) => count,
            None if has_room => self.of_addresses.entry(remote.to_owned()).or_default(),
            None => &mut self.of_others,
        };
        *count = count.saturating_add(1);
        *count <= LINES
    }

    /// The number of requests without lines, by address.
    fn without_lines(&self) -> impl Iterator<Item = (&str, u64)> {
        let of_addresses = self.of_addresses.iter().map(|(remote, count)| (remote.as_str(), *count));
        let all = of_addresses.chain([(OTHERS, self.of_others)]);
        all.map(|(remote, count)| (remote, count.saturating_sub(LINES))).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_of_an_address_beyond_the_first_ones_are_one_line() {
        let mut second = Second::new(Instant::now());
        let lines = |second: &mut Second, remote: &str| (0..50).filter(|_| second.count(remote)).count();
        assert_eq!(lines(&mut second, "192.0.2.1"), 20);
        assert_eq!((0..20).filter(|_| second.count("192.0.2.2")).count(), 20);
        assert_eq!(second.without_lines().collect::<Vec<_>>(), [("192.0.2.1", 30)]);
        assert!(!second.is_over(second.began + SECOND / 2) && second.is_over(second.began + SECOND));
    }

    #[test]
    fn many_addresses_take_a_limited_memory_and_number_of_lines() {
        let mut second = Second::new(Instant::now());
        let lines = (0..10_000).filter(|number| second.count(&format!("address-{}", number % 5_000))).count();
        assert_eq!((second.of_addresses.len(), lines), (100, 220));
        assert_eq!(second.without_lines().collect::<Vec<_>>(), [("others", 9_780)]);
    }
}
