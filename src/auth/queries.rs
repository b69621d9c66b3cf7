//! The SQL of access: accounts, and the store of a request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::permission::Permissions;
use super::principal::{Account, Role};
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

/// The accounts that have ended their tokens since this time, and the version since which they are good.
pub fn list_raised_versions(conn: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<Vec<(UserId, i64)>> {
    users::table.filter(users::tokens_ended_at.gt(since)).select((users::id, users::token_version)).load(conn)
}

/// Admins may do everything; others what was granted.
pub fn permissions_of(role: Role, granted: serde_json::Value) -> Permissions {
    match role {
        Role::Admin => Permissions::all(),
        Role::Staff => serde_json::from_value(granted).unwrap_or_default(),
        Role::Customer => Permissions::default(),
    }
}

/// Which store a request means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoreSelector {
    /// The first one created, or the one that staff belong to.
    Default,
    Id(StoreId),
    /// In capitals, as codes are kept.
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
