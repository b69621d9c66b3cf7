//! One stream of availability.

use std::collections::HashMap;
use std::pin::Pin;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::board::Watching;
use super::{AvailabilityStreams, AvailableProduct, PERIOD};
use crate::events::feed_ends::FeedEnds;
use crate::http::event_stream::{self, Bytes, HEARTBEAT, Parts, StreamSlot};
use crate::kernel::id::{ProductId, StoreId};

/// A stream of the available units of some products.
pub struct AvailabilityListener {
    ends: FeedEnds,
    watching: Watching,
    read: watch::Receiver<u64>,
    /// The figures that were sent last.
    sent: HashMap<ProductId, AvailableProduct>,
    /// Reads that began earlier may be older than the figures that were sent first.
    since: Instant,
    connection_ends: Pin<Box<dyn Future<Output = ()> + Send>>,
    parts: Parts,
    heartbeat_at: Instant,
    /// Nothing is sent before this time.
    send_at: Instant,
    _slot: StreamSlot,
}

impl AvailabilityListener {
    /// Begins with the products as they are. None if too many products are watched.
    #[must_use]
    pub fn new(
        streams: &AvailabilityStreams,
        (store, first): (StoreId, Vec<AvailableProduct>),
        slot: StreamSlot,
        connection_ends: impl Future<Output = ()> + Send + 'static,
    ) -> Option<Self> {
        let ids = first.iter().map(|product| product.product_id).collect();
        let watching = Watching::begin(streams.board(store), ids)?;
        let now = Instant::now();
        let mut listener = Self {
            ends: streams.ends.clone(),
            read: watching.board.read.subscribe(),
            watching,
            sent: HashMap::new(),
            since: now,
            connection_ends: Box::pin(connection_ends),
            parts: Parts::default(),
            heartbeat_at: now + HEARTBEAT,
            send_at: now,
            _slot: slot,
        };
        listener.parts.push(event_stream::opening(None));
        listener.send(first);
        Some(listener)
    }

    fn send(&mut self, products: Vec<AvailableProduct>) {
        for product in products {
            // Serializing these fields cannot fail.
            let json = serde_json::to_vec(&product).unwrap_or_default();
            self.parts.push(event_stream::event(None, &json));
            self.sent.insert(product.product_id, product);
        }
        self.send_at = Instant::now() + PERIOD;
    }

    /// The next bytes. None at the end: the client has disconnected, or the server stops.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ends.is_stopping() {
                return None;
            }
            if let Some(part) = self.parts.pop() {
                self.heartbeat_at = Instant::now() + HEARTBEAT;
                return Some(part);
            }
            let may_send = Instant::now() >= self.send_at;
            if may_send {
                self.read.borrow_and_update();
                let changed = self.changed();
                if !changed.is_empty() {
                    self.send(changed);
                    continue;
                }
            }
            tokio::select! {
                // The sender is a part of the board, which this stream keeps.
                _ = self.read.changed(), if may_send => {}
                () = sleep_until(self.send_at), if !may_send => {}
                () = sleep_until(self.heartbeat_at) => self.parts.push(event_stream::heartbeat(None)),
                () = self.ends.stopped() => return None,
                () = &mut self.connection_ends => return None,
            }
        }
    }

    /// The products whose figures differ from those that were sent last.
    fn changed(&self) -> Vec<AvailableProduct> {
        let mut newer = self.watching.newer(self.since);
        newer.retain(|product| self.sent.get(&product.product_id) != Some(product));
        newer
    }
}
