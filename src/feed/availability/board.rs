//! The watched products of a store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

use super::AvailableProduct;
use crate::kernel::id::ProductId;

/// The largest number of products that are read at a time. If more are watched, they take turns.
const PRODUCTS_AT_A_TIME: usize = 2_000;

/// The largest number of products of a store that may be watched.
const MAX_PRODUCTS: usize = 20_000;

/// The watched products of a store.
#[derive(Default)]
pub struct Board {
    watched: Mutex<BTreeMap<ProductId, Watched>>,
    /// Changes with each read.
    pub read: watch::Sender<u64>,
}

#[derive(Default)]
struct Watched {
    streams: usize,
    /// The product, and the time at which its read began.
    last: Option<(AvailableProduct, Instant)>,
}

impl Board {
    fn watched(&self) -> MutexGuard<'_, BTreeMap<ProductId, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The products that are read next: those after the last one, then those from the beginning.
    pub fn next(&self, last: Option<ProductId>) -> BTreeSet<ProductId> {
        let watched = self.watched();
        let is_after = |id: &&ProductId| last.is_none_or(|last| **id > last);
        let after = watched.keys().filter(is_after);
        let from_the_beginning = watched.keys().filter(|id| !is_after(id));
        after.chain(from_the_beginning).take(PRODUCTS_AT_A_TIME).copied().collect()
    }

    pub fn keep(&self, found: Vec<AvailableProduct>, began: Instant) {
        let mut watched = self.watched();
        for product in found {
            if let Some(watched) = watched.get_mut(&product.product_id) {
                watched.last = Some((product, began));
            }
        }
        drop(watched);
        self.read.send_modify(|reads| *reads = reads.wrapping_add(1));
    }
}

/// Marks products as watched until it is dropped.
pub struct Watching {
    pub board: Arc<Board>,
    ids: Vec<ProductId>,
}

impl Watching {
    /// Watches products. None if too many are watched.
    pub fn begin(board: Arc<Board>, ids: Vec<ProductId>) -> Option<Self> {
        let mut watched = board.watched();
        let new = ids.iter().filter(|id| !watched.contains_key(id)).count();
        if watched.len().saturating_add(new) > MAX_PRODUCTS {
            return None;
        }
        for id in &ids {
            let product = watched.entry(*id).or_default();
            product.streams = product.streams.saturating_add(1);
        }
        drop(watched);
        Some(Self { board, ids })
    }

    /// The watched products by reads that began later.
    pub fn newer(&self, since: Instant) -> Vec<AvailableProduct> {
        let watched = self.board.watched();
        let last = self.ids.iter().filter_map(|id| watched.get(id)?.last.as_ref());
        last.filter(|(_, began)| *began > since).map(|(product, _)| product.clone()).collect()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watched = self.board.watched();
        for id in &self.ids {
            let Some(product) = watched.get_mut(id) else { continue };
            product.streams = product.streams.saturating_sub(1);
            if product.streams == 0 {
                watched.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(ids: impl Iterator<Item = i64>) -> Board {
        let board = Board::default();
        board.watched().extend(ids.map(|id| (ProductId(id), Watched { streams: 1, last: None })));
        board
    }

    #[test]
    fn many_watched_products_take_turns() {
        let all = i64::try_from(PRODUCTS_AT_A_TIME).unwrap() + 500;
        let board = board(1..=all);
        let first = board.next(None);
        assert_eq!((first.len(), first.last()), (PRODUCTS_AT_A_TIME, Some(&ProductId(all - 500))));
        let second = board.next(first.last().copied());
        assert_eq!(second.len(), PRODUCTS_AT_A_TIME);
        assert!(second.contains(&ProductId(all)) && second.contains(&ProductId(1)));
        assert!(first.union(&second).count() == usize::try_from(all).unwrap());
        assert!(Board::default().next(None).is_empty());
    }
}
