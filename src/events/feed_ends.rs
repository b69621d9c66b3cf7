//! The ends of the feeds, as this server knows them. Readers that wait for the next event wait for them.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::kernel::cursor::Cursor;
use crate::kernel::id::StoreId;

/// The last position of the feed of each store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FeedEnds(Arc<watch::Sender<Ends>>);

#[derive(Debug, Default)]
struct Ends {
    positions: HashMap<StoreId, i64>,
    /// True if the server stops, so nobody waits any more.
    is_stopping: bool,
}

impl Default for FeedEnds {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Ends::default())))
    }
}

impl FeedEnds {
    /// True if somebody waits.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Notes the positions that the relay has read.
    pub fn set(&self, positions: Vec<(StoreId, i64)>) {
        let positions: HashMap<StoreId, i64> = positions.into_iter().collect();
        self.0.send_if_modified(|ends| {
            let is_changed = ends.positions != positions;
            ends.positions = positions;
            is_changed
        });
    }

    /// Ends all waiting, because the server stops.
    pub fn stop(&self) {
        self.0.send_modify(|ends| ends.is_stopping = true);
    }

    /// Waits until the feed of the store has rows behind the cursor. Returns false if the server stops instead.
    pub async fn wait_beyond(&self, store: StoreId, cursor: Cursor) -> bool {
        let mut ends = self.0.subscribe();
        let is_over = |ends: &Ends| {
            ends.is_stopping || ends.positions.get(&store).is_some_and(|end| cursor.is_before_the_end(*end))
        };
        // The sender is a part of `self`, so it is not dropped.
        ends.wait_for(is_over).await.is_ok_and(|ends| !ends.is_stopping)
    }
}
