//! A caller of the API.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use stockroom::kernel::id::UserId;
use ureq::Agent;
use ureq::http::Request;

use super::document;
use super::reply::Reply;

/// Sends requests with the same headers each. Cheap to clone, and to be used by many threads.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    address: String,
    prefix: &'static str,
    headers: Vec<(String, String)>,
    /// The user of its token.
    pub user: Option<UserId>,
    /// Gets every second request.
    other: Option<Arc<OtherServer>>,
}

/// A second server that gets every second request.
pub struct OtherServer {
    address: String,
    sent: AtomicUsize,
    is_left_out: AtomicBool,
}

impl OtherServer {
    pub fn new(address: &str) -> Arc<Self> {
        Arc::new(Self { address: address.to_owned(), sent: AtomicUsize::new(0), is_left_out: AtomicBool::new(false) })
    }

    /// For tests that inspect the first server.
    pub fn leave_out(&self) {
        self.is_left_out.store(true, Ordering::SeqCst);
    }

    fn takes_the_next(&self) -> bool {
        !self.is_left_out.load(Ordering::SeqCst) && self.sent.fetch_add(1, Ordering::SeqCst) % 2 == 1
    }
}

impl Client {
    pub fn new(address: &str) -> Self {
        // Each request has a new connection, because the server may close an idle one just when it is used again.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self {
            agent: config.new_agent(),
            address: address.to_owned(),
            prefix: "/api/v1",
            headers: Vec::new(),
            user: None,
            other: None,
        }
    }

    /// The same caller at another server.
    pub fn at(mut self, address: &str) -> Self {
        self.address = address.to_owned();
        self.other = None;
        self
    }

    /// The same caller at one server and another in turn.
    pub fn in_turn_with(mut self, other: Option<&Arc<OtherServer>>) -> Self {
        self.other = other.map(Arc::clone);
        self
    }

    /// With paths below another prefix: `""` for those outside of the API.
    pub fn under(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }

    /// With this header, instead of an earlier one of the same name.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The value of a header that it sends.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The same with one more header, also where there is one of that name.
    pub fn with_another_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn with_token(self, token: &str) -> Self {
        self.with_header("Authorization", &format!("Bearer {token}"))
    }

    pub fn with_key(self, key: &str) -> Self {
        self.with_header("Idempotency-Key", key)
    }

    /// In the store of this id or code.
    pub fn in_store(self, store: &str) -> Self {
        self.with_header("X-Store-Id", store)
    }

    pub fn of_user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body))
    }

    /// Without a body, for calls whose fields are all optional.
    pub fn post_nothing(&self, path: &str) -> Reply {
        self.send("POST", path, None)
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, Some(body))
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        match body {
            Some(body) => self.send_bytes(method, path, "application/json", body.to_string().as_bytes()),
            None => self.try_send(method, path, None).unwrap_or_else(|error| panic!("{method} {path}: {error}")),
        }
    }

    /// Any bytes as a body.
    pub fn send_bytes(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Reply {
        self.try_send(method, path, Some((content_type, body)))
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same, for tests in which the server may stop.
    pub fn try_post(&self, path: &str, body: &Value) -> Result<Reply, ureq::Error> {
        self.try_send("POST", path, Some(("application/json", body.to_string().as_bytes())))
    }

    pub fn try_get(&self, path: &str) -> Result<Reply, ureq::Error> {
        self.try_send("GET", path, None)
    }

    fn try_send(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Result<Reply, ureq::Error> {
        let other = self.other.as_deref().filter(|other| other.takes_the_next());
        let uri = format!("{}{}{path}", other.map_or(&self.address, |other| &other.address), self.prefix);
        let sent = body.map(|(_, bytes)| bytes);
        let mut request = Request::builder().method(method).uri(&uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = match body {
            Some((content_type, bytes)) => self.agent.run(request.header("Content-Type", content_type).body(bytes)?)?,
            None if matches!(method, "GET" | "DELETE" | "HEAD" | "OPTIONS") => self.agent.run(request.body(())?)?,
            None => self.agent.run(request.body(&b""[..])?)?,
        };
        let (parts, mut body) = response.into_parts();
        // A stream does not end.
        let is_stream = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = match is_stream {
            true => Vec::new(),
            false => body.with_config().limit(64 * 1024 * 1024).read_to_vec()?,
        };
        let asked = format!("{method} {path}");
        let reply = Reply { asked, status: parts.status.as_u16(), headers: parts.headers, bytes };
        if self.prefix.starts_with("/api") && !matches!(method, "HEAD" | "OPTIONS") {
            document::check(method, path, sent, &reply);
        }
        Ok(reply)
    }
}
