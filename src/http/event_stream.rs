//! Server-Sent Events: a response that does not end. <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::{Stream, StreamExt as _};

use super::trace::HeadOnly;

pub use actix_web::web::Bytes;

/// The content type of the response.
pub const EVENT_STREAM: &str = "text/event-stream";

/// A stream without events for this time sends a comment, so that proxies and clients know that it still works.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// The milliseconds after which a client connects again.
const RETRY_MS: u32 = 2000;

/// Larger events are sent in parts, so that a client that does not read costs the memory of one part.
const PART_BYTES: usize = 16 * 1024;

/// Answers with a stream. The body ends when the stream ends.
pub fn respond(request: &HttpRequest, stream: impl Stream<Item = Bytes> + 'static) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM)));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    // nginx sends the parts on at once.
    response.insert_header(("X-Accel-Buffering", "no"));
    if request.extensions().contains::<HeadOnly>() {
        // The framework would read the stream without sending it.
        return response.finish();
    }
    response.streaming(stream.map(Ok::<_, Infallible>))
}

/// An event. JSON has no line breaks, so its text is one line.
#[must_use]
pub fn event(id: Option<&str>, json: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(json.len().saturating_add(64));
    if let Some(id) = id {
        text.extend_from_slice(b"id: ");
        text.extend_from_slice(id.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"data: ");
    text.extend_from_slice(json);
    text.extend_from_slice(b"\n\n");
    Bytes::from(text)
}

/// The beginning of a stream: the time before a client connects again, and the id of its place. A block without data is no
/// event, but the client keeps its id.
#[must_use]
pub fn opening(id: Option<&str>) -> Bytes {
    Bytes::from(format!("retry: {RETRY_MS}\n{}\n", id_line(id)))
}

/// A sign of life, with the id of the place of the stream.
#[must_use]
pub fn heartbeat(id: Option<&str>) -> Bytes {
    Bytes::from(format!(": heartbeat\n{}\n", id_line(id)))
}

fn id_line(id: Option<&str>) -> String {
    id.map(|id| format!("id: {id}\n")).unwrap_or_default()
}

/// The bytes that a stream sends next. Their memory is shared with other streams.
#[derive(Debug, Default)]
pub struct Parts(VecDeque<Bytes>);

impl Parts {
    pub fn push(&mut self, bytes: Bytes) {
        self.0.push_back(bytes);
    }

    /// The next part.
    pub fn pop(&mut self) -> Option<Bytes> {
        let first = self.0.front_mut()?;
        if first.len() > PART_BYTES {
            return Some(first.split_to(PART_BYTES));
        }
        self.0.pop_front()
    }
}

/// Counts the open streams, in all and of each client.
#[derive(Debug)]
pub struct OpenStreams<K> {
    counts: Arc<Mutex<HashMap<K, usize>>>,
    most: usize,
    most_of_each: usize,
}

/// A refused stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// There are too many streams.
    Full,
    /// The client has too many streams.
    TooManyOfClient,
}

/// A place of a stream. It is free again when it is dropped.
#[derive(Debug)]
pub struct StreamPlace<K: Eq + Hash + Clone> {
    client: K,
    counts: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Eq + Hash + Clone> OpenStreams<K> {
    #[must_use]
    pub fn new(most: usize, most_of_each: usize) -> Self {
        Self { counts: Arc::default(), most, most_of_each }
    }

    /// Takes a place for a stream of a client.
    pub fn place(&self, client: K) -> Result<StreamPlace<K>, NoPlace> {
        let mut counts = lock(&self.counts);
        if counts.values().sum::<usize>() >= self.most {
            return Err(NoPlace::Full);
        }
        let count = counts.entry(client.clone()).or_default();
        if *count >= self.most_of_each {
            return Err(NoPlace::TooManyOfClient);
        }
        *count = count.saturating_add(1);
        Ok(StreamPlace { client, counts: Arc::clone(&self.counts) })
    }
}

impl<K: Eq + Hash + Clone> Drop for StreamPlace<K> {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        let count = counts.get(&self.client).copied().unwrap_or_default();
        if count > 1 {
            counts.insert(self.client.clone(), count.saturating_sub(1));
        } else {
            counts.remove(&self.client);
        }
    }
}

fn lock<K>(counts: &Mutex<HashMap<K, usize>>) -> MutexGuard<'_, HashMap<K, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_the_form_of_the_standard() {
        assert_eq!(event(Some("4.2"), b"{}"), "id: 4.2\ndata: {}\n\n");
        assert_eq!(event(None, b"{}"), "data: {}\n\n");
        assert_eq!(opening(Some("4.2")), "retry: 2000\nid: 4.2\n\n");
        assert_eq!(heartbeat(None), ": heartbeat\n\n");
    }

    #[test]
    fn a_large_event_is_sent_in_parts() {
        let mut parts = Parts::default();
        parts.push(Bytes::from(vec![1; PART_BYTES + 5]));
        parts.push(Bytes::from_static(b"x"));
        let sizes: Vec<usize> = std::iter::from_fn(|| parts.pop()).map(|part| part.len()).collect();
        assert_eq!(sizes, [PART_BYTES, 5, 1]);
    }

    #[test]
    fn streams_are_bounded_in_all_and_for_each_client() {
        let streams = OpenStreams::new(3, 2);
        let first = streams.place("a").unwrap();
        let _second = streams.place("a").unwrap();
        assert_eq!(streams.place("a").unwrap_err(), NoPlace::TooManyOfClient);
        let third = streams.place("b").unwrap();
        assert_eq!(streams.place("b").unwrap_err(), NoPlace::Full);
        drop(first);
        let _fourth = streams.place("b").unwrap();
        drop(third);
        assert!(streams.place("a").is_ok());
        assert_eq!(lock(&streams.counts).len(), 2);
    }
}
