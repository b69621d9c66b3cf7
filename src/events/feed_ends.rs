//! The ends of the feeds, as this server knows them. Readers that wait for the next event wait for them.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::kernel::id::StoreId;

/// The last position of the feed of each store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FeedEnds(Arc<watch::Sender<HashMap<StoreId, i64>>>);

impl Default for FeedEnds {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(HashMap::new())))
    }
}

impl FeedEnds {
    /// True if somebody waits.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Notes the ends that the relay has read.
    pub fn set(&self, ends: Vec<(StoreId, i64)>) {
        let ends: HashMap<StoreId, i64> = ends.into_iter().collect();
        self.0.send_if_modified(|known| {
            let is_changed = *known != ends;
            *known = ends;
            is_changed
        });
    }

    /// Waits until the feed of the store is longer than `position`.
    pub async fn wait_beyond(&self, store: StoreId, position: i64) {
        let mut ends = self.0.subscribe();
        let is_beyond = |ends: &HashMap<StoreId, i64>| ends.get(&store).is_some_and(|end| *end > position);
        // The sender is a part of `self`, so it is not dropped.
        let _known = ends.wait_for(is_beyond).await;
    }
}
