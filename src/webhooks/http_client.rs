//! Sends one request to the receiver of a webhook.
//!
//! The resolver refuses addresses that are not public, and a connection uses only what the resolver returned: so the
//! address that is checked is the address that is used. Redirects are not followed, and no proxy is used.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_tls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use native_tls::TlsConnector;
use tokio::time::timeout;
use tower_service::Service;

use super::address::is_public;
use super::delivery::AttemptError;
use super::target::{self, Reach};

/// The time limit for connecting, sending, and the head of the response.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The time limit for the beginning of the body. It only shows staff what the receiver wrote: the status decides.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);
/// The largest number of bytes of a response that are kept. The rest is not read.
const MAX_ANSWER: usize = 1_024;
/// The largest number of bytes of a response that are in memory at a time, and the largest size of its headers.
const MAX_BUFFERED: usize = 64 * 1_024;
/// Receivers usually keep an idle connection for 5 s or longer. A shorter time avoids requests on a connection that the
/// receiver closes at that moment, and keeps few files open.
const IDLE_TIME: Duration = Duration::from_secs(1);

/// A request to be sent.
pub struct Outgoing<'a> {
    pub url: &'a str,
    pub id: &'a str,
    pub timestamp: i64,
    pub signatures: &'a str,
    pub body: Vec<u8>,
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub response: Result<Answered, AttemptError>,
    pub duration: Duration,
}

/// A response of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    /// The beginning of the body.
    pub text: String,
    pub retry_after_seconds: Option<i64>,
}

type InnerClient = Client<HttpsConnector<HttpConnector<PublicResolver>>, Full<Bytes>>;

/// The client for all receivers. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    /// Created for the first request, because it holds all trusted certificates in memory, and most shops have no webhook.
    client: Arc<OnceLock<InnerClient>>,
    reach: Reach,
    lookup: Lookup,
}

impl HttpClient {
    /// A client that reaches these targets.
    pub fn new(reach: Reach) -> Self {
        Self::with_lookup(reach, Arc::new(|name| Box::pin(look_up(name))))
    }

    fn with_lookup(reach: Reach, lookup: Lookup) -> Self {
        Self { client: Arc::default(), reach, lookup }
    }

    fn client(&self) -> Result<&InnerClient, AttemptError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.make_client().map_err(|error| {
            log::error!(error:% = error; "the certificates that webhooks trust cannot be read");
            AttemptError::ConnectionFailed
        })?;
        Ok(self.client.get_or_init(|| client))
    }

    fn make_client(&self) -> Result<InnerClient, native_tls::Error> {
        let resolver = PublicResolver { reach: self.reach, lookup: Arc::clone(&self.lookup) };
        let mut http = HttpConnector::new_with_resolver(resolver);
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(TIMEOUT));
        let tls = TlsConnector::builder().min_protocol_version(Some(native_tls::Protocol::Tlsv12)).build()?;
        Ok(Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .http1_max_buf_size(MAX_BUFFERED)
            .build(HttpsConnector::from((http, tls.into()))))
    }

    /// Sends a request, and waits for the response. A response is complete with its head, even if the body does not
    /// end.
    pub async fn post(&self, outgoing: Outgoing<'_>) -> Reply {
        let started = Instant::now();
        let response = match timeout(TIMEOUT, self.exchange(outgoing)).await.unwrap_or(Err(AttemptError::TimedOut)) {
            Ok(response) => Ok(read(response).await),
            Err(error) => Err(error),
        };
        Reply { response, duration: started.elapsed() }
    }

    async fn exchange(&self, outgoing: Outgoing<'_>) -> Result<Response<Incoming>, AttemptError> {
        let Outgoing { url, id, timestamp, signatures, body } = outgoing;
        // The resolver does not see the address of a URL without a name, so it is checked here.
        let uri = target::parse(url, self.reach).map_err(|_refusal| AttemptError::AddressNotAllowed)?;
        let request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Stockroom/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_not_one| AttemptError::AddressNotAllowed)?;
        self.client()?.request(request).await.map_err(|error| reason(&error))
    }
}

/// Reads the part of a response that is kept.
async fn read(response: Response<Incoming>) -> Answered {
    let status = response.status().as_u16();
    let retry_after_seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut start = Vec::new();
    // The part that has arrived by then is kept.
    timeout(BODY_TIMEOUT, read_start(response.into_body(), &mut start)).await.ok();
    // PostgreSQL cannot store the character NUL.
    let text = String::from_utf8_lossy(&start).replace('\0', "\u{fffd}");
    Answered { status, text, retry_after_seconds }
}

/// Reads the beginning of a body, up to its end or a failure. A longer body ends the connection.
async fn read_start(mut body: Incoming, start: &mut Vec<u8>) {
    while start.len() < MAX_ANSWER {
        let Some(Ok(frame)) = body.frame().await else { return };
        start.extend(frame.data_ref().into_iter().flatten().take(MAX_ANSWER.saturating_sub(start.len())));
    }
}

