//! The cookie of a browser's session, and the checks against requests that pages of other origins cause.
//!
//! A browser adds the cookie to each request to this server, whatever page causes it. So a request that changes data
//! needs a header that a page of another origin cannot send.

use std::future::{Ready, ready};

use actix_web::http::Method;
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, Code};
use crate::http::headers;
use crate::settings::Settings;

/// A session ends if it is not used for this time.
pub const IDLE: Duration = Duration::hours(12);
/// A session ends after this time, whatever its use.
pub const LIFETIME: Duration = Duration::days(30);

/// The name of the cookie over http.
pub const NAME: &str = "stockroom_session";
/// The name of the cookie over https. Browsers accept this prefix only for this host and over https, so that no other
/// host of the domain can set the cookie.
pub const SECURE_NAME: &str = "__Host-stockroom_session";

/// The header that a page of another origin cannot send without a preflight, which is refused.
pub const REQUESTED_WITH: &str = "X-Requested-With";
const FETCH_SITE: &str = "Sec-Fetch-Site";

const MAX_USER_AGENT: usize = 300;

/// The SHA-256 of the token in a cookie.
pub type CookieHash = [u8; 32];

#[must_use]
pub fn digest(token: &str) -> CookieHash {
    Sha256::digest(token.as_bytes()).into()
}

/// The token of the request's cookie. Two cookies of the name are refused, because the server cannot choose.
pub fn find(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let name = name(is_secure(request));
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';'));
    let mut tokens = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    match (tokens.next(), tokens.next()) {
        (token, None) => Ok(token),
        (_, Some(_)) => Err(ApiError::new(Code::Unauthenticated, "The session cookie is given twice.")),
    }
}

const fn name(is_secure: bool) -> &'static str {
    if is_secure { SECURE_NAME } else { NAME }
}

/// True if the browser uses https: by the settings, or because a proxy forwards the protocol. A client that sends the
/// header itself changes only its own cookie.
fn is_secure(request: &HttpRequest) -> bool {
    let forwarded = request.headers().get("X-Forwarded-Proto").and_then(|value| value.to_str().ok());
    let protocol = forwarded.and_then(|protocols| protocols.split(',').next()).map(str::trim);
    let settings = request.app_data::<Data<Settings>>();
    protocol.is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"))
        || settings.is_some_and(|settings| settings.server.public_url.starts_with("https://"))
}

/// True if the cookie of the request counts. A page of another origin can cause a read, but cannot read the response. Such
/// a read is answered as if it had no cookie. Refuses a request that changes data if a page of another origin may have
/// caused it.
pub fn is_accepted(method: &Method, headers: &HeaderMap) -> Result<bool, ApiError> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        let site = headers::single(headers, FETCH_SITE)?;
        // The address bar and bookmarks are `none`.
        return Ok(site.is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none")));
    }
    refuse_other_origins(headers).map(|()| true)
}

fn refuse_other_origins(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_same_origin = headers::single(headers, FETCH_SITE)?.is_none_or(|site| site.as_bytes() == b"same-origin");
    let has_header = headers::single(headers, REQUESTED_WITH)?.is_some_and(|value| !value.is_empty());
    if is_same_origin && has_header {
        return Ok(());
    }
    let detail = "With a session cookie, a request that changes data needs the header X-Requested-With, and comes from a \
                  page of this server.";
    Err(ApiError::new(Code::Forbidden, detail))
}

/// A browser that signs in or out.
pub struct Browser {
    is_secure: bool,
    pub user_agent: Option<String>,
}

impl Browser {
    pub fn of(request: &HttpRequest) -> Self {
        let user_agent = request.headers().get(USER_AGENT).map(visible_text).filter(|text| !text.is_empty());
        Self { is_secure: is_secure(request), user_agent }
    }

    /// The header that gives the cookie to the browser.
    pub fn set(&self, token: &str) -> String {
        self.cookie(token, LIFETIME)
    }

    /// The header that removes the cookie from the browser.
    pub fn remove(&self) -> String {
        self.cookie("", Duration::zero())
    }

    fn cookie(&self, token: &str, max_age: Duration) -> String {
        let (name, seconds) = (name(self.is_secure), max_age.num_seconds());
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
    }
}

impl FromRequest for Browser {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

/// A browser that shows a page of this server. Requests that pages of other origins may have caused are refused. So no such
/// page can sign a browser in to another account.
pub struct OwnPage(pub Browser);

impl FromRequest for OwnPage {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(refuse_other_origins(request.headers()).map(|()| Self(Browser::of(request))))
    }
}

/// The text of a header without control characters, shortened.
fn visible_text(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.chars().filter(|character| !character.is_control()).take(MAX_USER_AGENT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_pages_of_this_server_may_change_data() {
        let asks = |method: Method, pairs: &[(&'static str, &'static str)]| is_accepted(&method, &headers(pairs)).ok();
        let with = ("x-requested-with", "stockroom");
        for (site, is_read, is_written) in [
            ("same-origin", true, true),
            ("none", true, false),
            ("same-site", false, false),
            ("cross-site", false, false),
            ("", false, false),
        ] {
            let site = ("sec-fetch-site", site);
            assert_eq!(asks(Method::GET, &[site]), Some(is_read), "{site:?}");
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(asks(method.clone(), &[site, with]), is_written.then_some(true), "{site:?}");
                assert_eq!(asks(method, &[site]), None, "{site:?}");
            }
        }
        assert_eq!(asks(Method::GET, &[]), Some(true));
        assert_eq!(asks(Method::POST, &[with]), Some(true));
        assert_eq!(asks(Method::POST, &[]), None);
        assert_eq!(asks(Method::POST, &[("x-requested-with", "")]), None);
    }
}
