//! The SQL of accounts.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::Eq;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::accounts::user::{NewUser, User};
use crate::auth::queries::permissions_of;
use crate::auth::{Permissions, Role};
use crate::db::schema::users;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::folded_text;
use crate::kernel::id::{StoreId, UserId};
use crate::kernel::page::{PageQuery, Sort};
use crate::kernel::sort_key::sort_key;
use crate::settings::Secret;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
#[diesel(check_for_backend(Pg))]
struct Row {
    id: UserId,
    email: String,
    password_hash: String,
    full_name: Option<String>,
    role: Role,
    permissions: serde_json::Value,
    store_id: Option<StoreId>,
    active: bool,
    token_version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        let Row {
            id,
            email,
            password_hash,
            full_name,
            role,
            permissions,
            store_id,
            active,
            token_version,
            created_at,
            updated_at,
        } = row;
        Self {
            id,
            email,
            password_hash: Secret::new(password_hash),
            full_name,
            role,
            permissions: permissions_of(role, permissions),
            store: store_id,
            active,
            token_version,
            created_at,
            updated_at,
        }
    }
}

/// The permissions that are stored: those of admins follow from their role.
fn stored(role: Role, permissions: &Permissions) -> Result<serde_json::Value, Failure> {
    let granted = if role == Role::Staff { permissions } else { &Permissions::default() };
    serde_json::to_value(granted).map_err(|error| Failure::Internal(format!("permissions: {error}")))
}

/// Inserts an account. Staff belong to the store. Returns None if the e-mail address has an account.
pub fn insert_user(
    conn: &mut PgConnection,
    new: &NewUser,
    store: StoreId,
    at: DateTime<Utc>,
) -> Result<Option<User>, Failure> {
    let row: Option<Row> = diesel::insert_into(users::table)
        .values((
            users::email.eq(new.email.as_str()),
            users::password_hash.eq(new.password_hash.reveal()),
            users::full_name.eq(&new.full_name),
            users::role.eq(new.role),
            users::permissions.eq(stored(new.role, &new.permissions)?),
            users::store_id.eq((new.role == Role::Staff).then_some(store)),
            users::active.eq(new.active),
            users::created_at.eq(at),
            users::updated_at.eq(at),
            folded(new.email.as_str(), new.full_name.as_deref()),
        ))
        .on_conflict(users::email)
        .do_nothing()
        .returning(Row::as_returning())
        .get_result(conn)
        .optional()?;
    Ok(row.map(User::from))
}

/// The 409 error for an e-mail address that has an account.
pub fn email_taken() -> ApiError {
    ApiError::new(Code::Duplicate, "There is an account with this e-mail address already.")
}

/// The account with this address, trimmed and in lower case.
pub fn find_by_email(conn: &mut PgConnection, email: &str) -> QueryResult<Option<User>> {
    let row = users::table.filter(users::email.eq(email)).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(User::from))
}

/// The active administrator with the lowest id, for commands that name no account.
pub fn find_first_admin(conn: &mut PgConnection) -> QueryResult<Option<UserId>> {
    users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::active)
        .order(users::id)
        .select(users::id)
        .first(conn)
        .optional()
}

/// The addresses of accounts.
pub fn list_emails(conn: &mut PgConnection, accounts: &[UserId]) -> QueryResult<HashMap<UserId, String>> {
    let rows: Vec<(UserId, String)> =
        users::table.filter(users::id.eq_any(accounts)).select((users::id, users::email)).load(conn)?;
    Ok(rows.into_iter().collect())
}

