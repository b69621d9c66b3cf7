//! Headers that keep browsers and caches from misusing an answer.

use actix_web::http::Method;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

/// Pages load what this server has, and nothing else, and stand in no other page's frame. The Swagger page
/// sets styles from its scripts and has images in its style sheet.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                           form-action 'self'; frame-ancestors 'none'";

const ORDER_TOKEN: HeaderName = HeaderName::from_static("x-order-token");

/// Whether the answer to a request is meant for its caller alone: somebody who shows a token, or who may be
/// given one.
#[must_use]
pub fn is_private(method: &Method, request: &HeaderMap) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        || request.contains_key(AUTHORIZATION)
        || request.contains_key(ORDER_TOKEN)
}

/// Adds what every answer has, what pages have, and what keeps a private answer out of every cache.
pub fn protect(answer: &mut HeaderMap, is_private: bool) {
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_private {
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let is_page = answer.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        answer.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        answer.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}
