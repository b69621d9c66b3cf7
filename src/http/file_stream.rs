//! Downloads whose length is not known in advance. They are read part by part, as fast as the client takes them.

use std::future::Future;
use std::io;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::{StreamExt as _, stream};

use super::trace::HeadOnly;
use crate::error::ApiError;
use crate::http::event_stream::Bytes;
use crate::kernel::current_request;

/// The name and the content type of a file.
#[derive(Clone, Debug)]
pub struct Download {
    pub name: String,
    pub content_type: &'static str,
}

/// A part of a file, and the place of the next one. Without a next place, the file ends.
#[derive(Debug)]
pub struct Part<P> {
    pub bytes: Bytes,
    pub next: Option<P>,
}

/// Answers with a file. Each part is read when the client has taken the one before it. If a part cannot be read, the
/// connection ends before the end of the file, so that the client does not take the beginning for the whole.
pub fn respond<P, F>(
    request: &HttpRequest,
    file: &Download,
    first: Bytes,
    (start, read): (P, impl Fn(P) -> F + 'static),
) -> HttpResponse
where
    P: 'static,
    F: Future<Output = Result<Part<P>, ApiError>> + 'static,
{
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, file.content_type));
    response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)));
    response.insert_header((CACHE_CONTROL, "no-store"));
    if request.extensions().contains::<HeadOnly>() {
        // The framework would read the stream without sending it.
        return response.finish();
    }
    let continuation = current_request::Continuation::of_current();
    let rest = stream::unfold(Some(start), move |place| {
        let part = place.map(|place| continuation.run(read(place)));
        async move {
            match part?.await {
                Ok(Part { bytes, next }) => Some((Ok(bytes), next)),
                Err(refusal) => {
                    log::warn!(error:% = refusal; "a download was cut short");
                    Some((Err(io::Error::other(refusal.detail)), None))
                }
            }
        }
    });
    let filled = rest.filter(|part| std::future::ready(!part.as_ref().is_ok_and(Bytes::is_empty)));
    response.streaming(stream::once(std::future::ready(Ok::<_, io::Error>(first))).chain(filled))
}
