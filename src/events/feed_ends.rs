//! The ends of the feeds, as this server knows them. Requests and streams wait here for the next event.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, UserId};

/// The last position of the feed of each store, and the requests that wait for new rows. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FeedEnds {
    ends: Arc<watch::Sender<Ends>>,
    /// The number of waiting requests of each account.
    waiting: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// The largest number of requests of an account that wait at a time.
const MAX_OF_ACCOUNT: usize = 16;

/// A slot of the waiting requests of an account, given back on drop.
#[derive(Debug)]
pub struct WaitSlot {
    account: UserId,
    waiting: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl Drop for WaitSlot {
    fn drop(&mut self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = waiting.entry(self.account) {
            *count.get_mut() = count.get().saturating_sub(1);
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[derive(Debug, Default)]
struct Ends {
    positions: HashMap<StoreId, i64>,
    /// True if the server stops. Then no request waits any more.
    is_stopping: bool,
}

impl Default for FeedEnds {
    fn default() -> Self {
        Self { ends: Arc::new(watch::Sender::new(Ends::default())), waiting: Arc::default() }
    }
}

impl FeedEnds {
    /// Takes a slot for a request of an account. None if too many of its requests wait.
    #[must_use]
    pub fn take_slot(&self, account: UserId) -> Option<WaitSlot> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.entry(account).or_default();
        if *count >= MAX_OF_ACCOUNT {
            return None;
        }
        *count = count.saturating_add(1);
        Some(WaitSlot { account, waiting: Arc::clone(&self.waiting) })
    }

    /// True if a request waits.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.ends.receiver_count() > 0
    }

    /// Notes the positions that the relay has read.
    pub fn set(&self, positions: Vec<(StoreId, i64)>) {
        let positions: HashMap<StoreId, i64> = positions.into_iter().collect();
        self.ends.send_if_modified(|ends| {
            let is_changed = ends.positions != positions;
            ends.positions = positions;
            is_changed
        });
    }

    /// Ends all waiting, because the server stops.
    pub fn stop(&self) {
        self.ends.send_modify(|ends| ends.is_stopping = true);
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.ends.borrow().is_stopping
    }

    /// Waits until the server stops.
    pub async fn stopped(&self) {
        // The sender is a part of `self`, so it is not dropped.
        drop(self.ends.subscribe().wait_for(|ends| ends.is_stopping).await);
    }

    /// Waits until the feed of the store has rows after the cursor. Returns false if the server stops instead.
    pub async fn wait_beyond(&self, store: StoreId, cursor: Cursor) -> bool {
        let mut ends = self.ends.subscribe();
        let is_over = |ends: &Ends| {
            ends.is_stopping || ends.positions.get(&store).is_some_and(|end| cursor.is_before_the_end(*end))
        };
        // The sender is a part of `self`, so it is not dropped.
        ends.wait_for(is_over).await.is_ok_and(|ends| !ends.is_stopping)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_limited_number_of_slots() {
        let ends = FeedEnds::default();
        let mut slots: Vec<WaitSlot> = (0..MAX_OF_ACCOUNT).map(|_| ends.take_slot(UserId(1)).unwrap()).collect();
        assert!(ends.take_slot(UserId(1)).is_none());
        assert!(ends.take_slot(UserId(2)).is_some());
        slots.pop();
        slots.push(ends.take_slot(UserId(1)).unwrap());
        drop(slots);
        assert!(ends.waiting.lock().unwrap().is_empty());
    }
}
