//! Server-Sent Events: a response that does not end. <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::{Stream, StreamExt as _};

use super::limits;
use super::trace::HeadOnly;
use crate::kernel::id::UserId;

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

/// The beginning of a stream: the time after which a client connects again, and the cursor of the stream as an id. A block
/// without data is no event, but the client stores its id.
#[must_use]
pub fn opening(id: Option<&str>) -> Bytes {
    Bytes::from(format!("retry: {RETRY_MS}\n{}\n", id_line(id)))
}

/// A heartbeat, with the cursor of the stream as an id.
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

/// A client whose streams are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    Account(UserId),
    /// An IPv4 address, or an IPv6 network /64.
    Address(String),
    /// An IPv6 network /48, which one client may have.
    Site(String),
}

/// The streams of an IPv6 network /48, as a multiple of those of an address.
const SITE_FACTOR: usize = 4;

impl Holder {
    /// The holders of a stream from this address, each with the number of streams that it may have.
    #[must_use]
    pub fn of_address(address: Option<IpAddr>, most: usize) -> Vec<(Self, usize)> {
        let mut holders = vec![(Self::Address(limits::address_key(address)), most)];
        if address.is_some_and(|address| address.is_ipv6()) {
            holders.push((Self::Site(limits::network_key(address)), most.saturating_mul(SITE_FACTOR)));
        }
        holders
    }
}

/// Counts the open streams, in all and of each holder.
#[derive(Debug)]
pub struct OpenStreams {
    counts: Arc<Mutex<Counts>>,
    pub most: usize,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of: HashMap<Holder, usize>,
}

/// A refused stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSlot {
    /// There are too many streams.
    Full,
    /// The client has too many streams.
    TooManyOfClient,
}

/// The slot of an open stream, given back on drop.
#[derive(Debug)]
pub struct StreamSlot {
    holders: Vec<Holder>,
    counts: Arc<Mutex<Counts>>,
}

impl OpenStreams {
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { counts: Arc::default(), most }
    }

    /// Takes a slot for a stream of these holders, each with its limit. `kept` slots stay free for others.
    pub fn take_slot(&self, holders: Vec<(Holder, usize)>, kept: usize) -> Result<StreamSlot, NoSlot> {
        let mut counts = lock(&self.counts);
        if counts.all >= self.most.saturating_sub(kept) {
            return Err(NoSlot::Full);
        }
        if holders.iter().any(|(holder, most)| counts.of.get(holder).copied().unwrap_or_default() >= *most) {
            return Err(NoSlot::TooManyOfClient);
        }
        counts.all = counts.all.saturating_add(1);
        let holders: Vec<Holder> = holders.into_iter().map(|(holder, _)| holder).collect();
        for holder in &holders {
            let count = counts.of.entry(holder.clone()).or_default();
            *count = count.saturating_add(1);
        }
        Ok(StreamSlot { holders, counts: Arc::clone(&self.counts) })
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut counts = lock(&self.counts);
        counts.all = counts.all.saturating_sub(1);
        for holder in &self.holders {
            let count = counts.of.get(holder).copied().unwrap_or_default();
            if count > 1 {
                counts.of.insert(holder.clone(), count.saturating_sub(1));
            } else {
                counts.of.remove(holder);
            }
        }
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
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
        let streams = OpenStreams::new(3);
        let take = |account: i64, kept: usize| streams.take_slot(vec![(Holder::Account(UserId(account)), 2)], kept);
        let first = take(1, 0).unwrap();
        let _second = take(1, 0).unwrap();
        assert_eq!(take(1, 0).unwrap_err(), NoSlot::TooManyOfClient);
        // The last slot is kept for others.
        assert_eq!(take(2, 1).unwrap_err(), NoSlot::Full);
        let third = take(2, 0).unwrap();
        assert_eq!(take(2, 0).unwrap_err(), NoSlot::Full);
        drop(first);
        let _fourth = take(2, 0).unwrap();
        drop(third);
        assert!(take(1, 0).is_ok());
        let counts = lock(&streams.counts);
        assert_eq!((counts.of.len(), counts.all), (2, 2));
    }

    #[test]
    fn a_network_has_few_streams_and_uses_up_no_others() {
        let streams = OpenStreams::new(1_000);
        let take = |address: &str| streams.take_slot(Holder::of_address(Some(address.parse().unwrap()), 2), 0);
        let of_site: Vec<_> = (0..20).map(|net| take(&format!("2001:db8:1:{net:x}::1"))).collect();
        assert_eq!(of_site.iter().filter(|slot| slot.is_ok()).count(), 8);
        let of_address: Vec<_> = (0..5).map(|number| take(&format!("2001:db8:2::{number:x}"))).collect();
        assert_eq!(of_address.iter().filter(|slot| slot.is_ok()).count(), 2);
        assert!(take("2001:db8:2:1::1").is_ok() && take("192.0.2.1").is_ok());
        drop((of_site, of_address));
        assert!(lock(&streams.counts).of.is_empty());
    }
}
