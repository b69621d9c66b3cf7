//! Request headers that may occur only once, and response headers that protect against misuse by browsers and caches.

use actix_web::http::Method;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::embedded_files::FOR_EVER;
use crate::error::ApiError;

/// Pages load content of this server only, and no other page may embed them in a frame. The Swagger page sets styles
/// by script and has images in its style sheet. A page may have a policy of its own.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                           form-action 'self'; frame-ancestors 'none'";

const ORDER_TOKEN: HeaderName = HeaderName::from_static("x-order-token");

/// The headers of a request that change a public response: with a token or a cookie, it is another one.
const PUBLIC_DEPENDS_ON: &str = "X-Store-Id, Authorization, Cookie, X-Order-Token";

/// Returns the only header of this name. Two headers of the name are refused, because the server cannot choose.
pub fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, ApiError> {
    let mut values = headers.get_all(name);
    let value = values.next();
    if values.next().is_some() { Err(ApiError::field(name, "is given twice")) } else { Ok(value) }
}

/// The token of `Bearer …`. None if the header has another form.
pub fn bearer_token(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// True if the response is for the caller alone: the request has a token, or the response may contain one.
pub fn is_private(method: &Method, request: &HeaderMap) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
        || request.contains_key(AUTHORIZATION)
        || request.contains_key(ORDER_TOKEN)
}

/// Adds the security headers: some for every response, some for pages, and the rules for caches.
pub fn protect(answer: &mut HeaderMap, is_private: bool) {
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_private {
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    } else {
        limit_caches(answer);
    }
    let is_page = answer.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        answer.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if !answer.contains_key(CONTENT_SECURITY_POLICY) {
            answer.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        }
    }
}

/// A cache must ask again before it uses a public response, and must not give it to callers of another store. A file that
/// is kept for ever is the same for all callers: with the cookie in `Vary`, browsers would load it again after signing in.
fn limit_caches(answer: &mut HeaderMap) {
    let rule = answer.get(CACHE_CONTROL).map(HeaderValue::as_bytes);
    if rule == Some(FOR_EVER.as_bytes()) {
        return;
    }
    if rule.is_none() {
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    let others = answer.get_all(VARY).filter_map(|vary| vary.to_str().ok());
    let all = others.chain([PUBLIC_DEPENDS_ON]).collect::<Vec<_>>().join(", ");
    if let Ok(vary) = HeaderValue::from_str(&all) {
        answer.insert(VARY, vary);
    }
}
