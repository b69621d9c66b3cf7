//! Registration, and the account of the caller.

use actix_web::HttpResponse;
use actix_web::web::Data;
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::client_address::ClientAddress;
use super::users::UserResponse;
use crate::accounts::email::Email;
use crate::accounts::queries::users;
use crate::accounts::user::{NewUser, User};
use crate::audit;
use crate::auth::hashing_queue::HashCaller;
use crate::auth::password::{Hasher, check_strength};
use crate::auth::{Ctx, Permissions, Role};
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::http::limits::Limiters;
use crate::idempotency::command::UnclaimedRequest;
use crate::kernel::text;
use crate::settings::Secret;

/// A customer who wants an account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    email: Email,
    /// 8 to 128 characters, and none of the most common passwords.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    password: String,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    full_name: Option<String>,
}

/// `POST /auth/register`
pub async fn register(
    origin: ClientAddress,
    limiters: Data<Limiters>,
    hasher: Data<Hasher>,
    unclaimed: UnclaimedRequest<RegisterRequest>,
) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = unclaimed;
    limiters.register_address.check(origin.ip)?;
    check_strength("password", &body.password)?;
    let new = NewUser {
        email: body.email,
        password_hash: Secret::new(hasher.hash(HashCaller::Unknown(origin.network()), body.password).await?),
        full_name: body.full_name,
        role: Role::Customer,
        permissions: Permissions::default(),
        active: true,
    };
    let user = ctx.write("register", move |conn, ctx| insert_customer(conn, ctx, &new)).await?;
    Ok(HttpResponse::Created().json(UserResponse::from(user)))
}

fn insert_customer(conn: &mut PgConnection, ctx: &Ctx, new: &NewUser) -> Result<User, Abort> {
    let scope = ctx.scope_or_platform(conn)?;
    let at = db::clock(conn)?;
    let Some(user) = users::insert_user(conn, new, scope.store, at)? else {
        // The row has the same salted hash if this transaction ran before and its COMMIT was not acknowledged.
        let known = users::find_by_email(conn, new.email.as_str())?;
        let own = known.filter(|user| user.password_hash.reveal() == new.password_hash.reveal());
        return Ok(own.ok_or_else(users::email_taken)?);
    };
    audit::append_by(conn, scope.store, &format!("user:{}", user.id), &user.creation_entry(), at)?;
    Ok(user)
}

/// `GET /auth/me`
pub async fn me(ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = ctx.principal.account()?.id;
    let user = ctx.database.read("get_me", move |conn| Ok(users::find_user(conn, id)?)).await?;
    let user = user.filter(|user| user.active).ok_or_else(not_active)?;
    Ok(HttpResponse::Ok().json(UserResponse::from(user)))
}

/// The 401 error for a caller whose account was deactivated.
pub(super) fn not_active() -> ApiError {
    ApiError::new(Code::Unauthenticated, "This account is not active any more.")
}
