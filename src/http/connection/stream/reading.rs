//! Reads the requests of a connection one by one.

use std::io;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, ReadBuf};

use super::Connection;
use crate::http::connection::phase::{Phase, WorkState};
use crate::http::connection::pipelining::BodyRest;

/// The number of bytes of the next request that are read while the framework works on a request.
const HOLD_BYTES: usize = 1024;

impl Connection {
    /// Gives the framework the bytes of one request at most.
    pub(super) fn poll_read_portion(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.activity.wait(cx.waker());
        if self.activity.holds_next_request() {
            return self.poll_hold(cx, buf.remaining());
        }
        self.departure.rest();
        if std::mem::take(&mut self.is_at_boundary) {
            // A displaced connection has to decide again after the framework has decoded these bytes.
            if !self.pipelining.has_held() && self.activity.phase() != Phase::Displaced {
                ready!(self.socket()?.poll_read_ready(cx))?;
            }
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        let body = self.activity.body_rest();
        if self.pipelining.has_held() {
            buf.put_slice(&self.pipelining.next_held(buf.remaining(), body));
        } else {
            ready!(self.socket()?.poll_read(cx, buf))?;
            if buf.filled().len() == before && buf.remaining() > 0 {
                // A stream may be sent to this peer.
                self.note_left();
            }
            let portion = self.pipelining.take_portion(buf.filled_mut().get_mut(before..).unwrap_or_default(), body);
            buf.set_filled(before.saturating_add(portion));
        }
        let read = buf.filled().get(before..).unwrap_or_default();
        if body == BodyRest::None {
            self.head.add(read, self.activity.begun());
        }
        self.record(u64::try_from(read.len()).unwrap_or(0), body);
        if self.activity.phase() == Phase::BodyTooLarge {
            // These bytes may contain the end of the body. Without them, the framework reports an incomplete body.
            buf.set_filled(before);
        }
        // The framework must decode these bytes before it gets more: a head decides how the next bytes are read, and a
        // full buffer would grow.
        let ends_head = body == BodyRest::None && self.pipelining.is_between_heads();
        self.is_at_boundary = self.pipelining.has_held() || ends_head || buf.remaining() == 0;
        Poll::Ready(Ok(()))
    }

    /// Records bytes that the framework has read.
    fn record(&mut self, bytes: u64, body: BodyRest) {
        self.activity.received(bytes, self.connections.now_ms());
        if body != BodyRest::None {
            self.connections.add_to_memory(bytes);
        }
        let has_ended = self.pipelining.take_end_of_chunks();
        if self.activity.body_is_too_large() {
            if self.activity.phase().is_served() {
                self.connections.end(&self.activity, Phase::BodyTooLarge);
            }
        } else if has_ended {
            self.activity.body_ended();
        }
    }

    /// True if a displaced connection does not end yet: a request has arrived or is in progress.
    pub(super) fn goes_on(&mut self, cx: &mut Context<'_>) -> bool {
        let has_arrived = |socket: &TcpStream| matches!(socket.poll_peek(cx, &mut ReadBuf::new(&mut [0])), Poll::Ready(Ok(bytes)) if bytes > 0);
        // The framework may have the head of a request that has not reached the application yet.
        let has_request = self.is_at_boundary
            || self.pipelining.has_held()
            || (self.pipelining.is_between_heads() && self.socket.as_ref().is_some_and(has_arrived));
        match self.activity.work_state() {
            WorkState::Working => true,
            WorkState::Idle | WorkState::Sending if has_request => true,
            WorkState::Idle => false,
            WorkState::Sending | WorkState::Receiving => self.connections.lets_displaced_wait(),
        }
    }

    /// Waits for the end of the request that the framework works on. The socket is still watched, so that the framework
    /// learns when the peer has gone, and the request when the peer sends no more.
    fn poll_hold(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<io::Result<()>> {
        if !self.pipelining.has_held() {
            let mut bytes = [0; HOLD_BYTES];
            let mut buf = ReadBuf::new(bytes.get_mut(..room.min(HOLD_BYTES)).unwrap_or_default());
            ready!(self.socket()?.poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                self.note_left();
                return Poll::Ready(Ok(()));
            }
            self.pipelining.hold(buf.filled());
        }
        if let Some(socket) = &self.socket
            && self.departure.poll(socket, cx)?
        {
            self.note_left();
        }
        Poll::Pending
    }

    fn note_left(&self) {
        self.activity.left.send_if_modified(|left| !std::mem::replace(left, true));
    }
}
