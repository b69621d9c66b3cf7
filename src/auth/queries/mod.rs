//! The SQL of access: accounts, sessions, and the store of a request.

pub mod sessions;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Jsonb, Nullable, Text, Timestamptz};

use crate::auth::cookie;
use crate::auth::permission::Permissions;
use crate::auth::principal::{Account, Role};
use crate::db;
use crate::db::schema::{stores, users};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{self, StoreId, UserId};
use crate::kernel::text;

/// The account as it is now, if it is active and has not ended the tokens of this version.
pub fn find_active_account(conn: &mut PgConnection, user: UserId, token_version: i64) -> QueryResult<Option<Account>> {
    let row = users::table
        .filter(users::id.eq(user))
        .filter(users::active.eq(true))
        .filter(users::token_version.le(token_version))
        .select((users::role, users::permissions, users::store_id))
        .first::<(Role, serde_json::Value, Option<StoreId>)>(conn)
        .optional()?;
    Ok(row.map(|(role, granted, store)| Account { id: user, role, permissions: permissions_of(role, granted), store }))
}

/// The accounts that have ended their tokens since this time, and the lowest version of their valid tokens.
pub fn list_raised_versions(conn: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<Vec<(UserId, i64)>> {
    users::table.filter(users::tokens_ended_at.gt(since)).select((users::id, users::token_version)).load(conn)
}

/// A session of a browser that has not ended, and its account as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCookie {
    pub id: i64,
    pub account: Account,
    pub token_version: i64,
    pub expires_at: DateTime<Utc>,
    /// True if its last use was written more than a minute ago.
    pub is_use_due: bool,
}

#[derive(QueryableByName)]
struct CookieRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    is_use_due: bool,
    #[diesel(sql_type = BigInt)]
    user_id: UserId,
    #[diesel(sql_type = Text)]
    role: Role,
    #[diesel(sql_type = Jsonb)]
    permissions: serde_json::Value,
    #[diesel(sql_type = Nullable<BigInt>)]
    store_id: Option<StoreId>,
    #[diesel(sql_type = BigInt)]
    token_version: i64,
}

/// The session of the browser with this cookie, given by its hash, if neither it nor its account has ended. One statement
/// reads the session, the account and the clock.
pub fn find_live_cookie(conn: &mut PgConnection, token_hash: &[u8]) -> QueryResult<Option<LiveCookie>> {
    let row: Option<CookieRow> = db::sql(
        "SELECT s.id, s.expires_at, s.last_used_at < $now - interval '1 minute' AS is_use_due, \
                u.id AS user_id, u.role, u.permissions, u.store_id, u.token_version \
         FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.token_hash = $1 AND s.is_cookie AND s.revoked_at IS NULL AND s.expires_at > $now \
           AND s.last_used_at > $now - $2 * interval '1 second' AND u.active",
    )
    .bind::<Binary, _>(token_hash)
    .bind::<BigInt, _>(cookie::IDLE.num_seconds())
    .get_result(conn)
    .optional()?;
    Ok(row.map(LiveCookie::from))
}

impl From<CookieRow> for LiveCookie {
    fn from(row: CookieRow) -> Self {
        let CookieRow { id, expires_at, is_use_due, user_id, role, permissions, store_id, token_version } = row;
        let account = Account { id: user_id, role, permissions: permissions_of(role, permissions), store: store_id };
        Self { id, account, token_version, expires_at, is_use_due }
    }
}

/// Admins have all permissions, others those that were granted.
pub fn permissions_of(role: Role, granted: serde_json::Value) -> Permissions {
    match role {
        Role::Admin => Permissions::all(),
        Role::Staff => serde_json::from_value(granted).unwrap_or_default(),
        Role::Customer => Permissions::default(),
    }
}

/// The store that a request names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoreSelector {
    /// The first one created, or the one that staff belong to.
    Default,
    Id(StoreId),
    /// In capital letters, as codes are stored.
    Code(String),
    /// No store has such an id or code.
    Unknown,
}

/// Finds stores by id or code and remembers them: a store is never deleted and keeps its code. Only stores that
/// exist are remembered, each under one spelling of its id and of its code, so that callers can't make it grow.
#[derive(Default)]
pub struct StoreDirectory(RwLock<HashMap<StoreSelector, StoreId>>);

impl StoreDirectory {
    /// The store of a request. A bound caller gets its own, and no other.
    pub fn resolve(
        &self,
        conn: &mut PgConnection,
        selector: &StoreSelector,
        bound: Option<StoreId>,
    ) -> Result<StoreId, Abort> {
        if let Some(store) = self.known(selector, bound) {
            return Ok(store);
        }
        let store = self.look_up(conn, selector)?;
        match bound {
            Some(own) if own != store => Err(not_found(selector).into()),
            _ => Ok(store),
        }
    }

    /// The store of a request, if it is known without the database.
    pub fn known(&self, selector: &StoreSelector, bound: Option<StoreId>) -> Option<StoreId> {
        match (selector, bound) {
            (StoreSelector::Default, Some(own)) => Some(own),
            _ => self.remembered(selector).filter(|store| bound.is_none_or(|own| own == *store)),
        }
    }

    fn remembered(&self, selector: &StoreSelector) -> Option<StoreId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(selector).copied()
    }

    fn look_up(&self, conn: &mut PgConnection, selector: &StoreSelector) -> Result<StoreId, Abort> {
        if let Some(store) = self.remembered(selector) {
            return Ok(store);
        }
        let store = find_store(conn, selector)?.ok_or_else(|| not_found(selector))?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(selector.clone(), store);
        Ok(store)
    }
}

/// The most characters of a store's code.
const MAX_CODE: usize = 50;

impl StoreSelector {
    /// The store of this id (digits) or code.
    pub fn named(name: &str) -> Self {
        if id::is_digits(name) {
            Self::Id(StoreId::from_path(name))
        } else if name.is_empty() || name.len() > MAX_CODE || text::has_control(name) {
            Self::Unknown
        } else {
            Self::Code(name.to_ascii_uppercase())
        }
    }
}

fn find_store(conn: &mut PgConnection, selector: &StoreSelector) -> QueryResult<Option<StoreId>> {
    let query = stores::table.select(stores::id).order(stores::id).limit(1).into_boxed();
    let query = match selector {
        StoreSelector::Default => query,
        StoreSelector::Id(store) => query.filter(stores::id.eq(store.0)),
        StoreSelector::Code(code) => query.filter(stores::code.eq(code.clone())),
        StoreSelector::Unknown => return Ok(None),
    };
    query.first::<i64>(conn).optional().map(|found| found.map(StoreId))
}

fn not_found(selector: &StoreSelector) -> ApiError {
    match selector {
        StoreSelector::Default => ApiError::new(Code::StoreNotFound, "There is no store yet."),
        StoreSelector::Code(code) => ApiError::not_found(Code::StoreNotFound, format_args!("Store '{code}'")),
        StoreSelector::Id(_) | StoreSelector::Unknown => ApiError::not_found(Code::StoreNotFound, "The store"),
    }
}