/// Looks for the reason among the causes of an error.
fn reason(error: &(dyn StdError + 'static)) -> AttemptError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<ResolveError>() {
            Some(ResolveError::NotPublic) => return AttemptError::AddressNotAllowed,
            Some(ResolveError::NotFound(_)) => return AttemptError::NameNotFound,
            None => cause = error.source(),
        }
    }
    AttemptError::ConnectionFailed
}

/// Finds the addresses of a name.
type Lookup = Arc<dyn Fn(Name) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

async fn look_up(name: Name) -> io::Result<Vec<SocketAddr>> {
    // The connector sets the port.
    Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect())
}

/// Resolves names, and leaves out the addresses that are not public.
#[derive(Clone)]
struct PublicResolver {
    reach: Reach,
    lookup: Lookup,
}

#[derive(Debug, thiserror::Error)]
enum ResolveError {
    #[error("the name has no public address")]
    NotPublic,
    #[error("the name was not found")]
    NotFound(#[source] io::Error),
}

impl Service<Name> for PublicResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = BoxFuture<'static, Result<Self::Response, ResolveError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, reach) = ((self.lookup)(name), self.reach);
        Box::pin(async move {
            let mut addresses = found.await.map_err(ResolveError::NotFound)?;
            addresses.retain(|address| reach == Reach::Everywhere || is_public(address.ip()));
            if addresses.is_empty() { Err(ResolveError::NotPublic) } else { Ok(addresses.into_iter()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn outgoing(url: &str) -> Outgoing<'_> {
        Outgoing { url, id: "1.1", timestamp: 1, signatures: "v1,", body: b"{}".to_vec() }
    }

    /// A client whose resolver returns these addresses, one list after the other.
    fn client(answers: &'static [&'static [&'static str]]) -> (HttpClient, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |_name| {
            let turn = counted.fetch_add(1, Ordering::Relaxed);
            let addresses = answers[turn.min(answers.len() - 1)].iter();
            let addresses = addresses.map(|address| format!("{address}:0").parse().unwrap()).collect();
            Box::pin(async move { Ok(addresses) })
        });
        (HttpClient::with_lookup(Reach::Public, lookup), asked)
    }

    #[tokio::test]
    async fn a_name_with_addresses_that_are_not_public_is_refused() {
        for addresses in [
            &["127.0.0.1"] as &'static [&'static str],
            &["169.254.169.254"],
            &["10.0.0.1", "192.168.0.1"],
            &["[::1]"],
            &["[::ffff:10.0.0.1]"],
            &["[fd00:ec2::254]"],
            &["[64:ff9b::a00:1]"],
            &[],
        ] {
            let (client, _) = client(Box::leak(Box::new([addresses])));
            let reply = client.post(outgoing("https://shop.example.com/")).await;
            assert_eq!(reply.response, Err(AttemptError::AddressNotAllowed), "{addresses:?}");
        }
    }

    #[tokio::test]
    async fn only_the_public_addresses_of_a_name_remain() {
        let found = ["10.0.0.1:0", "8.8.8.8:0", "[::1]:0"].map(|address| address.parse().unwrap()).to_vec();
        let lookup: Lookup = Arc::new(move |_name| {
            let found = found.clone();
            Box::pin(async move { Ok(found) })
        });
        let mut resolver = PublicResolver { reach: Reach::Public, lookup };
        let left: Vec<SocketAddr> = resolver.call("shop.example.com".parse().unwrap()).await.unwrap().collect();
        assert_eq!(left, ["8.8.8.8:0".parse().unwrap()]);
    }

    /// A name that has a forbidden address at first, and a local one later.
    #[tokio::test]
    async fn a_name_whose_address_changes_is_resolved_once_for_each_connection() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://shop.example.com:{}/", listener.local_addr().unwrap().port());
        let (client, asked) = client(&[&["240.0.0.1", "127.0.0.1"], &["127.0.0.1"]]);
        for turn in 1..=2 {
            assert_eq!(client.post(outgoing(&url)).await.response, Err(AttemptError::AddressNotAllowed));
            assert_eq!(asked.load(Ordering::Relaxed), turn);
        }
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock, "the local address was called");
    }

    #[tokio::test]
    async fn an_address_without_a_name_is_checked_before_the_connection() {
        let (client, asked) = client(&[&["8.8.8.8"]]);
        for url in ["https://127.0.0.1/", "https://0x7f.1/", "https://[::ffff:7f00:1]/", "http://8.8.8.8/"] {
            assert_eq!(client.post(outgoing(url)).await.response, Err(AttemptError::AddressNotAllowed), "{url}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }
}
