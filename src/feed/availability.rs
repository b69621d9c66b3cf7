//! The available units of products as streams. One reader for each store reads the watched products, and wakes all
//! streams.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use diesel::PgConnection;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;

use crate::catalogue::queries::products;
use crate::db::{Database, Failure};
use crate::events::feed_ends::FeedEnds;
use crate::http::event_stream::{self, Bytes, HEARTBEAT, OpenStreams, Parts, StreamPlace};
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::{ProductId, StoreId};

/// A product is read and sent at most this often.
const PERIOD: Duration = Duration::from_secs(1);

/// The products that are read at a time. If more are watched, they take turns.
const PRODUCTS_AT_A_TIME: usize = 2_000;

/// The products of a store that may be watched.
const MOST_PRODUCTS: usize = 20_000;

/// The available units of a product, as its stream shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AvailableProduct {
    pub product_id: ProductId,
    #[schema(max_length = 100)]
    sku: String,
    /// The units of all sizes that buyers can get.
    available_quantity: i64,
    /// The status of the size on sale with the lowest stock.
    stock_status: StockStatus,
}

/// Reads products by their ids. Unknown ids are left out.
pub fn load(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &BTreeSet<ProductId>,
) -> Result<Vec<AvailableProduct>, Failure> {
    let found = products::list(conn, store, ids)?;
    let stocked = stock_by_variant::with_stock(conn, store, found)?;
    let available = stocked.into_iter().map(|stocked| AvailableProduct {
        product_id: stocked.product.id,
        available_quantity: stocked.stock().available,
        stock_status: stocked.status(),
        sku: stocked.product.sku,
    });
    Ok(available.collect())
}

/// The streams of all stores. Cheap to clone.
#[derive(Clone)]
pub struct AvailabilityStreams {
    database: Database,
    ends: FeedEnds,
    boards: Arc<Mutex<HashMap<StoreId, Weak<Board>>>>,
    /// The open streams of each address.
    pub open: Arc<OpenStreams<String>>,
}

/// The watched products of a store.
#[derive(Default)]
struct Board {
    watched: Mutex<BTreeMap<ProductId, Watched>>,
    /// Changes with each read.
    read: watch::Sender<u64>,
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

    /// The products that are read next: those behind the last one, and then from the beginning.
    fn next(&self, last: Option<ProductId>) -> BTreeSet<ProductId> {
        let watched = self.watched();
        let is_behind = |id: &&ProductId| last.is_none_or(|last| **id > last);
        let behind = watched.keys().filter(is_behind);
        let from_the_beginning = watched.keys().filter(|id| !is_behind(id));
        behind.chain(from_the_beginning).take(PRODUCTS_AT_A_TIME).copied().collect()
    }

    fn keep(&self, found: Vec<AvailableProduct>, began: Instant) {
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
struct Watching {
    board: Arc<Board>,
    ids: Vec<ProductId>,
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

impl AvailabilityStreams {
    #[must_use]
    pub fn new(database: &Database, ends: FeedEnds, open: OpenStreams<String>) -> Self {
        Self { database: database.without_patience(), ends, boards: Arc::default(), open: Arc::new(open) }
    }

    /// Watches products. None if too many are watched.
    fn watch(&self, store: StoreId, ids: Vec<ProductId>) -> Option<Watching> {
        let board = self.board(store);
        let mut watched = board.watched();
        let new = ids.iter().filter(|id| !watched.contains_key(id)).count();
        if watched.len().saturating_add(new) > MOST_PRODUCTS {
            return None;
        }
        for id in &ids {
            let product = watched.entry(*id).or_default();
            product.streams = product.streams.saturating_add(1);
        }
        drop(watched);
        Some(Watching { board, ids })
    }

    fn board(&self, store: StoreId) -> Arc<Board> {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(board) = boards.get(&store).and_then(Weak::upgrade) {
            return board;
        }
        let board = Arc::new(Board::default());
        boards.retain(|_, board| board.strong_count() > 0);
        boards.insert(store, Arc::downgrade(&board));
        tokio::spawn(self.clone().follow(store, Arc::downgrade(&board)));
        board
    }

    /// Reads the watched products until the last stream has ended.
    async fn follow(self, store: StoreId, board: Weak<Board>) {
        let mut last = None;
        loop {
            tokio::time::sleep(PERIOD).await;
            let Some(ids) = board.upgrade().map(|board| board.next(last)) else { return };
            if self.ends.is_stopping() {
                return;
            }
            last = ids.last().copied();
            let began = Instant::now();
            let read = move |conn: &mut PgConnection| load(conn, store, &ids);
            match self.database.read_internally("follow_availability", read).await {
                Ok(found) => {
                    let Some(board) = board.upgrade() else { return };
                    board.keep(found, began);
                }
                // The next turn tries again. The log reports an outage separately.
                Err(failure) => log::debug!(error:% = failure; "the availability of products could not be read"),
            }
        }
    }
}

/// A stream of the available units of some products.
pub struct AvailabilityListener {
    ends: FeedEnds,
    watching: Watching,
    read: watch::Receiver<u64>,
    /// What was sent last.
    sent: HashMap<ProductId, AvailableProduct>,
    /// Reads that began earlier may be older than what was sent first.
    since: Instant,
    connection_ends: Pin<Box<dyn Future<Output = ()> + Send>>,
    parts: Parts,
    heartbeat_at: Instant,
    /// Nothing is sent before this time.
    send_at: Instant,
    _place: StreamPlace<String>,
}

impl AvailabilityListener {
    /// Begins with the products as they are. None if too many products are watched.
    #[must_use]
    pub fn new(
        streams: &AvailabilityStreams,
        (store, first): (StoreId, Vec<AvailableProduct>),
        place: StreamPlace<String>,
        connection_ends: impl Future<Output = ()> + Send + 'static,
    ) -> Option<Self> {
        let watching = streams.watch(store, first.iter().map(|product| product.product_id).collect())?;
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
            _place: place,
        };
        listener.parts.push(event_stream::opening(None));
        listener.send(first);
        Some(listener)
    }

    fn send(&mut self, products: Vec<AvailableProduct>) {
        for product in products {
            // These fields have JSON.
            let json = serde_json::to_vec(&product).unwrap_or_default();
            self.parts.push(event_stream::event(None, &json));
            self.sent.insert(product.product_id, product);
        }
        self.send_at = Instant::now() + PERIOD;
    }

    /// The next bytes. None at the end: the client has left, or the server stops.
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

    /// The products that differ from what was sent last.
    fn changed(&self) -> Vec<AvailableProduct> {
        let watched = self.watching.board.watched();
        let last = self.watching.ids.iter().filter_map(|id| watched.get(id)?.last.as_ref());
        let newer = last.filter(|(_, began)| *began > self.since).map(|(product, _)| product);
        newer.filter(|product| self.sent.get(&product.product_id) != Some(*product)).cloned().collect()
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
