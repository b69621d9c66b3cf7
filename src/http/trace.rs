//! The outermost middleware: request id, one format for all errors, access log and request metrics.

use std::sync::Arc;
use std::time::Instant;

use actix_cors::CorsError;
use actix_http::ConnectionType;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Version};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web::Data};
use uuid::Uuid;

use super::access_log::{Line, Subject};
use super::metrics::{Metrics, NotRouted};
use super::{connection, cors, headers, limits, parts};
use crate::error::{ApiError, Code};
use crate::kernel::current_request::{self, Caller};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NO_ROUTE: &str = "(none)";

/// Marks a request whose response is sent without its body.
pub struct HeadOnly;

/// Assigns the request id, adds the common response headers, and logs and counts the request.
pub async fn trace<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request_id_of(&request);
    let mut in_progress = connection::begin(request.request(), &id);
    let subject = Subject::default();
    request.extensions_mut().insert(subject.clone());
    let (method, version) = (request.method().clone(), request.version());
    if method == Method::HEAD {
        // The framework remembers the method and omits the body of the response.
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(HeadOnly);
    }
    let remote: Arc<str> = limits::address(request.request()).into();
    in_progress.set_client(&remote);
    let caller = Caller::Address(Arc::clone(&remote));
    let is_private = headers::is_private(&method, request.headers());
    let (client_left, ending) = (in_progress.client_left(), in_progress.ending());
    let answered = current_request::scope(Arc::clone(&id), caller, async {
        client_left.into_iter().for_each(current_request::set_client_left);
        ending.into_iter().for_each(current_request::set_ending);
        answer(request, next, &id).await
    })
    .await;
    in_progress.answered(answered.as_ref().map_or(0, |(_response, memory)| *memory));
    let (mut response, _memory) = answered.map_err(|(error, answer)| {
        let mut answer = answer;
        finish(answer.headers_mut(), &id, is_private);
        Error::from(InternalError::from_response(error, answer))
    })?;
    finish(response.headers_mut(), &id, is_private || subject.has_account());
    let is_refused =
        matches!(response.status(), StatusCode::REQUEST_TIMEOUT | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    if is_refused || in_progress.is_last() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if version < Version::HTTP_11 && response.response().body().size() == BodySize::Stream {
        end_with_connection(response.response_mut().head_mut());
    }
    let route = response.request().match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned());
    let (status, took) = (response.status(), started.elapsed());
    if let Some(metrics) = response.request().app_data::<Data<Metrics>>() {
        let is_operation = is_operation(&response, &route, &method);
        metrics.count_request(is_operation.then_some((&method, route.as_str())), status, took);
    }
    let path = response.request().path();
    Line { method: method.as_str(), route: &route, path, status, took, request_id: &id, remote: &remote }
        .write(Some(&subject));
    Ok(response)
}

/// Sends a body of unknown length without chunks, which HTTP/1.0 does not have. The end of the connection ends the body.
fn end_with_connection(head: &mut ResponseHead) {
    head.no_chunking(true);
    head.set_connection_type(ConnectionType::Close);
}

/// True if an operation answered. Metrics have series for each operation, and other requests must not add series:
/// clients can send any method to any path.
fn is_operation(response: &ServiceResponse<BoxBody>, route: &str, method: &Method) -> bool {
    let is_routed = route != NO_ROUTE && !response.request().extensions().contains::<NotRouted>();
    is_routed && *method != Method::OPTIONS && response.status() != StatusCode::METHOD_NOT_ALLOWED
}

/// An error that no handler or middleware turned into a response, and the response to it.
type Unanswered = (Error, actix_web::HttpResponse);

/// The response, and the memory of its body.
async fn answer<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    id: &str,
) -> Result<(ServiceResponse<BoxBody>, u64), Unanswered> {
    // Handlers and the authorization return refusals as responses, so an error is rare here. The request cannot be
    // kept for it, because the framework must hold the only reference.
    match next.call(request).await {
        Ok(response) => {
            let mut memory = 0;
            let response = unify_errors(response.map_into_boxed_body(), id).map_body(|_, body| {
                let (body, bytes) = parts::in_parts(body);
                memory = bytes;
                body
            });
            Ok((response, memory))
        }
        Err(error) => {
            let answer = as_refusal(&error).respond(Some(id));
            Err((error, answer))
        }
    }
}

fn finish(answer: &mut HeaderMap, id: &str, is_private: bool) {
    if let Ok(value) = HeaderValue::from_str(id) {
        answer.insert(REQUEST_ID, value);
    }
    headers::protect(answer, is_private);
}

/// The caller's id if it is well-formed, or a new one.
fn request_id_of(request: &ServiceRequest) -> Arc<str> {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let given = given.filter(|id| current_request::is_well_formed(id));
    given.map_or_else(|| Uuid::new_v4().to_string().into(), Arc::from)
}

/// Adds the request id to the body of errors. Converts the framework's errors to problem+json.
fn unify_errors(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if let Some(error) = response.response().error().and_then(|error| error.as_error::<CorsError>()) {
        let answer = cors::refuse(error, id);
        return response.into_response(answer);
    }
    let status = response.status();
    let is_ours = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind != "text/plain; charset=utf-8");
    let refusal = match response.response().error() {
        Some(error) => as_refusal(error),
        None if (status.is_client_error() || status.is_server_error()) && !is_ours => error_for_status(status),
        None => return response,
    };
    let mut answer = refusal.respond(Some(id));
    for (name, value) in response.headers() {
        // Inner middleware added these headers, such as those for CORS.
        if !answer.headers().contains_key(name) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    response.into_response(answer)
}

fn as_refusal(error: &Error) -> ApiError {
    match error.as_error::<ApiError>() {
        Some(refusal) => refusal.clone(),
        None => error_for_status(error.as_response_error().status_code()),
    }
}

fn error_for_status(status: StatusCode) -> ApiError {
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
