//! Web pages of other origins that may call the API: a storefront in a browser.

use actix_cors::Cors;

use crate::settings::Server;

/// Answers preflights and marks answers for the origins of the settings. There are no cookies: a page can only
/// send a token that it has.
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
