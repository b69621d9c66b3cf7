//! Sends `100 Continue` when the application begins to read the body.
//!
//! The framework sends it before the application has seen the head. Then a client sends the body although its request
//! is refused for the head, such as for the length or for a missing token.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite as _;

use super::{Connection, closed};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The bytes of a withheld `100 Continue` that were not sent.
#[derive(Debug, Default)]
pub struct Continuing {
    rest: &'static [u8],
    /// The number of requests that had begun when the last one was withheld.
    begun: u32,
}

impl Connection {
    /// Finds the framework's `100 Continue` for the current request in outgoing bytes.
    pub(super) fn find_continue(&self, bytes: &[u8]) -> Option<usize> {
        if !self.activity.expects_continue() || self.continuing.begun == self.activity.begun() {
            return None;
        }
        bytes.windows(CONTINUE.len()).position(|window| window == CONTINUE)
    }

    /// Withholds it, and returns its length.
    pub(super) fn withhold_continue(&mut self) -> usize {
        self.continuing = Continuing { rest: CONTINUE, begun: self.activity.begun() };
        CONTINUE.len()
    }

    /// Sends it if the application reads the body.
    pub(super) fn poll_continue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.continuing.rest.len() == CONTINUE.len() && !self.activity.reads_body() {
            return Poll::Ready(Ok(()));
        }
        while !self.continuing.rest.is_empty() {
            let socket = self.socket.as_mut().map(Pin::new).ok_or_else(closed)?;
            let count = ready!(socket.poll_write(cx, self.continuing.rest))?;
            if count == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.continuing.rest = self.continuing.rest.get(count..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }

    /// Drops it before the response, unless a part of it was sent.
    pub(super) fn poll_end_of_continue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.continuing.rest.len() == CONTINUE.len() {
            self.continuing.rest = &[];
        }
        self.poll_continue(cx)
    }
}
