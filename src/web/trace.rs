//! The outermost layer: a request's id, its line in the log, its count, and one shape for every error.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web::Data};
use uuid::Uuid;

use super::limits::{self, Limiters};
use super::metrics::Metrics;
use crate::error::{ApiError, Code};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, in its extensions.
#[derive(Clone)]
pub struct RequestId(pub String);

pub async fn trace<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let metrics = request.app_data::<Data<Metrics>>().cloned();
    let limited = match request.app_data::<Data<Limiters>>() {
        Some(limiters) => limiters.request_address.check(&limits::address(request.request())).err(),
        None => None,
    };
    let mut response = match limited {
        Some(refusal) => request.into_response(refusal.respond(Some(&id))),
        // Handlers and the door answer their refusals; an error that arrives here as one is rare.
        // No copy of the request could be kept for it: the framework needs to be its only holder.
        None => match next.call(request).await {
            Ok(response) => in_one_shape(response.map_into_boxed_body(), &id),
            Err(error) => {
                let answer = as_refusal(&error).respond(Some(&id));
                return Err(InternalError::from_response(error, answer).into());
            }
        },
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let route = response.request().match_pattern().unwrap_or_else(|| "(none)".to_owned());
    let status = response.status();
    let took = started.elapsed();
    if let Some(metrics) = metrics {
        metrics.count_request(&route, known(method.as_str()), status.as_str(), took);
    }
    log::info!(
        target: "stockroom::access",
        method = method.as_str(), route = route.as_str(), path = response.request().path(),
        status = status.as_u16(), duration_us = took.as_micros() as u64, request_id = id.as_str();
        "request"
    );
    Ok(response)
}

/// Methods that clients invent must not become series without end.
fn known(method: &str) -> &str {
    if ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&method) { method } else { "OTHER" }
}

/// The caller's id if it is fit for a header and a log line.
fn request_id(request: &ServiceRequest) -> String {
    request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
        .map_or_else(|| Uuid::new_v4().to_string(), ToOwned::to_owned)
}

/// Errors get the request's id into their body; those of the framework get our shape.
fn in_one_shape(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if let Some(error) = response.response().error() {
        let refusal = as_refusal(error);
        return response.into_response(refusal.respond(Some(id)));
    }
    let status = response.status();
    let is_ours = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind != "text/plain; charset=utf-8");
    if (status.is_client_error() || status.is_server_error()) && !is_ours {
        let refusal = of_status(status);
        return response.into_response(refusal.respond(Some(id)));
    }
    response
}

fn as_refusal(error: &Error) -> ApiError {
    match error.as_error::<ApiError>() {
        Some(refusal) => refusal.clone(),
        None => of_status(error.as_response_error().status_code()),
    }
}

fn of_status(status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::new(Code::NotFound, "There is nothing at this path."),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(Code::PayloadTooLarge, "The body is too large."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::new(Code::UnsupportedMediaType, "Send the body as application/json.")
        }
        status if status.is_client_error() => {
            ApiError::new(Code::MalformedRequest, "The request could not be understood.")
        }
        _ => ApiError::internal(),
    }
}
