//! Request bodies as bytes, with a limit on their size and their duration.

use std::future::Future;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Bytes};

use super::connection;
use crate::error::{ApiError, Code};

/// Larger bodies are refused with 413.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Reads the whole body.
pub async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, ApiError> {
    match Bytes::from_request(request, &mut payload).await {
        Ok(bytes) => {
            connection::body_ended(request);
            Ok(bytes)
        }
        Err(_) if connection::body_was_too_slow(request) => {
            Err(ApiError::new(Code::RequestTimeout, "The body did not arrive in time."))
        }
        Err(error) if error.as_response_error().status_code() == Code::PayloadTooLarge.status() => {
            Err(ApiError::new(Code::PayloadTooLarge, format!("The body is larger than {MAX_BODY_BYTES} bytes.")))
        }
        Err(_) => Err(ApiError::new(Code::MalformedRequest, "The body could not be read.")),
    }
}

/// A body without any conversion, for requests whose signature covers every byte.
pub struct RawBody(pub Bytes);

impl FromRequest for RawBody {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { read(&request, payload).await.map(Self) })
    }
}
