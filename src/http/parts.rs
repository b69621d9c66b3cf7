//! Sends large responses in small parts. So a client that does not read costs the memory of one part.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// The framework copies the next part into the connection's buffer when the buffer holds less than 32 KiB.
const PART_BYTES: u64 = 16 * 1024;

/// A body of known size that is sent in parts. Its bytes may be shared with other responses.
struct Parts(Bytes);

impl MessageBody for Parts {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(PART_BYTES as usize);
        let part = self.0.split_to(length);
        Poll::Ready((!part.is_empty()).then_some(Ok(part)))
    }
}

/// Splits a large body into parts. Other bodies stay as they are. Returns the memory of the body, too: bytes that are
/// shared with other responses count as one part.
pub fn in_parts(body: BoxBody) -> (BoxBody, u64) {
    let BodySize::Sized(size) = body.size() else { return (body, 0) };
    if size <= PART_BYTES {
        return (body, size);
    }
    match body.try_into_bytes() {
        Ok(bytes) => {
            let memory = if bytes.is_unique() { size } else { PART_BYTES };
            (BoxBody::new(Parts(bytes)), memory)
        }
        Err(stream) => (stream, size),
    }
}