pub fn find_user(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<User>> {
    let row = users::table.filter(users::id.eq(user)).select(Row::as_select()).first(conn).optional()?;
    Ok(row.map(User::from))
}

/// The account with its row locked. Every change of its sessions takes this lock first, so no session is added while
/// all are ended.
pub fn find_user_for_update(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<User>> {
    let row =
        users::table.filter(users::id.eq(user)).select(Row::as_select()).for_no_key_update().first(conn).optional()?;
    Ok(row.map(User::from))
}

/// Writes the account as it is in memory. The row must have been locked.
pub fn update_user(conn: &mut PgConnection, user: &User) -> Result<(), Abort> {
    diesel::update(users::table.filter(users::id.eq(user.id)))
        .set((
            users::email.eq(&user.email),
            users::password_hash.eq(user.password_hash.reveal()),
            users::full_name.eq(&user.full_name),
            users::role.eq(user.role),
            users::permissions.eq(stored(user.role, &user.permissions)?),
            users::store_id.eq(user.store),
            users::active.eq(user.active),
            users::updated_at.eq(user.updated_at),
            folded(&user.email, user.full_name.as_deref()),
        ))
        .execute(conn)
        .map_err(|error| Abort::or_refuse(error, "users_email_key", email_taken))?;
    Ok(())
}

/// Ends the access tokens of the account: those that were signed with an older version.
pub fn raise_token_version(conn: &mut PgConnection, user: UserId, at: DateTime<Utc>) -> QueryResult<()> {
    diesel::update(users::table.filter(users::id.eq(user)))
        .set((users::token_version.eq(users::token_version + 1), users::tokens_ended_at.eq(at)))
        .execute(conn)
        .map(drop)
}

/// These accounts and all administrators who can sign in, with their rows locked in one order. Every change that ends
/// the access of an account locks its own caller and the administrators too. So two such changes wait for each other,
/// and the second one sees the changes of the first.
pub fn lock_with_admins(conn: &mut PgConnection, accounts: [UserId; 2]) -> QueryResult<Vec<User>> {
    let is_admin = users::role.eq(Role::Admin).and(users::active.eq(true));
    let rows: Vec<Row> = users::table
        .filter(users::id.eq_any(accounts).or(is_admin))
        .select(Row::as_select())
        .order(users::id)
        .for_no_key_update()
        .load(conn)?;
    Ok(rows.into_iter().map(User::from).collect())
}

type Folded = (Eq<users::search_text, Option<String>>, Eq<users::name_key, Option<String>>);

/// The columns by which an account is found and sorted.
fn folded(email: &str, full_name: Option<&str>) -> Folded {
    let name = full_name.map(sort_key);
    (
        users::search_text.eq(Some(folded_text::search_text([email].into_iter().chain(full_name)))),
        users::name_key.eq(name),
    )
}

/// Sets the search texts of accounts that have none yet, and returns their number.
pub fn fill_search_text(conn: &mut PgConnection, limit: i64) -> QueryResult<usize> {
    let found: Vec<(UserId, String, Option<String>)> = users::table
        .filter(users::search_text.is_null())
        .order(users::id)
        .limit(limit)
        .select((users::id, users::email, users::full_name))
        .for_no_key_update()
        .load(conn)?;
    let name = |full_name: &Option<String>| full_name.as_deref().map(sort_key);
    let text = |email: &str, name: Option<&str>| folded_text::search_text([email].into_iter().chain(name));
    // The DSL cannot join arrays.
    db::sql(
        "UPDATE users u SET search_text = n.search_text, name_key = n.name_key \
         FROM unnest($1::int8[], $2::text[], $3::text[]) AS n (id, search_text, name_key) WHERE u.id = n.id",
    )
    .bind::<Array<BigInt>, _>(found.iter().map(|(id, _, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(found.iter().map(|(_, email, name)| text(email, name.as_deref())).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(found.iter().map(|(_, _, full_name)| name(full_name)).collect::<Vec<_>>())
    .execute(conn)
}

/// The conditions of a list of accounts.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Only the staff of this store.
    pub staff_of: Option<StoreId>,
    pub role: Option<Role>,
    pub active: Option<bool>,
    /// LIKE patterns. The search text must match all of them.
    pub patterns: Vec<String>,
}

/// The columns that accounts can be sorted by.
pub const SORTS: [&str; 4] = ["id", "email", "full_name", "created_at"];

/// One page of the matching accounts, and the number of all.
pub fn list_users(
    conn: &mut PgConnection,
    filter: &UserFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<(Vec<User>, i64)> {
    let total = matching(filter).count().get_result(conn)?;
    let query = matching(filter).select(Row::as_select());
    let query = match (sort.column, sort.descending) {
        ("email", false) => query.order(users::email.asc()),
        ("email", true) => query.order(users::email.desc()),
        ("full_name", false) => query.order((users::name_key.asc(), users::id.asc())),
        ("full_name", true) => query.order((users::name_key.desc().nulls_last(), users::id.desc())),
        ("created_at", false) => query.order((users::created_at.asc(), users::id.asc())),
        ("created_at", true) => query.order((users::created_at.desc(), users::id.desc())),
        (_, false) => query.order(users::id.asc()),
        (_, true) => query.order(users::id.desc()),
    };
    let rows: Vec<Row> = query.limit(page.limit).offset(page.offset()).load(conn)?;
    Ok((rows.into_iter().map(User::from).collect(), total))
}

fn matching(filter: &UserFilter) -> users::BoxedQuery<'_, Pg> {
    let mut query = users::table.into_boxed();
    if let Some(store) = filter.staff_of {
        query = query.filter(users::store_id.eq(store));
    }
    if let Some(role) = filter.role {
        query = query.filter(users::role.eq(role));
    }
    if let Some(active) = filter.active {
        query = query.filter(users::active.eq(active));
    }
    for pattern in &filter.patterns {
        query = query.filter(users::search_text.assume_not_null().like(pattern));
    }
    query
}
