//! The state of an open connection, and the signal that ends it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use tokio::sync::watch;

use super::bounds::{BODY_OVERHEAD_BYTES, MAX_HEAD_BYTES, SEND_BUFFER_MEMORY};
use super::phase::{Phase, WorkState};
use super::pipelining::BodyRest;
use super::refusal::Abandoned;
use super::time_budget::Progress;
use crate::http::limits::address_key;

mod waiting;

/// The maximal number of bytes of a body on the wire. A body of 64 KiB in chunks of one byte has 384 KiB, and one of
/// 256 KiB in chunks of six bytes has 470 KiB. A larger body that the application expects has twice its size.
const MAX_BODY_WIRE_BYTES: u64 = 512 * 1024;

/// The marker of a body in chunks, whose length is unknown.
const CHUNKED: u64 = u64::MAX;

/// The connection's thread and the application write this state; the registry reads it.
#[derive(Debug)]
pub struct Activity {
    pub peer: Option<SocketAddr>,
    /// The client of the last request; before it, the peer.
    client: Mutex<Arc<str>>,
    last_ms: AtomicU64,
    /// Requests that the application is processing.
    requests: AtomicU32,
    /// All requests of this connection that have reached the application.
    begun: AtomicU32,
    abandoned: Mutex<Option<Abandoned>>,
    /// The bytes of the body that the framework has not read yet, or [`CHUNKED`].
    body_rest: AtomicU64,
    /// The bytes of the body that the application expects.
    expected_body: AtomicU64,
    /// True if the client waits for `100 Continue` before it sends the body.
    expects_continue: AtomicBool,
    head: Progress,
    /// Until the application has read the body, or the request and its body have ended.
    body: Progress,
    answer: Progress,
    /// The memory of the body of the last response.
    answer_bytes: AtomicU64,
    phase: AtomicU8,
    /// The time at which reading was ended.
    ended_ms: AtomicU64,
    waker: AtomicWaker,
    /// Becomes true when the peer sends no more.
    pub left: watch::Sender<bool>,
    /// Becomes true when the connection has to end, after its request or at once.
    pub ending: watch::Sender<bool>,
}

impl Activity {
    pub fn new(peer: Option<SocketAddr>, now_ms: u64) -> Self {
        let head = Progress::default();
        head.begin(now_ms);
        Self {
            peer,
            client: Mutex::new(address_key(peer.map(|peer| peer.ip().to_canonical())).into()),
            last_ms: AtomicU64::new(now_ms),
            requests: AtomicU32::new(0),
            begun: AtomicU32::new(0),
            abandoned: Mutex::default(),
            body_rest: AtomicU64::new(0),
            expected_body: AtomicU64::new(0),
            expects_continue: AtomicBool::new(false),
            head,
            body: Progress::default(),
            answer: Progress::default(),
            answer_bytes: AtomicU64::new(0),
            phase: AtomicU8::new(Phase::Open as u8),
            ended_ms: AtomicU64::new(0),
            waker: AtomicWaker::new(),
            left: watch::Sender::new(false),
            ending: watch::Sender::new(false),
        }
    }

