//! The events of the feed as streams. One reader for each store reads new events once, and wakes all streams.

mod listener;
mod live;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::PgConnection;
use tokio::sync::Semaphore;

use super::data::Rows;
use super::page::{self, EventFilter};
use super::response::respond_one;
use crate::auth::Role;
use crate::db::{Database, Failure};
use crate::error::Abort;
use crate::events::feed_ends::FeedEnds;
use crate::http::event_stream::{self, Holder, NoSlot, OpenStreams, StreamSlot};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, UserId};
use crate::settings::Limits;
use live::{LiveEvent, LiveFeed};

pub use listener::{Listener, StreamFilter};

/// The streams of the feeds of all stores. Cheap to clone.
#[derive(Clone)]
pub struct EventStreams {
    database: Database,
    pub ends: FeedEnds,
    feeds: Arc<Mutex<HashMap<StoreId, Weak<LiveFeed>>>>,
    /// The open streams of each account and address.
    open: Arc<OpenStreams>,
    /// The largest number of streams of customers from one address.
    most_of_address: usize,
    readers: Arc<Readers>,
}

/// The streams that may read older events at the same time. Without a limit, many clients that connect again would take all
/// connections to the database. Staff do not wait for customers.
struct Readers {
    of_staff: Semaphore,
    of_customers: Semaphore,
}

/// The largest number of events that one read takes, and the number of bytes after which it takes no more.
const EVENTS_AT_A_TIME: usize = 100;
const BYTES_AT_A_TIME: usize = 32 * 1024;

/// The largest number of streams of an account.
const MAX_OF_ACCOUNT: usize = 16;

/// The largest number of streams of staff that read older events at the same time. Customers have the same limit.
const MAX_READERS: usize = 1;

/// Of this number of slots, customers leave one free for staff.
const SLOTS_FOR_ONE_OF_STAFF: usize = 4;

/// The time after which a reader checks again whether a stream needs it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The time before a failed read is tried again.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

impl EventStreams {
    #[must_use]
    pub fn new(database: &Database, ends: FeedEnds, limits: &Limits) -> Self {
        let (of_staff, of_customers) = (Semaphore::new(MAX_READERS), Semaphore::new(MAX_READERS));
        Self {
            database: database.with_one_retry(),
            ends,
            feeds: Arc::default(),
            open: Arc::new(OpenStreams::new(limits.event_streams)),
            most_of_address: limits.event_streams_per_address,
            readers: Arc::new(Readers { of_staff, of_customers }),
        }
    }

    /// Takes a slot for a stream. Everybody can become a customer, so the streams of customers are also limited by their
    /// address, and leave slots for staff.
    pub fn take_slot(&self, account: UserId, role: Role, address: Option<IpAddr>) -> Result<StreamSlot, NoSlot> {
        let mut holders = vec![(Holder::Account(account), MAX_OF_ACCOUNT)];
        let mut kept = 0;
        if role == Role::Customer {
            holders.extend(Holder::of_address(address, self.most_of_address));
            kept = self.open.most.checked_div(SLOTS_FOR_ONE_OF_STAFF).unwrap_or(0);
        }
        self.open.take_slot(holders, kept)
    }

    /// The new events of a store. The first stream starts the reader, which ends after the last one.
    pub(super) fn feed(&self, store: StoreId, end: Cursor) -> Arc<LiveFeed> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&store).and_then(Weak::upgrade) {
            return feed;
        }
        let feed = Arc::new(LiveFeed::new(end));
        feeds.retain(|_, feed| feed.strong_count() > 0);
        feeds.insert(store, Arc::downgrade(&feed));
        tokio::spawn(self.clone().follow(store, end, Arc::downgrade(&feed)));
        feed
    }

    async fn follow(self, store: StoreId, mut cursor: Cursor, feed: Weak<LiveFeed>) {
        while feed.strong_count() > 0 {
            // The rest of a row is read without a wait: the end of the feed does not show whether there is one.
            if cursor.index == 0 {
                match tokio::time::timeout(LOOK_EVERY, self.ends.wait_beyond(store, cursor)).await {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(_nothing_new) => continue,
                }
            }
            let read = move |conn: &mut PgConnection| read(conn, store, &EventFilter::default(), cursor, usize::MAX);
            match self.database.read_internally("follow_feed", read).await {
                Ok((events, next)) => {
                    let Some(feed) = feed.upgrade() else { return };
                    feed.add(events, next);
                    cursor = next;
                }
                Err(failure) => {
                    note(&failure);
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Reads events that are older than those that the server keeps. Returns the matching ones, and the cursor after the
    /// rows that were read.
    async fn read_older(
        &self,
        store: StoreId,
        filter: &StreamFilter,
        after: Cursor,
    ) -> Option<(Vec<LiveEvent>, Cursor)> {
        let of_role = if filter.owner.is_some() { &self.readers.of_customers } else { &self.readers.of_staff };
        let _permit = of_role.acquire().await.ok()?;
        let filter = filter.clone();
        let read = move |conn: &mut PgConnection| {
            let filter = filter.to_event_filter(conn, store)?;
            read(conn, store, &filter, after, BYTES_AT_A_TIME)
        };
        match self.database.read_internally("read_older_events", read).await {
            Ok(found) => Some(found),
            Err(failure) => {
                note(&failure);
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                None
            }
        }
    }
}

/// The next events that match, with their data. Takes no more after this number of bytes.
fn read(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &EventFilter,
    after: Cursor,
    most_bytes: usize,
) -> Result<(Vec<LiveEvent>, Cursor), Failure> {
    let (events, next) = page::list(conn, store, filter, after, EVENTS_AT_A_TIME)?;
    let mut rows = Rows::load(conn, store, &events).map_err(failure)?;
    let (mut taken, mut bytes) = (Vec::with_capacity(events.len()), 0_usize);
    for event in &events {
        let owner = rows.owner(event);
        let response = respond_one(&mut rows, store, event)?;
        let json = serde_json::to_vec(&response).map_err(|error| Failure::Internal(format!("an event: {error}")))?;
        let text = event_stream::event(Some(&response.id), &json);
        bytes = bytes.saturating_add(text.len());
        let subject = (response.subject.kind, response.subject.id);
        taken.push(LiveEvent { cursor: event.cursor, event_type: response.event_type, subject, owner, text });
        if bytes >= most_bytes && taken.len() < events.len() {
            return Ok((taken, event.cursor));
        }
    }
    Ok((taken, next))
}

/// A read of events refuses nothing.
fn failure(abort: Abort) -> Failure {
    match abort {
        Abort::Failed(failure) => failure,
        Abort::Refused(refusal) | Abort::Recorded(refusal) | Abort::Overdue(refusal, _) => {
            Failure::Internal(refusal.to_string())
        }
    }
}

/// The reader tries again. The log reports an outage separately.
fn note(failure: &Failure) {
    let level = if failure.is_outage() { log::Level::Debug } else { log::Level::Warn };
    log::log!(level, error:% = failure; "the events of streams could not be read");
}
