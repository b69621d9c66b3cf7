//! Management of accounts by administrators and staff.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::accounts::credentials::sign_out;
use crate::accounts::email::Email;
use crate::accounts::grants::{
    check_admin_remains, check_caller_remains, check_may_change, check_may_grant, user_not_found,
};
use crate::accounts::queries::users::UserFilter;
use crate::accounts::queries::{password_resets, users};
use crate::accounts::user::{NewUser, User, UserChange, check_grantable};
use crate::audit;
use crate::auth::hashing_queue::HashCaller;
use crate::auth::password::{Hasher, check_strength};
use crate::auth::token_versions::TokenVersions;
use crate::auth::{Ctx, Permissions, Role, Scope};
use crate::db;
use crate::db::tx::Mode;
use crate::error::{Abort, ApiError};
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::kernel::current_request::Caller;
use crate::kernel::id::UserId;
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::{folded_text, number, text, text_enum};
use crate::settings::Secret;

pub use crate::accounts::queries::users::SORTS;

/// An account in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserResponse {
    id: UserId,
    #[schema(format = "email", max_length = 254)]
    email: String,
    #[schema(max_length = 255)]
    full_name: Option<String>,
    role: Role,
    permissions: Permissions,
    /// The store to which a staff account belongs.
    store_id: Option<i64>,
    active: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        let User {
            id,
            email,
            password_hash: _,
            full_name,
            role,
            permissions,
            store,
            active,
            token_version: _,
            created_at,
            updated_at,
        } = user;
        let store_id = store.map(|store| store.0);
        Self { id, email, full_name, role, permissions, store_id, active, created_at, updated_at }
    }
}

/// The filter for the list of accounts.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Accounts with this role.
    #[serde(default, deserialize_with = "text_enum::in_query")]
    pub role: Option<Role>,
    /// `true` for active accounts, `false` for deactivated ones.
    #[serde(default, deserialize_with = "number::flag_in_query")]
    pub active: Option<bool>,
    /// Words of the e-mail address and the name, in any order, without regard to case and accents.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[param(max_length = 255)]
    pub q: Option<String>,
}

/// `GET /users`
pub async fn list(
    page: Query<PageQuery>,
    sort: Query<SortQuery>,
    query: Query<UserQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, NEWEST_FIRST)?;
    let UserQuery { role, active, q } = query.0;
    let mode = if q.is_some() { Mode::List } else { Mode::Read };
    let (page, patterns) = (page.0, q.as_deref().map(folded_text::search_patterns).unwrap_or_default());
    ctx.answer_in("list_users", mode, move |conn, scope| {
        let staff_of = (!scope.principal.is_admin()).then_some(scope.store);
        let role = if staff_of.is_some() { role.or(Some(Role::Staff)) } else { role };
        let filter = UserFilter { staff_of, role, active, patterns: patterns.clone() };
        let (found, total) = users::list_users(conn, &filter, sort, &page)?;
        Ok(page.list(found, total).map(UserResponse::from))
    })
    .await
}

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserRequest {
    email: Email,
    /// 8 to 128 characters, and none of the most common passwords.
    #[schema(min_length = 8, max_length = 128, format = "password")]
    password: String,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    full_name: Option<String>,
    /// Staff belong to the store of the request.
    #[serde(default = "default_role")]
    #[schema(default = "staff")]
    role: Role,
    /// Permissions of a staff account.
    #[serde(default)]
    permissions: Permissions,
    #[serde(default = "default_active")]
    #[schema(default = true)]
    active: bool,
}

fn default_role() -> Role {
    Role::Staff
}

fn default_active() -> bool {
    true
}

/// `POST /users`
pub async fn create(hasher: Data<Hasher>, command: Command<NewUserRequest>) -> Result<HttpResponse, ApiError> {
    let Command { ctx, body, claim } = command;
    check_may_grant(ctx.principal.account()?, Some(body.role), &body.permissions)?;
    check_grantable(body.role, &body.permissions)?;
    check_strength("password", &body.password)?;
    let NewUserRequest { email, password, full_name, role, permissions, active } = body;
    let caller = HashCaller::Known(Caller::Account(ctx.principal.account()?.id));
    let password_hash = Secret::new(hasher.hash(caller, password).await?);
    let body = NewUser { email, password_hash, full_name, role, permissions, active };
    let command = Command { ctx, body, claim };
    let created = command.run("create_user", |conn, scope, new| {
        let at = db::clock(conn)?;
        let user = users::insert_user(conn, new, scope.store, at)?.ok_or_else(users::email_taken)?;
        audit::append(conn, scope, &user.creation_entry(), at)?;
        Ok(Answer::created(&UserResponse::from(user))?)
    });
    created.await
}

/// The changes to an account. Absent fields stay unchanged.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatchRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    email: Option<Email>,
    /// 8 to 128 characters, and none of the most common passwords.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    #[schema(min_length = 8, max_length = 128, format = "password")]
    password: Option<String>,
    /// At least one visible character.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    full_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    role: Option<Role>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    permissions: Option<Permissions>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    active: Option<bool>,
}

/// `PATCH /users/{id}`
pub async fn update(
    path: Path<String>,
    hasher: Data<Hasher>,
    versions: Data<TokenVersions>,
    command: Command<UserPatchRequest>,
) -> Result<HttpResponse, ApiError> {
    let id = UserId::from_path(&path);
    let Command { ctx, body, claim } = command;
    check_may_grant(ctx.principal.account()?, body.role, &body.permissions.clone().unwrap_or_default())?;
    let caller = HashCaller::Known(Caller::Account(ctx.principal.account()?.id));
    let body = change_of(&hasher, caller, body).await?;
    let command = Command { ctx, body, claim };
    let answer = command.run("update_user", move |conn, scope, change| change_user(conn, scope, id, change)).await?;
    versions.refresh_after_commit().await;
    Ok(answer)
}

fn change_user(conn: &mut PgConnection, scope: &Scope, id: UserId, change: &UserChange) -> Result<Answer, Abort> {
    let caller = scope.principal.account()?;
    let locked = match change.may_end_access() {
        true => users::lock_with_admins(conn, [caller.id, id])?,
        false => users::find_user_for_update(conn, id)?.into_iter().collect(),
    };
    let mut user = locked.iter().find(|user| user.id == id).cloned().ok_or_else(|| user_not_found(id))?;
    check_may_change(caller, &user, change)?;
    let changed = user.apply(change, scope.store)?;
    if change.may_end_access() {
        check_admin_remains(&locked, &user)?;
        check_caller_remains(&locked, caller)?;
    }
    if changed.fields.is_empty() {
        return Ok(Answer::ok(&UserResponse::from(user))?);
    }
    let at = db::clock(conn)?;
    user.updated_at = at;
    users::update_user(conn, &user)?;
    if changed.ends_sessions {
        sign_out(conn, id, None, at)?;
    }
    if changed.ends_links {
        password_resets::delete_reset(conn, id)?;
    }
    audit::append(conn, scope, &user.update_entry(&changed.fields.join(", ")), at)?;
    Ok(Answer::ok(&UserResponse::from(user))?)
}

async fn change_of(hasher: &Hasher, caller: HashCaller, body: UserPatchRequest) -> Result<UserChange, ApiError> {
    let UserPatchRequest { email, password, full_name, role, permissions, active } = body;
    let password_hash = match password {
        Some(password) => {
            check_strength("password", &password)?;
            Some(Secret::new(hasher.hash(caller, password).await?))
        }
        None => None,
    };
    Ok(UserChange { email, password_hash, full_name, role, permissions, active })
}
