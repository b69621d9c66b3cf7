//! The newest events of a store in memory, for all of its streams.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use crate::events::EventType;
use crate::feed::subject::Subject;
use crate::http::event_stream::Bytes;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::UserId;

/// The largest number of bytes of the events that are kept. A stream that needs older events reads from the database.
const MAX_BYTES: usize = 1024 * 1024;

/// An event as it is sent. Its text is shared by all streams.
#[derive(Clone, Debug)]
pub struct LiveEvent {
    pub cursor: Cursor,
    pub event_type: EventType,
    pub subject: Subject,
    /// The customer of the order that the event is about.
    pub owner: Option<UserId>,
    pub text: Bytes,
}

/// The newest events of a store.
pub struct LiveFeed {
    recent: RwLock<Recent>,
    /// The cursor after the newest event.
    end: watch::Sender<Cursor>,
}

struct Recent {
    events: VecDeque<Arc<LiveEvent>>,
    bytes: usize,
    /// The cursor before the oldest event that is kept.
    begin: Cursor,
    end: Cursor,
}

/// The events after a cursor.
#[derive(Debug)]
pub enum NextEvents {
    /// The events before this cursor are not kept any more.
    Older(Cursor),
    /// The matching events, and the cursor after those that were checked.
    Events(Vec<Bytes>, Cursor),
}

impl LiveFeed {
    pub fn new(end: Cursor) -> Self {
        let recent = Recent { events: VecDeque::new(), bytes: 0, begin: end, end };
        Self { recent: RwLock::new(recent), end: watch::Sender::new(end) }
    }

    /// Adds the next events, and wakes the streams.
    pub fn add(&self, events: Vec<LiveEvent>, end: Cursor) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            recent.bytes = recent.bytes.saturating_add(event.text.len());
            recent.events.push_back(Arc::new(event));
        }
        while recent.bytes > MAX_BYTES
            && let Some(oldest) = recent.events.pop_front()
        {
            recent.bytes = recent.bytes.saturating_sub(oldest.text.len());
            recent.begin = oldest.cursor;
        }
        recent.end = end;
        drop(recent);
        self.end.send_replace(end);
    }

    /// The next matching events after the cursor, up to a number of bytes.
    pub fn after(&self, cursor: Cursor, matches: impl Fn(&LiveEvent) -> bool, most_bytes: usize) -> NextEvents {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        if cursor < recent.begin {
            return NextEvents::Older(recent.begin);
        }
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        let first = recent.events.partition_point(|event| event.cursor <= cursor);
        for event in recent.events.range(first..).filter(|event| matches(event)) {
            bytes = bytes.saturating_add(event.text.len());
            found.push(event.text.clone());
            if bytes >= most_bytes {
                return NextEvents::Events(found, event.cursor);
            }
        }
        NextEvents::Events(found, recent.end.max(cursor))
    }

    /// Follows the end of the events.
    pub fn watch(&self) -> watch::Receiver<Cursor> {
        self.end.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::SubjectKind;

    fn at(position: i64) -> Cursor {
        Cursor { position, index: 1 }
    }

    fn event(position: i64, bytes: usize) -> LiveEvent {
        let (event_type, subject) = (EventType::OrderPlaced, (SubjectKind::Order, position));
        LiveEvent { cursor: at(position), event_type, subject, owner: None, text: Bytes::from(vec![0; bytes]) }
    }

    fn lengths(feed: &LiveFeed, cursor: Cursor, most_bytes: usize) -> Option<(Vec<usize>, Cursor)> {
        match feed.after(cursor, |event| event.cursor.position != 7, most_bytes) {
            NextEvents::Older(_) => None,
            NextEvents::Events(events, next) => Some((events.iter().map(Bytes::len).collect(), next)),
        }
    }

    #[test]
    fn a_stream_gets_the_events_after_its_cursor() {
        let feed = LiveFeed::new(Cursor::after(4));
        assert_eq!(lengths(&feed, Cursor::after(4), 99), Some((vec![], Cursor::after(4))));
        feed.add(vec![event(5, 10), event(6, 20), event(7, 40), event(8, 30)], Cursor::after(8));
        assert_eq!(lengths(&feed, at(4), 99), None);
        assert_eq!(lengths(&feed, Cursor::after(4), 99), Some((vec![10, 20, 30], Cursor::after(8))));
        assert_eq!(lengths(&feed, Cursor::after(4), 30), Some((vec![10, 20], at(6))));
        assert_eq!(lengths(&feed, at(6), 30), Some((vec![30], at(8))));
        assert_eq!(lengths(&feed, at(8), 30), Some((vec![], Cursor::after(8))));
        assert_eq!(lengths(&feed, Cursor::after(9), 30), Some((vec![], Cursor::after(9))));
    }

    #[test]
    fn old_events_are_given_up() {
        let feed = LiveFeed::new(Cursor::START);
        feed.add(vec![event(1, MAX_BYTES / 2), event(2, MAX_BYTES / 2)], Cursor::after(2));
        assert!(lengths(&feed, Cursor::START, 1).is_some());
        feed.add(vec![event(3, 1)], Cursor::after(3));
        assert_eq!(lengths(&feed, Cursor::START, 1), None);
        assert_eq!(lengths(&feed, at(1), usize::MAX), Some((vec![MAX_BYTES / 2, 1], Cursor::after(3))));
    }
}
