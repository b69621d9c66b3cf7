//! Request bodies as bytes, with a limit on their size and their duration.

use std::io;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
pub use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use memmap2::MmapMut;

use super::connection::{self, Phase};
use super::file_memory;
use crate::error::{ApiError, Code};

/// Larger bodies are refused with 413, unless their operation accepts larger ones.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The limit for documents of many lines, such as transfers.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// The limit for files of rows. Only callers with a permission send them.
pub const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;

/// The limit of a request's operation, among its extensions.
#[derive(Clone, Copy, Debug)]
struct BodyLimit(usize);

/// Passes the request on with the limit of its operation.
pub async fn limit<B: MessageBody>(
    bytes: usize,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    request.extensions_mut().insert(BodyLimit(bytes));
    next.call(request).await
}

/// Larger bodies have their own memory pages.
const SMALL_BODY_BYTES: usize = 8 * 1024;

/// Reads the whole body.
pub async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, ApiError> {
    let limit = request.extensions().get().map_or(MAX_BODY_BYTES, |BodyLimit(bytes)| *bytes);
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large(limit));
    }
    let is_file = limit > MAX_DOCUMENT_BYTES;
    let reserved = is_file.then(|| file_memory::reserve(request, announced.unwrap_or(limit))).transpose()?;
    connection::expect_body(request, limit);
    let mut body = Buffer::new(limit);
    while let Some(chunk) = payload.next().await {
        body.append(&chunk.map_err(|_incomplete| unreadable(request))?)?;
    }
    connection::body_read(request);
    let bytes = body.into_bytes();
    Ok(match reserved {
        Some(reserved) => reserved.hold(bytes),
        None => bytes,
    })
}

fn unreadable(request: &HttpRequest) -> ApiError {
    let (code, detail) = match connection::phase_of(request) {
        Some(Phase::BodyTooSlow) => (Code::RequestTimeout, "The body did not arrive in time."),
        Some(Phase::BodyTooLarge) => (Code::PayloadTooLarge, "The body and the framing of its chunks are too large."),
        _ => (Code::MalformedRequest, "The body could not be read."),
    };
    ApiError::new(code, detail)
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("The body is larger than {limit} bytes."))
}

/// The bytes of a body that have arrived. The system provides the pages of a large body as they are filled, and has
/// them back when the body is dropped. The allocator would keep them.
struct Buffer {
    limit: usize,
    small: Vec<u8>,
    large: Option<MmapMut>,
    length: usize,
}

impl Buffer {
    const fn new(limit: usize) -> Self {
        Self { limit, small: Vec::new(), large: None, length: 0 }
    }

    fn append(&mut self, chunk: &[u8]) -> Result<(), ApiError> {
        let end = self.length.saturating_add(chunk.len());
        if end > self.limit {
            return Err(too_large(self.limit));
        }
        if end > SMALL_BODY_BYTES && self.large.is_none() {
            self.enlarge().map_err(|error| {
                log::error!(error:% = error; "there is no memory for a body");
                ApiError::internal()
            })?;
        }
        match self.large.as_mut().and_then(|pages| pages.get_mut(self.length..end)) {
            Some(place) => place.copy_from_slice(chunk),
            None => self.small.extend_from_slice(chunk),
        }
        self.length = end;
        Ok(())
    }

    fn enlarge(&mut self) -> io::Result<()> {
        let mut pages = MmapMut::map_anon(self.limit)?;
        let small = std::mem::take(&mut self.small);
        if let Some(place) = pages.get_mut(..small.len()) {
            place.copy_from_slice(&small);
        }
        self.large = Some(pages);
        Ok(())
    }

    fn into_bytes(self) -> Bytes {
        let Self { limit: _, small, large, length } = self;
        large.map_or_else(|| Bytes::from(small), |pages| Bytes::from_owner(pages).slice(..length))
    }
}

/// A body without any conversion, for requests whose signature covers every byte.
pub struct RawBody(pub Bytes);

impl FromRequest for RawBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { read(&request, payload).await.map(Self) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_keeps_its_bytes_in_parts_of_any_size() {
        let body: Vec<u8> = (0..=250).cycle().take(MAX_BODY_BYTES).collect();
        for length in [0, 1, SMALL_BODY_BYTES, SMALL_BODY_BYTES + 1, MAX_BODY_BYTES] {
            for part in [7, 5_000, MAX_BODY_BYTES] {
                let mut buffer = Buffer::new(MAX_BODY_BYTES);
                body[..length].chunks(part).for_each(|chunk| buffer.append(chunk).unwrap());
                assert_eq!(buffer.large.is_some(), length > SMALL_BODY_BYTES);
                assert!(buffer.into_bytes() == body[..length], "{length} bytes in parts of {part}");
            }
        }
        let mut full = Buffer::new(MAX_BODY_BYTES);
        full.append(&body).unwrap();
        assert_eq!(full.append(b" ").unwrap_err().code, Code::PayloadTooLarge);
    }
}
