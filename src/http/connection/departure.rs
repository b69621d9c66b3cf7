//! Notices that a peer sends no more, or has reset the connection, while its bytes wait in the buffers of the system.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::ReadBuf;
use tokio::time::{Instant, Sleep, sleep};

/// Waiting bytes keep the socket readable, so nothing wakes the task when the end of the connection arrives after them.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// The time of the next check.
#[derive(Debug, Default)]
pub struct Departure(Option<Pin<Box<Sleep>>>);

impl Departure {
    /// Returns true if the peer sends no more. Fails if it has reset the connection. Wakes the task for the next check.
    pub fn poll(&mut self, socket: &TcpStream, cx: &mut Context<'_>) -> io::Result<bool> {
        let has_ended = match socket.poll_peek(cx, &mut ReadBuf::new(&mut [0]))? {
            Poll::Pending => return Ok(false),
            Poll::Ready(0) => true,
            Poll::Ready(_) => has_ended(socket)?,
        };
        let next = self.0.get_or_insert_with(|| Box::pin(sleep(CHECK_EVERY)));
        while next.as_mut().poll(cx).is_ready() {
            let later = Instant::now().checked_add(CHECK_EVERY).unwrap_or_else(Instant::now);
            next.as_mut().reset(later);
        }
        Ok(has_ended)
    }

    /// Ends the checks until the next call of [`Departure::poll`].
    pub fn rest(&mut self) {
        self.0 = None;
    }
}

#[cfg(target_os = "linux")]
fn has_ended(socket: &TcpStream) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut polled = [PollFd::new(socket, PollFlags::RDHUP)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let has_ended = poll(&mut polled, Some(&at_once)).is_ok_and(|ended| ended > 0);
    let [polled] = polled;
    // The system reports these two although they were not requested.
    if has_ended && polled.revents().intersects(PollFlags::ERR | PollFlags::HUP) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    Ok(has_ended)
}

/// Other systems do not show the end of a connection while other bytes wait.
#[cfg(not(target_os = "linux"))]
fn has_ended(_socket: &TcpStream) -> io::Result<bool> {
    Ok(false)
}
