//! Refusals of invalid HTTP. The framework answers such bytes itself, with an empty body. This module replaces that
//! response by problem+json with a request id, and logs it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;
use actix_web::http::{Method, StatusCode, Uri};

use crate::error::{ApiError, Code, PROBLEM_JSON};
use crate::http::access_log::Line;
use crate::http::metrics::Metrics;

const HEAD_START: &[u8] = b"HTTP/1.";
const HEAD_END: &[u8] = b"\r\n\r\n";
const REQUEST_ID: &[u8] = b"\r\nx-request-id:";

/// Finds the framework's own refusal in outgoing bytes, and returns its position and status. It is always the last
/// response of a connection, has no body, and lacks the request id that every response of the application has.
pub fn find(bytes: &[u8]) -> Option<(usize, StatusCode)> {
    if !bytes.ends_with(HEAD_END) {
        return None;
    }
    let start = bytes.windows(HEAD_START.len()).rposition(|window| window == HEAD_START)?;
    let head = bytes.get(start..)?;
    // `HTTP/1.1 400 Bad Request`
    let status = StatusCode::from_bytes(head.get(9..12)?).ok()?;
    let is_refusal = status.is_client_error() || status.is_server_error();
    let is_ours = head.windows(REQUEST_ID.len()).any(|window| window == REQUEST_ID);
    (is_refusal && !is_ours).then_some((start, status))
}

/// The refusal that replaces a status of the framework.
pub fn error_for_status(status: StatusCode) -> ApiError {
    match status {
        StatusCode::REQUEST_TIMEOUT => {
            ApiError::new(Code::RequestTimeout, "The request line and headers did not arrive in time.")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ApiError::new(Code::HeadersTooLarge, "The request line and headers are too large.")
        }
        status if status.is_client_error() => {
            ApiError::new(Code::MalformedRequest, "This is not a valid HTTP request.")
        }
        _ => ApiError::internal(),
    }
}

/// A request that the framework gave up while the application processed it.
#[derive(Debug)]
pub struct Abandoned {
    pub id: Arc<str>,
    pub method: Method,
    pub uri: Uri,
    pub began_ms: u64,
}

/// The known data of a refused request.
pub struct RefusedRequest<'a> {
    pub id: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub peer: Option<SocketAddr>,
    pub took: Duration,
}

/// Logs and counts the refusal, and returns the bytes of the response.
#[must_use]
pub fn answer(refusal: &ApiError, request: &RefusedRequest<'_>, metrics: &Metrics) -> Vec<u8> {
    let RefusedRequest { id, method, path, peer, took } = *request;
    let status = refusal.code.status();
    let remote = peer.map_or_else(|| "unknown".to_owned(), |peer| peer.ip().to_string());
    metrics.count_request(None, status, took);
    Line { method, route: "(none)", path, status, took, request_id: id, remote: &remote }.write(None);
    let body = serde_json::to_vec(&refusal.problem(Some(id))).unwrap_or_default();
    let mut bytes = format!(
        "HTTP/1.1 {} {}\r\ncontent-length: {}\r\ncontent-type: {PROBLEM_JSON}\r\nx-request-id: {id}\r\n\
         x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\ndate: {}\r\n\r\n",
        status.as_str(),
        status.canonical_reason().unwrap_or_default(),
        body.len(),
        HttpDate::from(SystemTime::now()),
    )
    .into_bytes();
    if method != "HEAD" {
        bytes.extend_from_slice(&body);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_refusals_of_the_framework_are_found() {
        let bare = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(find(bare), Some((0, StatusCode::BAD_REQUEST)));
        let ours = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx-request-id: a\r\n\r\n";
        assert_eq!(find(ours), None);
        let behind = [&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"[..], bare].concat();
        assert_eq!(find(&behind), Some((behind.len() - bare.len(), StatusCode::BAD_REQUEST)));
        for other in [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], b"HTTP/1.1 204 No Content\r\n\r\n", b"{}", b"\r\n\r\n"] {
            assert_eq!(find(other), None);
        }
    }
}
