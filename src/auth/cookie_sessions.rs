//! Callers who are identified by the cookie of a browser's session.
//!
//! The account of staff is read at each request, as with tokens; the same statement reads the session. Sessions of customers
//! are kept in memory for a short time. The versions of tokens and the ended sessions, which each server reads every
//! second, end them earlier (ADR 0033).

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::{HttpMessage, web::Data};
use diesel::PgConnection;
use lru::LruCache;

use super::cookie::{self, Browser, CookieHash};
use super::permission::Permissions;
use super::principal::{Account, Principal, Role};
use super::queries::{self, LiveCookie, sessions};
use super::token::Bearer;
use super::token_versions::TokenVersions;
use crate::db::{self, Database, End, Failure};
use crate::error::ApiError;
use crate::kernel::current_request::{self, HasEnded};

/// The largest number of sessions of customers that are kept in memory.
const MAX_KNOWN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// The time for which a session of a customer is not read again. It is shorter than the time for which ended sessions are
/// kept, and as long as the precision of the last use.
const TRUSTED_FOR: Duration = Duration::from_secs(60);

/// After a refused write, no last use is written for this time.
const PAUSE_OF_USES: Duration = Duration::from_secs(10);

/// The sessions that were read recently.
pub struct CookieSessions {
    known: Mutex<LruCache<CookieHash, Known>>,
    use_refused: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy)]
struct Known {
    bearer: Bearer,
    read: Instant,
}

impl Default for CookieSessions {
    fn default() -> Self {
        Self { known: Mutex::new(LruCache::new(MAX_KNOWN)), use_refused: Mutex::default() }
    }
}

impl CookieSessions {
    fn known(&self) -> MutexGuard<'_, LruCache<CookieHash, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of a customer that was read a moment ago and has not ended since then.
    fn find_trusted(&self, hash: &CookieHash, versions: &TokenVersions) -> Option<Bearer> {
        let known = self.known().get(hash).copied()?;
        let is_trusted =
            known.read.elapsed() < TRUSTED_FOR && versions.is_recent() && !versions.is_revoked(&known.bearer);
        is_trusted.then_some(known.bearer)
    }

    /// Keeps the session of a customer. The permissions of staff are read at each request.
    fn keep(&self, hash: CookieHash, bearer: Bearer, read: Instant) {
        if bearer.role == Role::Customer {
            self.known().put(hash, Known { bearer, read });
        }
    }

    /// Writes the last use. A database that refuses writes does not refuse the session.
    async fn note_use(&self, database: &Database, session: i64) {
        let refused = *self.use_refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_some_and(|at| at.elapsed() < PAUSE_OF_USES) {
            return;
        }
        let note = move |conn: &mut PgConnection| {
            let at = db::clock(conn)?;
            Ok(End::Commit(sessions::note_use(conn, session, at)?))
        };
        if let Err(error) = database.write("note_session_use", note).await {
            log::debug!(error:% = error; "the use of a session was not written");
            *self.use_refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

/// The caller of a request without a token: a guest, or the account of the session whose cookie it has.
pub async fn identify(request: &ServiceRequest) -> Result<Principal, ApiError> {
    let Some(token) = cookie::find(request.request())? else { return Ok(Principal::Guest) };
    if !cookie::is_accepted(request.method(), request.headers())? {
        return Ok(Principal::Guest);
    }
    let hash = cookie::digest(token);
    let parts = (
        request.app_data::<Data<CookieSessions>>(),
        request.app_data::<Data<TokenVersions>>(),
        request.app_data::<Data<Database>>(),
    );
    let (Some(sessions), Some(versions), Some(database)) = parts else {
        return Err(ApiError::internal());
    };
    if let Some(bearer) = sessions.find_trusted(&hash, versions) {
        admit(request, bearer, versions);
        return Ok(Principal::User(customer(&bearer)));
    }
    let read = Instant::now();
    let find = move |conn: &mut PgConnection| Ok(queries::find_live_cookie(conn, &hash)?);
    let found = database.read("find_session", find).await?;
    let session = found.ok_or_else(|| ApiError::from(Failure::TokenEnded))?;
    let bearer = bearer_of(&session, hash);
    admit(request, bearer, versions);
    sessions.keep(hash, bearer, read);
    if session.is_use_due {
        sessions.note_use(database, session.id).await;
    }
    Ok(Principal::User(session.account))
}

/// The header that removes a cookie that identifies nobody, so that the browser does not send it for days. A request
/// that a page of another origin caused is refused before its cookie is read. Its response does not remove the cookie,
/// or such a page could sign the browser out.
pub fn removal(request: &ServiceRequest, refusal: &ApiError) -> Option<HeaderValue> {
    let is_refused =
        refusal.code.status() == StatusCode::UNAUTHORIZED && !request.headers().contains_key(AUTHORIZATION);
    let was_read = cookie::is_accepted(request.method(), request.headers()).is_ok_and(|is_accepted| is_accepted);
    if !is_refused || !was_read || cookie::find(request.request()).is_ok_and(|token| token.is_none()) {
        return None;
    }
    HeaderValue::from_str(&Browser::of(request.request()).remove()).ok()
}

/// A customer acts only for their own account, so no more of it is needed.
fn customer(bearer: &Bearer) -> Account {
    Account { id: bearer.user, role: Role::Customer, permissions: Permissions::default(), store: None }
}

fn bearer_of(session: &LiveCookie, hash: CookieHash) -> Bearer {
    Bearer {
        user: session.account.id,
        role: session.account.role,
        session: Some(session.id),
        cookie: Some(hash),
        version: session.token_version,
        expires_at: session.expires_at.timestamp(),
    }
}

fn admit(request: &ServiceRequest, bearer: Bearer, versions: &Data<TokenVersions>) {
    if let Some(hash) = bearer.cookie {
        current_request::set_account(bearer.user, has_ended(versions.clone(), bearer, hash));
    }
    request.extensions_mut().insert(bearer);
}

/// The check for the time when the work begins. A higher version of the account's tokens does not end a session that changed
/// the password itself, so the session is read then.
fn has_ended(versions: Data<TokenVersions>, bearer: Bearer, hash: CookieHash) -> HasEnded {
    Arc::new(move |conn| {
        if versions.is_recent() && !versions.is_revoked(&bearer) {
            return Ok(false);
        }
        Ok(queries::find_live_cookie(conn, &hash)?.is_none())
    })
}
