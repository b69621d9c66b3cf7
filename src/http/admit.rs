//! Checks that run before routing.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web::Data};

use super::client_address::client_address;
use super::connection::bounds::MAX_HEAD_BYTES;
use super::hosts::AllowedHosts;
use super::limits::Limiters;
use super::metrics::NotRouted;
use super::path_names;
use crate::error::{ApiError, Code};

/// Refuses heads that are too large, hosts that are not allowed, and addresses that exceed their request limit.
/// Shortens very long names in the path, so that routing is cheap.
pub async fn admit<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match check(&request) {
        Ok(()) => {
            path_names::shorten(&mut request);
            next.call(request).await.map(ServiceResponse::map_into_left_body)
        }
        Err(refusal) => {
            request.extensions_mut().insert(NotRouted);
            Ok(request.error_response(refusal).map_into_right_body())
        }
    }
}

/// The same for preflights. The middleware for CORS answers them, so they do not reach [`admit`]. Other requests are
/// refused within that middleware, because pages must be able to read the refusal.
pub async fn admit_preflight<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if is_preflight(request.head()) {
        admit(request, next).await
    } else {
        next.call(request).await.map(ServiceResponse::map_into_left_body)
    }
}

/// True if the middleware for CORS answers the request.
fn is_preflight(head: &RequestHead) -> bool {
    let asked = head.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
    head.method == Method::OPTIONS && asked.is_some_and(|method| Method::from_bytes(method.as_bytes()).is_ok())
}

fn check(request: &ServiceRequest) -> Result<(), ApiError> {
    let head = request.head();
    if u64::try_from(size(head)).is_ok_and(|size| size > MAX_HEAD_BYTES) {
        let detail = format!("The request line and headers are larger than {MAX_HEAD_BYTES} bytes.");
        return Err(ApiError::new(Code::HeadersTooLarge, detail));
    }
    if let Some(hosts) = request.app_data::<Data<AllowedHosts>>() {
        hosts.check(head)?;
    }
    match request.app_data::<Data<Limiters>>() {
        Some(limiters) if !is_monitoring(request.path()) => {
            limiters.request_address.check(client_address(request.request()))
        }
        _ => Ok(()),
    }
}

/// The size of the request line and the headers, without separators.
fn size(head: &RequestHead) -> usize {
    let RequestHead { uri, method, headers, .. } = head;
    let scheme = uri.scheme_str().map_or(0, str::len);
    let host = uri.authority().map_or(0, |host| host.as_str().len());
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers = headers.iter().map(|(name, value)| name.as_str().len().saturating_add(value.len()));
    [method.as_str().len(), scheme, host, path].into_iter().chain(headers).sum()
}

/// Health checks and scrapes are never limited. Some requests of clients count for their proxy, which would otherwise
/// have no health checks left.
fn is_monitoring(path: &str) -> bool {
    matches!(path.trim_end_matches('/'), "/health/live" | "/health/ready" | "/metrics")
}
