//! The end of a connection whose peer has yet to read a refusal.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use futures_util::future::select;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::activity::Phase;
use super::registry::Permit;

/// How long, and for how many bytes, a refused peer may go on sending. Closing earlier could destroy the
/// answer on its way.
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 1024 * 1024;

/// Where a connection leaves its socket when the framework has ended it. It stays with the task of the connection,
/// so that the framework counts it until it is closed.
#[derive(Clone, Default)]
pub struct LingerSlot(Rc<Cell<Option<LingeringSocket>>>);

/// A connection that the framework has ended, and what its peer has yet to read.
pub struct LingeringSocket {
    pub socket: TcpStream,
    pub permit: Permit,
    pub unsent: Vec<u8>,
}

impl LingerSlot {
    pub fn put(&self, ending: LingeringSocket) {
        self.0.set(Some(ending));
    }

    /// Lets the peer read the refusal, and closes the connection. Ends early if the registry needs its place.
    pub async fn finish(self) {
        let Some(LingeringSocket { mut socket, permit, unsent }) = self.0.take() else { return };
        let closed = poll_fn(|cx| {
            permit.activity.wait(cx.waker());
            if permit.activity.phase() == Phase::Closed { Poll::Ready(()) } else { Poll::Pending }
        });
        let lingering = pin!(tokio::time::timeout(LINGER_TIME, linger(&mut socket, &unsent)));
        select(lingering, pin!(closed)).await;
    }
}

async fn linger(socket: &mut TcpStream, unsent: &[u8]) -> io::Result<()> {
    socket.write_all(unsent).await?;
    socket.shutdown().await?;
    tokio::io::copy(&mut socket.take(LINGER_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}
