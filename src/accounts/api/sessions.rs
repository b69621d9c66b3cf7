//! Signing in, staying signed in, signing out.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use chrono::{DateTime, Duration, Utc};
use diesel::{PgConnection, QueryResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::ObjectBuilder;
use validator::Validate;

use super::client_address::ClientAddress;
use super::users::UserResponse;
use crate::accounts::queries::users;
use crate::accounts::session::Verdict;
use crate::accounts::user::User;
use crate::accounts::{email, secret_token};
use crate::auth::Ctx;
use crate::auth::attempts::{Attempt, Attempts, Target};
use crate::auth::hashing_queue::HashCaller;
use crate::auth::password::{Hasher, wrong_credentials};
use crate::auth::queries::sessions::{self, NewSession, Session};
use crate::auth::token::Tokens;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::http::limits::Limiters;
use crate::idempotency::command::UnclaimedRequest;
use crate::kernel::id::UserId;
use crate::kernel::moment::after;
use crate::kernel::schema;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    #[validate(length(max = 254, message = "must have at most 254 characters"))]
    #[schema(max_length = 254)]
    email: String,
    #[validate(length(max = 1000, message = "must have at most 1000 characters"))]
    #[schema(max_length = 1000)]
    #[schema(format = "password")]
    password: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshTokenRequest {
    #[validate(length(min = 1, max = 500, message = "must have 1 to 500 characters"))]
    #[schema(min_length = 1, max_length = 500)]
    refresh_token: String,
}

/// Tokens for an account.
#[derive(Serialize, ToSchema)]
pub struct SessionResponse {
    #[schema(pattern = r"^[\w-]+\.[\w-]+\.[\w-]+$")]
    access_token: String,
    #[schema(schema_with = token_types)]
    token_type: &'static str,
    /// The lifetime of the access token in seconds.
    expires_in: i64,
    /// Valid for one use: exchange it for the next one.
    #[schema(max_length = 500)]
    refresh_token: String,
    user: UserResponse,
}

fn token_types() -> ObjectBuilder {
    schema::string_enum(["Bearer"])
}

fn answer(tokens: &Tokens, user: User, family: i64, refresh_token: String) -> Result<HttpResponse, ApiError> {
    let session = SessionResponse {
        access_token: tokens.sign(user.id, user.role, user.token_version, Some(family))?,
        token_type: "Bearer",
        expires_in: tokens.ttl_seconds,
        refresh_token,
        user: UserResponse::from(user),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(session))
}

/// `POST /auth/login`
pub async fn login(
    origin: ClientAddress,
    gate: Gate,
    tokens: Data<Tokens>,
    request: UnclaimedRequest<LoginRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    let checked = check_credentials(&ctx, &origin, &gate, body).await?;
    let token = secret_token::generate();
    let session = IssuedToken { hash: secret_token::digest(&token), origin, ttl: tokens.refresh_ttl };
    let (user, family) = ctx.write("login", move |conn, _| start_session(conn, &checked, &session)).await?;
    answer(&tokens, user, family, token)
}

/// The parts that limit the attempts to sign in.
pub(super) type Gate = (Data<Limiters>, Data<Attempts>, Data<Hasher>);

/// Returns the account if the credentials are right, after all limits of attempts.
pub(super) async fn check_credentials(
    ctx: &Ctx,
    origin: &ClientAddress,
    (limiters, attempts, hasher): &Gate,
    LoginRequest { email, password }: LoginRequest,
) -> Result<User, ApiError> {
    let email = email::normalise(&email);
    limiters.login_address.check(origin.ip)?;
    let found = find_account(ctx, origin, email.clone()).await?;
    let password_hash = found.as_ref().map(|found| found.user.password_hash.reveal());
    let mut attempt = attempts.begin(Target { account: &email, password_hash }, &origin.address)?;
    let checked = check_password(found, origin, hasher, &mut attempt, password).await;
    attempt.end(checked)
}

/// An account, and whether it was signed in to from the client's address.
struct Found {
    user: User,
    is_known_address: bool,
}

async fn find_account(ctx: &Ctx, origin: &ClientAddress, email: String) -> Result<Option<Found>, ApiError> {
    let origin = origin.clone();
    let find = move |conn: &mut PgConnection| {
        let Some(user) = users::find_by_email(conn, &email)?.filter(|user| user.active) else { return Ok(None) };
        let is_known_address = sessions::is_known_address(conn, user.id, &origin.hash_for(user.id))?;
        Ok(Some(Found { user, is_known_address }))
    };
    Ok(ctx.database.read("find_account", find).await?)
}

/// Returns the account if the password is right. An unknown or inactive account gets the same response as a wrong
/// password, after the same time.
async fn check_password(
    found: Option<Found>,
    origin: &ClientAddress,
    hasher: &Hasher,
    attempt: &mut Attempt<'_>,
    password: String,
) -> Result<User, ApiError> {
    let caller = match &found {
        Some(Found { is_known_address: true, .. }) => HashCaller::Known(origin.network()),
        _ => {
            attempt.count_for_all_addresses()?;
            HashCaller::Unknown(origin.network())
        }
    };
    let user = found.map(|found| found.user);
    let hash = user.as_ref().map(|user| user.password_hash.reveal().to_owned());
    let fits = hasher.verify(caller, password, hash).await?;
    user.filter(|_| fits).ok_or_else(wrong_credentials)
}

/// A new refresh token, and the client to which it is issued.
pub(super) struct IssuedToken {
    pub hash: Vec<u8>,
    pub origin: ClientAddress,
    pub ttl: Duration,
}

impl IssuedToken {
    /// Stores the token for the account, in this family or as the first of a new family.
    pub fn insert(
        &self,
        conn: &mut PgConnection,
        user: UserId,
        family: Option<i64>,
        at: DateTime<Utc>,
    ) -> QueryResult<()> {
        let address_hash = self.origin.hash_for(user);
        let expires_at = after(at, self.ttl);
        let new = NewSession { user, token_hash: &self.hash, address_hash: &address_hash, family, expires_at };
        sessions::insert_session(conn, &new, at)
    }
}

/// Locks the account, unless it was deactivated or got another password after its credentials were checked.
pub(super) fn lock_checked(conn: &mut PgConnection, checked: &User) -> Result<User, Abort> {
    let same = |user: &User| user.active && user.password_hash.reveal() == checked.password_hash.reveal();
    Ok(users::find_user_for_update(conn, checked.id)?.filter(same).ok_or_else(wrong_credentials)?)
}

/// Starts a family for the account.
fn start_session(conn: &mut PgConnection, checked: &User, issued: &IssuedToken) -> Result<(User, i64), Abort> {
    let user = lock_checked(conn, checked)?;
    let at = db::clock(conn)?;
    issued.insert(conn, user.id, None, at)?;
    let session = sessions::find_session(conn, &issued.hash)?.ok_or_else(wrong_credentials)?;
    Ok((user, session.family))
}

/// `POST /auth/refresh`
pub async fn refresh(
    origin: ClientAddress,
    tokens: Data<Tokens>,
    request: UnclaimedRequest<RefreshTokenRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    let next = secret_token::generate();
    let exchange = Exchange {
        presented: secret_token::digest(&body.refresh_token),
        next: IssuedToken { hash: secret_token::digest(&next), origin, ttl: tokens.refresh_ttl },
    };
    let (user, family) = ctx.write("refresh", move |conn, _| exchange.run(conn)).await?;
    answer(&tokens, user, family, next)
}

/// The exchange of a refresh token, given by its hash, for the next one.
struct Exchange {
    presented: Vec<u8>,
    next: IssuedToken,
}

impl Exchange {
    /// Returns the account, and the family that continues.
    fn run(&self, conn: &mut PgConnection) -> Result<(User, i64), Abort> {
        let (session, user) = find_session_for_update(conn, &self.presented)?.ok_or_else(refused)?;
        let at = db::clock(conn)?;
        match session.judge(at) {
            Verdict::Rotate if user.active => {
                refuse_frequent(conn, &session, at)?;
                sessions::mark_rotated(conn, &session, at)?;
                self.next.insert(conn, user.id, Some(session.family), at)?;
                Ok((user, session.family))
            }
            Verdict::Rotate | Verdict::Dead => Err(refused().into()),
            // This transaction ran before, and its COMMIT was not acknowledged.
            Verdict::Reused if sessions::find_session(conn, &self.next.hash)?.is_some() => Ok((user, session.family)),
            Verdict::Reused => {
                log::warn!(user = user.id.0; "a refresh token was used twice: all tokens of its family were revoked");
                sessions::revoke_family(conn, session.family, at)?;
                Err(Abort::Recorded(refused()))
            }
        }
    }
}

/// Each exchange keeps a row for the lifetime of the token, so that its second use is noticed.
const EXCHANGES_PER_HOUR: i64 = 60;

fn refuse_frequent(conn: &mut PgConnection, session: &Session, at: DateTime<Utc>) -> Result<(), Abort> {
    let earlier = sessions::find_time_of_newest(conn, session.family, EXCHANGES_PER_HOUR)?;
    let wait = earlier.map_or(0, |earlier| 3_600_i64.saturating_sub(at.signed_duration_since(earlier).num_seconds()));
    if wait <= 0 {
        return Ok(());
    }
    let detail = format!("A session is renewed at most {EXCHANGES_PER_HOUR} times an hour. Try again in {wait} s.");
    Err(ApiError::new(Code::RateLimited, detail).retry_after(wait.unsigned_abs()).into())
}

/// Reads the token after locking its account.
fn find_session_for_update(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<(Session, User)>, Failure> {
    let Some(seen) = sessions::find_session(conn, token_hash)? else { return Ok(None) };
    let Some(user) = users::find_user_for_update(conn, seen.user)? else { return Ok(None) };
    let session = sessions::find_session(conn, token_hash)?;
    Ok(session.map(|session| (session, user)))
}

fn refused() -> ApiError {
    ApiError::new(Code::Unauthenticated, "The refresh token is not valid.")
}

/// `POST /auth/logout`
pub async fn logout(request: UnclaimedRequest<RefreshTokenRequest>) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    let presented = secret_token::digest(&body.refresh_token);
    let end = move |conn: &mut PgConnection, _: &Ctx| {
        let Some((session, _)) = find_session_for_update(conn, &presented)? else { return Ok(()) };
        let at = db::clock(conn)?;
        Ok(sessions::revoke_family(conn, session.family, at)?)
    };
    ctx.write("logout", end).await?;
    Ok(HttpResponse::NoContent().finish())
}
