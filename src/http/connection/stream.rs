//! A wrapper around a client's socket, below the framework.

mod continuing;
mod reading;

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use uuid::Uuid;

use super::activity::Activity;
use super::departure::Departure;
use super::heads::RecentHead;
use super::linger::{LingerSlot, LingeringSocket};
use super::phase::Phase;
use super::pipelining::{BodyRest, Pipelining};
use super::refusal::{self, Abandoned, RefusedRequest};
use super::registry::{Connections, Permit};
use crate::error::{ApiError, Code};
use continuing::Continuing;

/// Records the transferred bytes, ends when the registry requests it, and replaces the framework's refusals.
pub struct Connection {
    /// None only during the drop.
    socket: Option<TcpStream>,
    permit: Option<Permit>,
    activity: Arc<Activity>,
    connections: Arc<Connections>,
    head: RecentHead,
    /// Receives the socket on drop if a refusal is not sent yet, or if the peer may still send.
    linger_slot: LingerSlot,
    /// The bytes of a refusal. `written` is the number of bytes that were sent.
    refusal: Vec<u8>,
    written: usize,
    pipelining: Pipelining,
    departure: Departure,
    continuing: Continuing,
    /// True if the framework must decode the bytes that it has before it gets more.
    is_at_boundary: bool,
    /// True if the framework has processed all bytes that were read before.
    was_pending: bool,
    /// True after an error of the socket.
    has_failed: bool,
}

impl Connection {
    pub fn new(socket: TcpStream, permit: Permit) -> Self {
        let (activity, connections) = (Arc::clone(&permit.activity), Arc::clone(&permit.connections));
        Self {
            socket: Some(socket),
            permit: Some(permit),
            activity,
            connections,
            head: RecentHead::default(),
            linger_slot: LingerSlot::default(),
            refusal: Vec::new(),
            written: 0,
            pipelining: Pipelining::default(),
            departure: Departure::default(),
            continuing: Continuing::default(),
            is_at_boundary: false,
            was_pending: false,
            has_failed: false,
        }
    }

    /// The slot that receives the socket when the framework has ended the connection.
    pub fn linger_slot(&self) -> LingerSlot {
        self.linger_slot.clone()
    }

    pub fn parts(&self) -> (Arc<Activity>, Arc<Connections>) {
        (Arc::clone(&self.activity), Arc::clone(&self.connections))
    }

    fn socket(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.socket.as_mut().map(Pin::new).ok_or_else(closed)
    }

    /// Refuses the bytes that have arrived. Later calls have no effect.
    fn refuse(&mut self, status: StatusCode) {
        if !self.refusal.is_empty() {
            return;
        }
        // The framework reports a head as malformed if its path and query are too long.
        let is_too_large = status == StatusCode::BAD_REQUEST && self.activity.head_is_too_large();
        let status = if is_too_large { StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE } else { status };
        let took = Duration::from_millis(self.activity.head_ms(self.connections.now_ms()));
        let given = self.head.request_id(self.activity.begun()).map(ToOwned::to_owned);
        let id = given.unwrap_or_else(|| Uuid::new_v4().to_string());
        let method = if self.head.is_of_head(self.activity.begun()) { "HEAD" } else { "-" };
        let request = RefusedRequest { id: &id, method, path: "-", peer: self.activity.peer, took };
        self.refusal = refusal::answer(&refusal::error_for_status(status), &request, &self.connections.metrics);
    }

    /// Refuses a request whose body cannot be decoded. If the application is processing the request at that time, the
    /// framework ends the connection without a response.
    fn refuse_abandoned(&mut self, request: &Abandoned) {
        let Abandoned { id, method, uri, began_ms } = request;
        let took = Duration::from_millis(self.connections.now_ms().saturating_sub(*began_ms));
        let (method, path, peer) = (method.as_str(), uri.path(), self.activity.peer);
        let refusal = ApiError::new(Code::MalformedRequest, "The body could not be read.");
        let request = RefusedRequest { id, method, path, peer, took };
        self.refusal = refusal::answer(&refusal, &request, &self.connections.metrics);
    }

    /// Makes the close discard a response that the peer did not read in time. Otherwise the system would keep it, and
    /// send it again and again, for some minutes.
    fn discard_unread(&self) {
        if self.activity.phase() == Phase::Closed
            && self.activity.is_blocked()
            && let Some(socket) = &self.socket
            && let Err(error) = rustix::net::sockopt::set_socket_linger(socket, Some(Duration::ZERO))
        {
            log::debug!(error:% = error; "a closed connection keeps its response");
        }
    }

