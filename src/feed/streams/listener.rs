//! One stream of events.

use std::pin::Pin;
use std::sync::Arc;

use diesel::PgConnection;
use diesel::result::QueryResult;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::live::{LiveEvent, LiveFeed, NextEvents};
use super::{BYTES_AT_A_TIME, EventStreams};
use crate::auth::stream_token::{CHECKED_EVERY, StreamToken};
use crate::events::EventType;
use crate::feed::page::EventFilter;
use crate::feed::queries;
use crate::feed::subject::Subject;
use crate::http::event_stream::{self, Bytes, HEARTBEAT, Parts, StreamSlot};
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{StoreId, UserId};

/// The filter of a stream: the events that it sends.
#[derive(Clone, Debug)]
pub struct StreamFilter {
    /// Empty for all types.
    pub types: Vec<EventType>,
    pub subject: Option<Subject>,
    /// Only events about the orders of this customer. None for all events.
    pub owner: Option<UserId>,
}

impl StreamFilter {
    fn matches(&self, event: &LiveEvent) -> bool {
        let has_type = self.types.is_empty() || self.types.contains(&event.event_type);
        let has_subject = self.subject.is_none_or(|subject| subject == event.subject);
        has_type && has_subject && self.owner.is_none_or(|owner| event.owner == Some(owner))
    }

    /// The filter for a read of the feed.
    pub(super) fn to_event_filter(&self, conn: &mut PgConnection, store: StoreId) -> QueryResult<EventFilter> {
        let own = self.owner.map(|owner| queries::list_subjects_of(conn, store, owner)).transpose()?;
        Ok(EventFilter { types: self.types.clone(), subject: self.subject, own })
    }
}

/// A stream of events, which is read part by part. A client that reads slowly costs the memory of a few parts.
pub struct Listener {
    streams: EventStreams,
    feed: Arc<LiveFeed>,
    changed: watch::Receiver<Cursor>,
    store: StoreId,
    filter: StreamFilter,
    token: StreamToken,
    revocations: watch::Receiver<()>,
    /// Ends when the client has disconnected.
    connection_ends: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// The cursor after the events that were taken.
    cursor: Cursor,
    parts: Parts,
    /// The time of the next heartbeat, if nothing is sent before.
    heartbeat_at: Instant,
    check_at: Instant,
    _slot: StreamSlot,
}

impl Listener {
    /// Begins after a cursor. `end` is the end of the feed.
    #[must_use]
    pub fn new(
        streams: &EventStreams,
        (store, filter): (StoreId, StreamFilter),
        (cursor, end): (Cursor, Cursor),
        (token, slot): (StreamToken, StreamSlot),
        connection_ends: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let feed = streams.feed(store, end);
        let mut parts = Parts::default();
        parts.push(event_stream::opening(Some(&cursor.to_string())));
        Self {
            streams: streams.clone(),
            changed: feed.watch(),
            feed,
            store,
            filter,
            revocations: token.revocations(),
            token,
            connection_ends: Box::pin(connection_ends),
            cursor,
            parts,
            heartbeat_at: Instant::now() + HEARTBEAT,
            check_at: Instant::now() + CHECKED_EVERY,
            _slot: slot,
        }
    }

    /// The next bytes. None at the end: the token has ended, the client has disconnected, or the server stops.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if Instant::now() >= self.check_at {
                self.check_at = Instant::now() + CHECKED_EVERY;
                if self.token.has_ended().await {
                    return None;
                }
            }
            // Looked up for each part, so that nothing is sent after a revocation.
            if self.token.is_known_to_have_ended() || self.streams.ends.is_stopping() {
                return None;
            }
            if let Some(part) = self.parts.pop() {
                self.heartbeat_at = Instant::now() + HEARTBEAT;
                return Some(part);
            }
            // Marked as seen before the events are taken, so that no later one is overlooked.
            self.changed.borrow_and_update();
            if !self.take().await? {
                self.wait().await?;
            }
        }
    }

    /// Takes the next events. Returns false if there are none at the moment, and None at the end.
    async fn take(&mut self) -> Option<bool> {
        match self.feed.after(self.cursor, |event| self.filter.matches(event), BYTES_AT_A_TIME) {
            NextEvents::Events(events, next) => {
                self.cursor = next;
                let has_events = !events.is_empty();
                events.into_iter().for_each(|event| self.parts.push(event));
                Some(has_events)
            }
            NextEvents::Older(begin) => {
                let read = self.streams.read_older(self.store, &self.filter, self.cursor);
                let read = tokio::select! {
                    read = read => read,
                    () = &mut self.connection_ends => return None,
                };
                if let Some((events, next)) = read {
                    // Without any row, nothing is missing before the events that are kept.
                    self.cursor = if next == self.cursor { begin } else { next };
                    events.into_iter().for_each(|event| self.parts.push(event.text));
                }
                Some(true)
            }
        }
    }

    /// Waits for new events, or for something else to do. None at the end.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            // The sender is a part of the feed, which this stream keeps.
            _ = self.changed.changed() => {}
            // The sender is a part of the versions, which the token keeps.
            _ = self.revocations.changed() => {}
            () = sleep_until(self.heartbeat_at) => {
                self.parts.push(event_stream::heartbeat(Some(&self.cursor.to_string())));
            }
            () = sleep_until(self.check_at) => {}
            () = self.streams.ends.stopped() => return None,
            () = &mut self.connection_ends => return None,
        }
        Some(())
    }
}
