//! CORS: web pages of other origins, such as a storefront, may call the API from a browser.

use actix_cors::Cors;

use crate::settings::Server;

/// Allows the origins of the settings. No cookies are used, so a page can only send a token that it has.
pub fn new(settings: &Server) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "accept",
            "authorization",
            "content-type",
            "idempotency-key",
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
