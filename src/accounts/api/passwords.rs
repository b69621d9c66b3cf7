//! Sets a new password: with the current password, or with a link that was mailed to the address of the account.

use actix_web::HttpResponse;
use actix_web::web::{Data, ReqData};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::accounts::not_active;
use super::client_address::ClientAddress;
use super::sessions::IssuedToken;
use crate::accounts::credentials::set_password;
use crate::accounts::email::Email;
use crate::accounts::queries::{password_resets, users};
use crate::accounts::user::User;
use crate::accounts::{password_reset, secret_token};
use crate::audit;
use crate::auth::Ctx;
use crate::auth::hashing_queue::HashCaller;
use crate::auth::password::{Hasher, check_strength};
use crate::auth::token::{Bearer, Tokens};
use crate::auth::token_versions::TokenVersions;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::http::limits::Limiters;
use crate::idempotency::command::UnclaimedRequest;
use crate::kernel::current_request::Caller;
use crate::kernel::id::UserId;
use crate::settings::{Secret, Settings};

/// The name of the password field in both requests.
const NEW_PASSWORD: &str = "new_password";

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePasswordRequest {
    #[validate(length(max = 1000, message = "must have at most 1000 characters"))]
    #[schema(max_length = 1000, format = "password")]
    current_password: String,
    /// 8 to 128 characters, and none of the most common passwords.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    new_password: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPasswordRequest {
    email: Email,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPasswordRequest {
    /// The token of the mailed link.
    #[validate(length(min = 1, max = 500, message = "must have 1 to 500 characters"))]
    #[schema(min_length = 1, max_length = 500)]
    token: String,
    /// 8 to 128 characters, and none of the most common passwords.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    new_password: String,
}

/// `POST /auth/password`: ends every session of the account except the caller's, which continues with its refresh
/// token.
///
/// A wrong current password is 422 and not 401: the caller's token is valid, and signing in again would not help.
pub async fn change(
    origin: ClientAddress,
    limiters: Data<Limiters>,
    (hasher, versions): (Data<Hasher>, Data<TokenVersions>),
    bearer: ReqData<Bearer>,
    request: UnclaimedRequest<ChangePasswordRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    check_strength(NEW_PASSWORD, &body.new_password)?;
    let id = ctx.principal.account()?.id;
    limiters.password_address.check(origin.ip)?;
    limiters.password_account.check(&id.to_string())?;
    let user = ctx.database.read("find_own_account", move |conn| Ok(users::find_user(conn, id)?)).await?;
    let user = user.filter(|user| user.active).ok_or_else(not_active)?;
    let caller = HashCaller::Known(Caller::Account(id));
    let current = Some(user.password_hash.reveal().to_owned());
    if !hasher.verify(caller.clone(), body.current_password, current).await? {
        return Err(wrong_password());
    }
    let new = Secret::new(hasher.hash(caller, body.new_password).await?);
    let kept_family = bearer.session;
    ctx.write("change_password", move |conn, ctx| {
        let found = users::find_user_for_update(conn, id)?.filter(|user| user.active).ok_or_else(not_active)?;
        if found.password_hash.reveal() == new.reveal() {
            // This transaction ran before, and its COMMIT was not acknowledged.
            return Ok(());
        }
        if found.password_hash.reveal() != user.password_hash.reveal() {
            return Err(wrong_password().into());
        }
        let at = db::clock(conn)?;
        set_password(conn, &found, new.clone(), kept_family, at)?;
        record(conn, ctx, &found, "password")
    })
    .await?;
    versions.refresh_after_commit().await;
    Ok(HttpResponse::NoContent().finish())
}

fn wrong_password() -> ApiError {
    ApiError::field("current_password", "is not the password of this account")
}

/// `POST /auth/password/forgot`: the response and the work are the same with and without an account.
/// 503 if too many mails wait.
pub async fn forgot(
    origin: ClientAddress,
    limiters: Data<Limiters>,
    settings: Data<Settings>,
    request: UnclaimedRequest<ForgotPasswordRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body: ForgotPasswordRequest { email } } = request;
    if !settings.mail.is_on() {
        let detail = "This server sends no mail. Ask an administrator for a new password.";
        return Err(ApiError::new(Code::MailNotConfigured, detail));
    }
    limiters.password_address.check(origin.ip)?;
    limiters.password_mail.check(email.as_str())?;
    ctx.write("request_password_reset", move |conn, _| password_reset::request(conn, &email)).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// `POST /auth/password/reset`: ends every session of the account. The client's address counts as one from which the
/// account was signed in to, so that nobody can lock the owner out of it.
pub async fn reset(
    origin: ClientAddress,
    limiters: Data<Limiters>,
    (hasher, tokens, versions): (Data<Hasher>, Data<Tokens>, Data<TokenVersions>),
    request: UnclaimedRequest<ResetPasswordRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    check_strength(NEW_PASSWORD, &body.new_password)?;
    limiters.password_address.check(origin.ip)?;
    let token_hash = secret_token::digest(&body.token);
    let presented = token_hash.clone();
    // The token is checked before the password is hashed, so that an invalid token costs only one lookup.
    let found = ctx.database.read("find_password_reset", move |conn| find_account_of(conn, &presented)).await?;
    let id = found.ok_or_else(invalid_token)?;
    let caller = HashCaller::Known(origin.network());
    let new = Secret::new(hasher.hash(caller, body.new_password).await?);
    // Nobody gets this token. It only records the address, and ends with the other sessions.
    let hash = secret_token::digest(&secret_token::generate());
    let sign_in = IssuedToken { hash, origin, ttl: tokens.refresh_ttl };
    ctx.write("reset_password", move |conn, ctx| {
        let user = users::find_user_for_update(conn, id)?.filter(|user| user.active).ok_or_else(invalid_token)?;
        if user.password_hash.reveal() == new.reveal() {
            // This transaction ran before, and its COMMIT was not acknowledged.
            return Ok(());
        }
        if find_account_of(conn, &token_hash)? != Some(id) {
            return Err(invalid_token().into());
        }
        let at = db::clock(conn)?;
        sign_in.insert(conn, id, None, at)?;
        set_password(conn, &user, new.clone(), None, at)?;
        record(conn, ctx, &user, "password, by a mailed link")
    })
    .await?;
    versions.refresh_after_commit().await;
    Ok(HttpResponse::NoContent().finish())
}

fn find_account_of(conn: &mut PgConnection, token_hash: &[u8]) -> Result<Option<UserId>, db::Failure> {
    let at = db::clock(conn)?;
    Ok(password_resets::find_account_of(conn, token_hash, at)?)
}

fn invalid_token() -> ApiError {
    let detail = "The link was used, has expired, or was replaced by a newer one. Ask for a new link.";
    ApiError::new(Code::ResetTokenInvalid, detail)
}

/// The actor is the account itself: the caller proved it with the password or with the mailed token.
fn record(conn: &mut PgConnection, ctx: &Ctx, user: &User, changed: &str) -> Result<(), Abort> {
    let store = ctx.scope_or_platform(conn)?.store;
    let at = db::clock(conn)?;
    Ok(audit::append_by(conn, store, &format!("user:{}", user.id), &user.update_entry(changed), at)?)
}
