//! Sessions of browsers, which a cookie identifies: signing in and out, and the list of the caller's sessions.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, SET_COOKIE};
use actix_web::web::{Data, Path, ReqData};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::accounts::not_active;
use super::client_address::ClientAddress;
use super::sessions::{Gate, LoginRequest, check_credentials, lock_checked};
use super::users::UserResponse;
use crate::accounts::credentials::sign_out;
use crate::accounts::queries::users;
use crate::accounts::secret_token;
use crate::accounts::user::User;
use crate::auth::Ctx;
use crate::auth::cookie::{self, Browser, CookieHash, OwnPage};
use crate::auth::queries::sessions::{self, BrowserSession, NewCookie};
use crate::auth::token::Bearer;
use crate::auth::token_versions::TokenVersions;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::http::{Query, SortQuery};
use crate::idempotency::command::UnclaimedRequest;
use crate::kernel::id::{SessionId, UserId};
use crate::kernel::moment::after;
use crate::kernel::page::PageQuery;

pub use crate::auth::queries::sessions::SORTS;

/// The order of sessions without `?sort=`.
pub const LAST_USED_FIRST: &str = "-last_used_at";

/// The headers of signing in.
pub const HEADERS: [(&str, &str); 1] = [(
    cookie::REQUESTED_WITH,
    "Any value. A page of another origin cannot send it. Without it, the request is refused",
)];

/// A session of a browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct BrowserSessionResponse {
    id: SessionId,
    /// True for the session of this request.
    is_current: bool,
    /// The address of the client that signed in. Null if it is not known.
    #[schema(max_length = 45)]
    address: Option<String>,
    /// The browser that signed in, in its own words. Null if it did not send its name.
    #[schema(max_length = 300)]
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    /// With a precision of a minute. The session ends 12 hours after its last use.
    last_used_at: DateTime<Utc>,
    /// The session ends at this time, whatever its use.
    expires_at: DateTime<Utc>,
}

impl BrowserSessionResponse {
    fn new(session: BrowserSession, current: Option<i64>) -> Self {
        let BrowserSession { id, created_at, last_used_at, expires_at, address, user_agent } = session;
        let is_current = current == Some(id.0);
        let last_used_at = last_used_at.unwrap_or(created_at);
        Self { id, is_current, address, user_agent, created_at, last_used_at, expires_at }
    }
}

/// The session of a browser, and its account.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInResponse {
    session: BrowserSessionResponse,
    user: UserResponse,
}

impl SignedInResponse {
    fn new(session: BrowserSession, user: User) -> Self {
        let id = session.id.0;
        Self { session: BrowserSessionResponse::new(session, Some(id)), user: UserResponse::from(user) }
    }
}

/// `POST /auth/session`
pub async fn sign_in(
    OwnPage(browser): OwnPage,
    origin: ClientAddress,
    gate: Gate,
    request: UnclaimedRequest<LoginRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    let checked = check_credentials(&ctx, &origin, &gate, body).await?;
    let token = secret_token::generate();
    let cookie = browser.set(&token);
    let issued = IssuedCookie { hash: cookie::digest(&token), origin, user_agent: browser.user_agent };
    let (session, user) = ctx.write("start_session", move |conn, _| issued.start_session(conn, &checked)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((SET_COOKIE, cookie))
        .json(SignedInResponse::new(session, user)))
}

/// A new cookie, and the client to which it is issued.
struct IssuedCookie {
    hash: CookieHash,
    origin: ClientAddress,
    user_agent: Option<String>,
}

impl IssuedCookie {
    fn start_session(&self, conn: &mut PgConnection, checked: &User) -> Result<(BrowserSession, User), Abort> {
        let user = lock_checked(conn, checked)?;
        let at = db::clock(conn)?;
        let new = NewCookie {
            user: user.id,
            token_hash: &self.hash,
            address_hash: &self.origin.hash_for(user.id),
            address: self.origin.ip.map(|ip| ip.to_string()),
            user_agent: self.user_agent.as_deref(),
            expires_at: after(at, cookie::LIFETIME),
        };
        Ok((sessions::insert_cookie(conn, &new, at)?, user))
    }
}

/// `GET /auth/session`
pub async fn show(bearer: ReqData<Bearer>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let current = current(&bearer)?;
    let user = ctx.principal.account()?.id;
    let find = move |conn: &mut PgConnection| {
        let at = db::clock(conn)?;
        Ok((sessions::find_cookie(conn, user, current, at)?, users::find_user(conn, user)?))
    };
    let (Some(session), Some(user)) = ctx.database.read("get_session", find).await? else {
        return Err(not_active());
    };
    Ok(HttpResponse::Ok().json(SignedInResponse::new(session, user)))
}

/// The session of the request's cookie, or 404 for a request with an access token.
fn current(bearer: &Bearer) -> Result<SessionId, ApiError> {
    let session = bearer.cookie.and(bearer.session).map(SessionId);
    session.ok_or_else(|| ApiError::new(Code::NotFound, "This request has an access token and no session cookie."))
}

/// `DELETE /auth/session`
pub async fn sign_out_here(
    browser: Browser,
    bearer: ReqData<Bearer>,
    versions: Data<TokenVersions>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    end(current(&bearer)?, versions, ctx).await?;
    Ok(HttpResponse::NoContent().insert_header((SET_COOKIE, browser.remove())).finish())
}

/// `GET /auth/sessions`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    bearer: ReqData<Bearer>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, LAST_USED_FIRST)?;
    let (user, current) = (ctx.principal.account()?.id, bearer.cookie.and(bearer.session));
    let find = move |conn: &mut PgConnection| {
        let at = db::clock(conn)?;
        Ok(sessions::list_cookies(conn, user, at, sort, &page)?)
    };
    let found = ctx.database.read("list_sessions", find).await?;
    Ok(HttpResponse::Ok().json(found.map(|session| BrowserSessionResponse::new(session, current))))
}

/// `DELETE /auth/sessions/{id}`
pub async fn end_one(path: Path<String>, versions: Data<TokenVersions>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    end(SessionId::from_path(&path), versions, ctx).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn end(session: SessionId, versions: Data<TokenVersions>, ctx: Ctx) -> Result<(), ApiError> {
    let user = ctx.principal.account()?.id;
    ctx.write("end_session", move |conn, _| end_session(conn, user, session)).await?;
    versions.refresh_after_commit().await;
    Ok(())
}

fn end_session(conn: &mut PgConnection, user: UserId, session: SessionId) -> Result<(), Abort> {
    let user = users::find_user_for_update(conn, user)?.ok_or_else(not_active)?;
    let at = db::clock(conn)?;
    let missing = || ApiError::not_found(Code::NotFound, "The session");
    let session = sessions::find_cookie(conn, user.id, session, at)?.ok_or_else(missing)?;
    Ok(sessions::revoke_family(conn, session.id.0, at)?)
}

/// `DELETE /auth/sessions`: ends every session of the account except the caller's, those with refresh tokens too.
pub async fn end_others(
    bearer: ReqData<Bearer>,
    versions: Data<TokenVersions>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let (user, kept) = (ctx.principal.account()?.id, bearer.session);
    ctx.write("end_other_sessions", move |conn, _| {
        let user = users::find_user_for_update(conn, user)?.ok_or_else(not_active)?;
        let at = db::clock(conn)?;
        Ok(sign_out(conn, user.id, kept, at)?)
    })
    .await?;
    versions.refresh_after_commit().await;
    Ok(HttpResponse::NoContent().finish())
}
