//! The available units of products as streams. One reader for each store reads the watched products, and wakes all
//! streams.

mod board;
mod listener;

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::PgConnection;
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::catalogue::queries::products;
use crate::db::{Database, Failure};
use crate::events::feed_ends::FeedEnds;
use crate::http::event_stream::{Holder, NoSlot, OpenStreams, StreamSlot};
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::{ProductId, StoreId};
use crate::settings::Limits;
use board::Board;

pub use listener::AvailabilityListener;

/// A product is read and sent at most this often.
const PERIOD: Duration = Duration::from_secs(1);

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
    open: Arc<OpenStreams>,
    most_of_address: usize,
}

impl AvailabilityStreams {
    #[must_use]
    pub fn new(database: &Database, ends: FeedEnds, limits: &Limits) -> Self {
        Self {
            database: database.with_one_retry(),
            ends,
            boards: Arc::default(),
            open: Arc::new(OpenStreams::new(limits.availability_streams)),
            most_of_address: limits.availability_streams_per_address,
        }
    }

    /// Takes a slot for a stream.
    pub fn take_slot(&self, address: Option<IpAddr>) -> Result<StreamSlot, NoSlot> {
        self.open.take_slot(Holder::of_address(address, self.most_of_address), 0)
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
