//! CORS: web pages of other origins, such as a storefront, may call the API from a browser.

use actix_cors::{Cors, CorsError};
use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, VARY};

use crate::error::{ApiError, Code};
use crate::settings::Server;

/// Allows the origins of the settings. A page can only send a token that it has: browsers send the cookie of a session to
/// pages of this origin only, and a response never allows credentials.
pub fn new(settings: &Server) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "accept",
            "authorization",
            "content-type",
            "idempotency-key",
            "last-event-id",
            "x-order-token",
            "x-guest-secret",
            "x-request-id",
            "x-store-id",
        ])
        .expose_headers(["x-request-id", "idempotent-replayed", "retry-after"])
        .max_age(600);
    settings.cors_origins.iter().fold(cors, |cors, origin| match origin.as_str() {
        "*" => cors.allow_any_origin(),
        origin => cors.allowed_origin(origin),
    })
}

/// The response to a preflight that is not allowed. Without the headers of CORS, the browser does not send the request.
/// The origin decides, so caches must not give the response to others.
pub fn refuse(error: &CorsError, request_id: &str) -> HttpResponse {
    let mut answer = ApiError::new(Code::Forbidden, format!("{error}.")).respond(Some(request_id));
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    answer
}
