//! Closes a connection whose peer may still send, without losing the response.

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

use super::activity::Activity;
use super::phase::Phase;
use super::registry::Permit;

/// The time and the number of bytes for which a peer may continue to send. A connection that is closed earlier is
/// reset, and the peer may lose the response. Many clients read nothing before they have sent their whole body. So the
/// number is 1 MiB more than the largest body of any operation.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 11 * 1024 * 1024;

/// Receives the socket of a connection that the framework has ended. The task of the connection owns it, so that the
/// framework counts the connection until it is closed.
#[derive(Clone, Default)]
pub struct LingerSlot(Rc<Cell<Option<LingeringSocket>>>);

/// The socket of an ended connection, and the bytes that are not sent yet.
pub struct LingeringSocket {
    pub socket: TcpStream,
    pub permit: Permit,
    pub unsent: Vec<u8>,
}

impl LingerSlot {
    pub fn put(&self, ending: LingeringSocket) {
        self.0.set(Some(ending));
    }

    /// Sends the rest of a refusal, discards what the peer still sends, and closes the connection. Ends early if the
    /// registry closes the connection.
    pub async fn finish(self) {
        let Some(LingeringSocket { mut socket, permit, unsent }) = self.0.take() else { return };
        let lingering = pin!(tokio::time::timeout(LINGER_TIME, linger(&mut socket, &unsent)));
        select(lingering, pin!(until_closed(&permit.activity))).await;
    }
}

/// Waits until the registry closes a connection that has no request.
pub async fn until_closed(activity: &Activity) {
    poll_fn(|cx| {
        activity.wait(cx.waker());
        let is_closed = matches!(activity.phase(), Phase::Displaced | Phase::Closed);
        if is_closed { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn linger(socket: &mut TcpStream, unsent: &[u8]) -> io::Result<()> {
    socket.write_all(unsent).await?;
    socket.shutdown().await?;
    tokio::io::copy(&mut socket.take(LINGER_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}