    pub fn client(&self) -> Arc<str> {
        Arc::clone(&self.client.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set_client(&self, client: Arc<str>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    pub fn phase(&self) -> Phase {
        Phase::from_repr(self.phase.load(Ordering::Acquire)).unwrap_or(Phase::Closed)
    }

    /// Sets the phase and wakes the connection's task, which ends the connection.
    pub fn end(&self, phase: Phase, now_ms: u64) {
        self.phase.store(phase as u8, Ordering::Release);
        self.ended_ms.store(now_ms, Ordering::Relaxed);
        self.ending.send_replace(true);
        self.waker.wake();
    }

    pub fn wait(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Records bytes that the framework has read.
    pub fn received(&self, bytes: u64, now_ms: u64) {
        self.last_ms.store(now_ms, Ordering::Relaxed);
        match self.body_rest() {
            BodyRest::Sized(rest) => {
                self.body.add(bytes);
                self.body_rest.store(rest.saturating_sub(bytes), Ordering::Relaxed);
                if bytes >= rest {
                    self.body_ended();
                }
            }
            BodyRest::Chunked => self.body.add(bytes),
            BodyRest::None if self.requests.load(Ordering::Relaxed) == 0 => {
                self.head.begin_unless_begun(now_ms);
                self.head.add(bytes);
            }
            BodyRest::None => {}
        }
    }

    pub fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Records a request that was given up before its response. Without a body in transfer, nothing has to be refused.
    pub fn abandon(&self, request: Abandoned) {
        if self.body_rest() != BodyRest::None {
            *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
        }
    }

    /// The request whose body made the framework end the connection.
    #[must_use]
    pub fn take_abandoned(&self) -> Option<Abandoned> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// True if more bytes were read than the head of a request may have.
    pub fn head_is_too_large(&self) -> bool {
        self.head.is_begun() && self.head.bytes() > MAX_HEAD_BYTES
    }

    /// True if the body has more bytes on the wire than are read, including the framing of its chunks.
    pub fn body_is_too_large(&self) -> bool {
        let expected = self.expected_body.load(Ordering::Relaxed);
        self.body.is_begun() && self.body.bytes() > MAX_BODY_WIRE_BYTES.max(expected.saturating_mul(2))
    }

    /// Records that the application reads a body of at most this number of bytes.
    pub fn expect_body(&self, bytes: u64) {
        self.expected_body.store(bytes, Ordering::Relaxed);
        if self.expects_continue() {
            self.waker.wake();
        }
    }

    /// True if the application reads the body of the current request.
    pub fn reads_body(&self) -> bool {
        self.expected_body.load(Ordering::Relaxed) > 0
    }

    /// Records that the client of the request that has just begun waits for `100 Continue`.
    pub fn expect_continue(&self) {
        self.expects_continue.store(true, Ordering::Relaxed);
    }

    pub fn expects_continue(&self) -> bool {
        self.expects_continue.load(Ordering::Relaxed)
    }

    /// The time since the current head began.
    pub fn head_ms(&self, now_ms: u64) -> u64 {
        self.head.elapsed_ms(now_ms)
    }

    pub fn sent(&self, bytes: u64, now_ms: u64) {
        self.last_ms.store(now_ms, Ordering::Relaxed);
        if self.answer.is_begun() {
            self.answer.add(bytes);
        }
    }

    /// Records that the peer does not read the response at the moment.
    pub fn blocked(&self, now_ms: u64) {
        self.answer.begin_unless_begun(now_ms);
    }

    pub fn is_blocked(&self) -> bool {
        self.answer.is_begun()
    }

    pub fn flushed(&self) {
        self.answer.end();
    }

    pub fn request_began(&self, body: BodyRest, now_ms: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.head.end();
        let rest = match body {
            BodyRest::None => 0,
            BodyRest::Sized(rest) => rest.min(CHUNKED - 1),
            BodyRest::Chunked => CHUNKED,
        };
        self.body_rest.store(rest, Ordering::Relaxed);
        self.expected_body.store(0, Ordering::Relaxed);
        self.expects_continue.store(false, Ordering::Relaxed);
        if rest > 0 {
            self.body.begin(now_ms);
        } else {
            self.body.end();
        }
    }

    /// Records that the framework has the whole body. The time limit continues until the application has read it.
    pub fn body_ended(&self) {
        self.body_rest.store(0, Ordering::Relaxed);
        if self.requests.load(Ordering::Relaxed) == 0 {
            self.body.end();
        }
    }

    /// Records that the application has read the whole body.
    pub fn body_read(&self) {
        if self.body_rest() == BodyRest::None {
            self.body.end();
        }
    }

    /// The memory of a body that the application has not read.
    pub fn unfinished_body_bytes(&self) -> u64 {
        let is_in_progress = self.requests.load(Ordering::Relaxed) > 0 && self.phase().is_served();
        let is_waiting = is_in_progress && self.body.is_begun();
        if is_waiting { self.body.bytes().saturating_add(BODY_OVERHEAD_BYTES) } else { 0 }
    }

    /// Records the memory of a response before it is sent.
    pub fn answered(&self, bytes: u64) {
        self.answer_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The memory of a response that the peer does not read at the moment, with the full buffer of the system.
    pub fn unread_answer_bytes(&self) -> u64 {
        let is_waiting = self.is_blocked() && self.phase().is_served();
        if is_waiting { self.answer_bytes.load(Ordering::Relaxed).saturating_add(SEND_BUFFER_MEMORY) } else { 0 }
    }

    /// The rest of the body that the framework reads.
    pub fn body_rest(&self) -> BodyRest {
        match self.body_rest.load(Ordering::Relaxed) {
            0 => BodyRest::None,
            CHUNKED => BodyRest::Chunked,
            rest => BodyRest::Sized(rest),
        }
    }

    /// True if the framework must not get the next request yet: it works on one whose body it has read, or the peer
    /// does not read the responses.
    pub fn holds_next_request(&self) -> bool {
        let is_working = self.requests.load(Ordering::Relaxed) > 0 && self.body_rest() == BodyRest::None;
        is_working || self.is_blocked()
    }

    /// The time limit of an unread body continues, because the framework still discards the rest of that body.
    pub fn request_ended(&self, now_ms: u64) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
        self.body_read();
        self.last_ms.store(now_ms, Ordering::Relaxed);
        // The next request may be held back.
        self.waker.wake();
    }

    pub fn last_ms(&self) -> u64 {
        self.last_ms.load(Ordering::Relaxed)
    }

    pub fn work_state(&self) -> WorkState {
        match self.requests.load(Ordering::Relaxed) {
            0 if self.is_blocked() => WorkState::Receiving,
            0 => WorkState::Idle,
            _ if self.body_rest() != BodyRest::None => WorkState::Sending,
            _ => WorkState::Working,
        }
    }
}
