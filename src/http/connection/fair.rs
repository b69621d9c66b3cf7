//! Chooses the connections that end when all of them together need too much: connections of the client with the largest
//! sum are ended. So such a client does not harm the connections of others.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// A connection that waits for its peer.
pub struct Waiting<T> {
    pub client: Arc<str>,
    /// Its part of what all of them need together.
    pub weight: u64,
    pub since_ms: u64,
    pub connection: T,
}

/// The connections of a client, and the sum of their weights.
struct Share<T> {
    weight: u64,
    /// The connection that has waited longest is the last.
    waiting: Vec<Waiting<T>>,
}

impl<T> Share<T> {
    fn oldest(&self) -> Reverse<u64> {
        Reverse(self.waiting.last().map_or(u64::MAX, |one| one.since_ms))
    }
}

/// Chooses connections with the weight of the excess, one after the other. Each time, it chooses from the client with
/// the largest sum the connection that has waited longest. If several clients need the same, it chooses the connection
/// of them that has waited longest.
pub fn choose<T>(waiting: Vec<Waiting<T>>, excess: u64) -> Vec<T> {
    let mut shares: HashMap<Arc<str>, Share<T>> = HashMap::new();
    for one in waiting {
        let share = shares.entry(Arc::clone(&one.client)).or_insert_with(|| Share { weight: 0, waiting: Vec::new() });
        share.weight = share.weight.saturating_add(one.weight);
        share.waiting.push(one);
    }
    let mut largest: BinaryHeap<(u64, Reverse<u64>, Arc<str>)> = BinaryHeap::with_capacity(shares.len());
    for (client, share) in &mut shares {
        share.waiting.sort_by_key(|one| Reverse(one.since_ms));
        largest.push((share.weight, share.oldest(), Arc::clone(client)));
    }
    let (mut chosen, mut weight) = (Vec::new(), 0_u64);
    while weight < excess {
        let Some((total, _, client)) = largest.pop() else { break };
        let Some(share) = shares.get_mut(&client) else { continue };
        let Some(one) = share.waiting.pop() else { continue };
        weight = weight.saturating_add(one.weight);
        largest.push((total.saturating_sub(one.weight), share.oldest(), client));
        chosen.push(one.connection);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(clients: &[(&str, u64, u64)]) -> Vec<Waiting<String>> {
        let named = clients.iter().map(|(client, weight, since_ms)| Waiting {
            client: Arc::from(*client),
            weight: *weight,
            since_ms: *since_ms,
            connection: format!("{client} since {since_ms}"),
        });
        named.collect()
    }

    #[test]
    fn the_client_that_needs_most_loses_its_connections() {
        let reader = ("reader", 9, 1);
        let cases = [
            (
                vec![reader, ("flood", 5, 8), ("flood", 5, 7), ("flood", 5, 9)],
                6,
                vec!["flood since 7", "flood since 8"],
            ),
            (vec![reader, ("flood", 5, 8), ("flood", 6, 9)], 1, vec!["flood since 8"]),
            (vec![reader, ("other", 8, 2), ("flood", 11, 9)], 12, vec!["flood since 9", "reader since 1"]),
            (vec![("proxy", 1, 3), ("proxy", 1, 2), ("proxy", 1, 4)], 2, vec!["proxy since 2", "proxy since 3"]),
            (vec![("a", 1, 9), ("b", 1, 7), ("c", 1, 8)], 2, vec!["b since 7", "c since 8"]),
            (vec![reader], 100, vec!["reader since 1"]),
            (vec![reader], 0, vec![]),
        ];
        for (given, excess, expected) in cases {
            assert_eq!(choose(waiting(&given), excess), expected, "{given:?} and {excess}");
        }
    }
}
