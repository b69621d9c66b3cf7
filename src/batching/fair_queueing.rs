//! Fair queueing: no caller gets more weight into a batch than another one that waits for more.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// The size of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub requests: usize,
    /// The sum of the weights. A heavier request is a batch of its own.
    pub weight: usize,
}

/// Chooses the requests of a batch, by their positions. `waiting` has the caller and the weight of each request, the
/// oldest request first.
///
/// A request comes after those for which its caller has less weight before it, and after the older ones for which it
/// is the same. So requests of equal weight take turns: the oldest one of each caller comes first, then the second of
/// each, and so on. The oldest of all requests is always chosen. A request that does not fit into the rest of the
/// batch leaves that rest to lighter ones.
pub fn choose<C: Eq + Hash>(waiting: impl Iterator<Item = (C, usize)>, limits: Limits) -> BTreeSet<usize> {
    let mut weights = HashMap::new();
    let mut in_order: Vec<(usize, usize, usize)> = waiting
        .enumerate()
        .map(|(position, (caller, weight))| {
            let of_caller: &mut usize = weights.entry(caller).or_default();
            let before = *of_caller;
            *of_caller = before.saturating_add(weight);
            (before, position, weight)
        })
        .collect();
    in_order.sort_unstable();
    let (mut chosen, mut sum) = (BTreeSet::new(), 0_usize);
    for (_, position, weight) in in_order {
        if chosen.len() >= limits.requests {
            break;
        }
        let next = sum.saturating_add(weight);
        if chosen.is_empty() || next <= limits.weight {
            chosen.insert(position);
            sum = next;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each request is the letter of its caller and its weight.
    fn chosen(waiting: &str, requests: usize, weight: usize) -> Vec<usize> {
        let waiting = waiting.split_whitespace().map(|request| {
            let (caller, weight) = request.split_at(1);
            (caller, weight.parse().unwrap())
        });
        choose(waiting, Limits { requests, weight }).into_iter().collect()
    }

    #[test]
    fn callers_take_turns_and_the_oldest_requests_come_first() {
        for (waiting, requests, expected) in [
            ("", 4, vec![]),
            ("a1 a1 a1 a1", 2, vec![0, 1]),
            ("a1 a1 a1 a1 a1 a1 b1 c1", 4, vec![0, 1, 6, 7]),
            ("a1 a1 a1 a1 a1 a1 b1 c1", 3, vec![0, 6, 7]),
            ("a1 a1 a1 a1 a1 a1 b1 c1", 2, vec![0, 6]),
            ("a1 a1 a1 a1 b1 b1 b1 c1", 5, vec![0, 1, 4, 5, 7]),
            ("a1 b1 c1 a1 b1 c1", 4, vec![0, 1, 2, 3]),
            ("a1 b1 c1", 64, vec![0, 1, 2]),
        ] {
            assert_eq!(chosen(waiting, requests, 640), expected, "{requests} of {waiting}");
        }
    }

    #[test]
    fn a_batch_has_a_limited_weight_and_callers_share_it() {
        for (waiting, weight, expected) in [
            // Only one caller waits.
            ("a4 a4 a4", 8, vec![0, 1]),
            ("a4 a4 a4", 10, vec![0, 1]),
            // A light request of another caller comes before the second heavy one.
            ("a4 a4 a4 b1", 9, vec![0, 1, 3]),
            ("a4 a4 a4 b1", 8, vec![0, 3]),
            // Light requests fill the share of their caller, not more.
            ("a4 a4 a4 b1 b1 b1 b1 b1 b1", 8, vec![0, 3, 4, 5, 6]),
            ("b1 b1 b1 b1 b1 b1 b1 b1 a4", 8, vec![0, 1, 2, 3, 8]),
            // A request that does not fit leaves the rest to lighter ones.
            ("a4 b5 c1", 8, vec![0, 2]),
            ("a4 a5 a1", 8, vec![0, 2]),
            // A request above the limit waits until it is the oldest one. Then it runs alone.
            ("a1 b9 c1", 8, vec![0, 2]),
            ("b9 c1", 8, vec![0]),
        ] {
            assert_eq!(chosen(waiting, 64, weight), expected, "{weight} of {waiting}");
        }
    }
}