    fn poll_write_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.refusal.get(self.written..).filter(|rest| !rest.is_empty()) {
            let socket = self.socket.as_mut().map(Pin::new).ok_or_else(closed)?;
            match socket.poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.written = self.written.saturating_add(count),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.activity.blocked(self.connections.now_ms());
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn closed() -> io::Error {
    ErrorKind::ConnectionAborted.into()
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let has_processed_all = std::mem::take(&mut this.was_pending);
        if this.activity.head_is_too_large() {
            if !has_processed_all {
                // No more is read before the framework has looked for the end of the head.
                this.was_pending = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            this.refuse(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        if this.activity.phase() == Phase::Displaced && this.refusal.is_empty() && !this.goes_on(cx) {
            this.activity.end(Phase::Closed, this.connections.now_ms());
        }
        match this.activity.phase() {
            phase if phase.is_served() && this.refusal.is_empty() => {}
            // A read of zero bytes means the end of the input.
            Phase::Open | Phase::Displaced | Phase::BodyTooSlow | Phase::BodyTooLarge => return Poll::Ready(Ok(())),
            Phase::HeadTooSlow => {
                this.refuse(StatusCode::REQUEST_TIMEOUT);
                return Poll::Ready(Ok(()));
            }
            Phase::Closed => return Poll::Ready(Err(closed())),
        }
        let polled = match this.poll_continue(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => this.poll_read_portion(cx, buf),
        };
        match &polled {
            Poll::Ready(Ok(())) => {}
            Poll::Pending => this.was_pending = true,
            Poll::Ready(Err(_)) => this.has_failed = true,
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.activity.phase() == Phase::Closed {
            return Poll::Ready(Err(closed()));
        }
        let buf = match this.find_continue(buf) {
            Some(0) => return Poll::Ready(Ok(this.withhold_continue())),
            Some(start) => buf.get(..start).unwrap_or(buf),
            None => buf,
        };
        ready!(this.poll_end_of_continue(cx))?;
        let own = match refusal::find(buf) {
            Some((0, status)) => {
                this.refuse(status);
                return Poll::Ready(Ok(buf.len()));
            }
            Some((start, _)) => buf.get(..start).unwrap_or(buf),
            None => buf,
        };
        match this.socket()?.poll_write(cx, own) {
            Poll::Ready(Ok(count)) => {
                this.activity.sent(u64::try_from(count).unwrap_or(0), this.connections.now_ms());
                Poll::Ready(Ok(count))
            }
            Poll::Pending => {
                this.activity.wait(cx.waker());
                this.activity.blocked(this.connections.now_ms());
                if this.activity.phase() == Phase::Displaced && !this.connections.lets_displaced_wait() {
                    this.activity.end(Phase::Closed, this.connections.now_ms());
                }
                Poll::Pending
            }
            failed => failed,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.activity.phase() == Phase::Closed {
            return Poll::Ready(Err(closed()));
        }
        ready!(this.poll_continue(cx))?;
        ready!(this.poll_write_refusal(cx))?;
        this.activity.flushed();
        // A flush during the work on a request must not wake the task, or it would run without end, because the held
        // bytes stay held.
        if this.pipelining.has_held() && !this.activity.holds_next_request() {
            cx.waker().wake_by_ref();
        }
        this.head.forget(this.activity.begun());
        this.socket()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.activity.phase() != Phase::Closed {
            ready!(this.poll_write_refusal(cx))?;
        }
        this.socket()?.poll_shutdown(cx)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.discard_unread();
        let is_usable = self.activity.phase() != Phase::Closed && !self.has_failed;
        let abandoned = self.activity.take_abandoned().filter(|_| is_usable && self.refusal.is_empty());
        // A refusal cannot be sent in the middle of another response.
        if let Some(request) = abandoned.filter(|_| !self.activity.is_blocked()) {
            self.refuse_abandoned(&request);
        }
        let has_body_rest = self.activity.phase().has_cut_body() || self.activity.body_rest() != BodyRest::None;
        let lingers = is_usable && (has_body_rest || !self.refusal.is_empty());
        if let (true, Some(socket), Some(permit)) = (lingers, self.socket.take(), self.permit.take()) {
            let unsent = self.refusal.split_off(self.written);
            self.linger_slot.put(LingeringSocket { socket, permit, unsent });
        }
    }
}

#[cfg(test)]
mod tests;
