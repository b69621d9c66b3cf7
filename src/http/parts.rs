//! Sends large responses in small parts. So a client that does not read costs the memory of one part.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

/// The framework copies the next part into the connection's buffer when the buffer holds less than 32 KiB.
const PART_BYTES: usize = 16 * 1024;

/// A body of known size that is sent in parts. Its bytes may be shared with other responses.
struct Parts(Bytes);

impl MessageBody for Parts {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let length = self.0.len().min(PART_BYTES);
        let part = self.0.split_to(length);
        Poll::Ready((!part.is_empty()).then_some(Ok(part)))
    }
}

/// Splits a large body into parts. Other bodies stay as they are.
pub fn in_parts(body: BoxBody) -> BoxBody {
    let is_large =
        matches!(body.size(), BodySize::Sized(size) if usize::try_from(size).is_ok_and(|size| size > PART_BYTES));
    if !is_large {
        return body;
    }
    body.try_into_bytes().map_or_else(|stream| stream, |bytes| BoxBody::new(Parts(bytes)))
}
