//! Client connections: limits on their number and on the time of each step, and refusals of invalid HTTP.

pub mod activity;
pub mod bounds;
mod chunks;
mod departure;
mod fair;
mod heads;
mod linger;
mod phase;
mod pipelining;
mod refusal;
pub mod registry;
mod stream;
mod time_budget;
mod turns;
mod upgrade;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::http::header::{self, HeaderMap};
use tokio::sync::watch;

use activity::Activity;
pub use bounds::SEND_BUFFER_BYTES;
pub use phase::Phase;
use pipelining::BodyRest;
use refusal::Abandoned;
pub use registry::Connections;
pub use stream::Connection;
pub use turns::Turns;

/// The connection of a request, for use by the application.
#[derive(Clone)]
pub struct Peer {
    activity: Arc<Activity>,
    connections: Arc<Connections>,
}

/// A request that the application is processing. Its drop marks the end.
#[must_use]
pub struct RequestInProgress {
    peer: Option<Peer>,
    unanswered: Option<Abandoned>,
}

impl Peer {
    /// Adds the connection to the data that its requests can read.
    pub fn attach(connection: &Connection, extensions: &mut Extensions) {
        let (activity, connections) = connection.parts();
        extensions.insert(Self { activity, connections });
    }

    fn from_request(request: &HttpRequest) -> Option<&Self> {
        request.conn_data::<Self>()
    }
}

impl RequestInProgress {
    /// Records the client that sent the request. Behind a reverse proxy it differs from the peer.
    pub fn set_client(&self, client: &Arc<str>) {
        if let Some(peer) = &self.peer {
            peer.activity.set_client(Arc::clone(client));
        }
    }

    /// The sign that the client sends no more. None without a connection.
    pub fn client_left(&self) -> Option<watch::Receiver<bool>> {
        self.peer.as_ref().map(|peer| peer.activity.left.subscribe())
    }

    /// The sign that the connection has to end. None without a connection.
    pub fn ending(&self) -> Option<watch::Receiver<bool>> {
        self.peer.as_ref().map(|peer| peer.activity.ending.subscribe())
    }

    /// Marks the request as answered: the framework now has the response. The number is the memory that its body takes.
    pub fn answered(&mut self, memory: u64) {
        self.unanswered = None;
        if let Some(peer) = &self.peer {
            peer.activity.answered(memory);
            peer.connections.add_to_memory(memory);
        }
    }

    /// True if the connection ends after this request.
    pub fn is_last(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.activity.phase().is_last_request())
    }
}

/// Marks the start of the processing of a request.
pub fn begin(request: &HttpRequest, id: &Arc<str>) -> RequestInProgress {
    let peer = Peer::from_request(request).cloned();
    let unanswered = peer.as_ref().map(|peer| Abandoned {
        id: Arc::clone(id),
        method: request.method().clone(),
        uri: request.uri().clone(),
        began_ms: peer.connections.now_ms(),
    });
    if let Some(peer) = &peer {
        peer.activity.request_began(body_of(request.headers()), peer.connections.now_ms());
        if request.head().expect() {
            peer.activity.expect_continue();
        }
    }
    RequestInProgress { peer, unanswered }
}

/// The body that the head of a request announces.
fn body_of(headers: &HeaderMap) -> BodyRest {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return BodyRest::Chunked;
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.filter(|length| *length > 0).map_or(BodyRest::None, BodyRest::Sized)
}

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        if let Some(peer) = &self.peer {
            peer.activity.request_ended(peer.connections.now_ms());
            if let Some(request) = self.unanswered.take() {
                peer.activity.abandon(request);
            }
        }
    }
}

/// Records that the application reads a body of at most this number of bytes. Until then, a client can send only a small body.
pub fn expect_body(request: &HttpRequest, bytes: usize) {
    if let Some(peer) = Peer::from_request(request) {
        peer.activity.expect_body(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

/// Records that the application has read the body of a request to its end.
pub fn body_read(request: &HttpRequest) {
    if let Some(peer) = Peer::from_request(request) {
        peer.activity.body_read();
    }
}

/// The phase of the connection of a request, if it has one.
pub fn phase_of(request: &HttpRequest) -> Option<Phase> {
    Peer::from_request(request).map(|peer| peer.activity.phase())
}
