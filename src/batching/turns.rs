//! The turns of callers: no caller gets a second request into a batch before every other caller has got its first.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

/// Chooses so many requests, by their positions. `callers` has the caller of each request, the oldest request first.
///
/// The oldest request of every caller comes first, then the second of every caller, and so on. So the oldest of all
/// requests is always chosen.
pub fn choose<C: Eq + Hash>(callers: impl Iterator<Item = C>, count: usize) -> BTreeSet<usize> {
    let mut requests = HashMap::new();
    let mut in_turn: Vec<(usize, usize)> = callers
        .enumerate()
        .map(|(position, caller)| {
            let turn: &mut usize = requests.entry(caller).or_default();
            *turn = turn.saturating_add(1);
            (*turn, position)
        })
        .collect();
    in_turn.sort_unstable();
    in_turn.into_iter().take(count).map(|(_, position)| position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(callers: &str, count: usize) -> Vec<usize> {
        choose(callers.chars(), count).into_iter().collect()
    }

    #[test]
    fn callers_take_turns_and_the_oldest_requests_come_first() {
        for (callers, count, expected) in [
            ("", 4, vec![]),
            ("aaaa", 2, vec![0, 1]),
            ("aaaaaabc", 4, vec![0, 1, 6, 7]),
            ("aaaaaabc", 3, vec![0, 6, 7]),
            ("aaaaaabc", 2, vec![0, 6]),
            ("aaaabbbc", 5, vec![0, 1, 4, 5, 7]),
            ("abcabc", 4, vec![0, 1, 2, 3]),
            ("abc", 64, vec![0, 1, 2]),
        ] {
            assert_eq!(chosen(callers, count), expected, "{count} of {callers}");
        }
    }
}
