//! What access reads from the database: accounts, and which store a request means.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use diesel::prelude::*;

use super::permission::Permissions;
use super::principal::{Account, Role};
use crate::db::schema::{stores, users};
use crate::error::{ApiError, Code, Halt};
use crate::kernel::id::{self, StoreId, UserId};
use crate::kernel::text;

/// The account as it is now, if it is active.
pub fn find_active_account(conn: &mut PgConnection, user: UserId) -> QueryResult<Option<Account>> {
    let row = users::table
        .filter(users::id.eq(user.0))
        .filter(users::active.eq(true))
        .select((users::role, users::permissions, users::store_id))
        .first::<(String, serde_json::Value, Option<i64>)>(conn)
        .optional()?;
    Ok(row.and_then(|(role, permissions, store)| {
        let role = Role::parse(&role)?;
        Some(Account { id: user, role, permissions: permissions_of(role, permissions), store: store.map(StoreId) })
    }))
}

/// Admins may do everything; others what was granted.
#[must_use]
pub fn permissions_of(role: Role, granted: serde_json::Value) -> Permissions {
    match role {
        Role::Admin => Permissions::all(),
        Role::Staff => serde_json::from_value(granted).unwrap_or_default(),
        Role::Customer => Permissions::default(),
    }
}

/// Which store a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreSelector {
    /// The first one created, or the one that staff belong to.
    Default,
    /// By id (digits) or by code, which has capital letters here.
    Named(String),
}

/// Finds stores by id or code and remembers them: a store is never deleted and keeps its code.
#[derive(Default)]
pub struct StoreDirectory(RwLock<HashMap<String, StoreId>>);

impl StoreDirectory {
    /// The store of a request. A bound caller gets its own, and no other.
    pub fn resolve(
        &self,
        conn: &mut PgConnection,
        selector: &StoreSelector,
        bound: Option<StoreId>,
    ) -> Result<StoreId, Halt> {
        if let Some(store) = self.known(selector, bound) {
            return Ok(store);
        }
        let name = selector.name();
        let store = self.look_up(conn, name)?;
        match bound {
            Some(own) if own != store => Err(not_found(name).into()),
            _ => Ok(store),
        }
    }

    /// The store of a request, if that can be told without asking the database.
    #[must_use]
    pub fn known(&self, selector: &StoreSelector, bound: Option<StoreId>) -> Option<StoreId> {
        match (selector, bound) {
            (StoreSelector::Default, Some(own)) => Some(own),
            _ => self.remembered(selector.name()).filter(|store| bound.is_none_or(|own| own == *store)),
        }
    }

    fn remembered(&self, name: &str) -> Option<StoreId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    fn look_up(&self, conn: &mut PgConnection, name: &str) -> Result<StoreId, Halt> {
        if let Some(store) = self.remembered(name) {
            return Ok(store);
        }
        let store = find_store(conn, name)?.ok_or_else(|| not_found(name))?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), store);
        Ok(store)
    }
}

impl StoreSelector {
    /// What a header, a path or a body names. Codes are the same in any case.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::Named(name.to_ascii_uppercase())
    }

    /// The empty name means the default.
    fn name(&self) -> &str {
        match self {
            Self::Default => "",
            Self::Named(name) => name,
        }
    }
}

fn find_store(conn: &mut PgConnection, name: &str) -> QueryResult<Option<StoreId>> {
    if text::has_control(name) {
        return Ok(None);
    }
    let query = stores::table.select(stores::id).order(stores::id).limit(1).into_boxed();
    let query = if name.is_empty() {
        query
    } else if id::is_digits(name) {
        query.filter(stores::id.eq(StoreId::from_path(name).0))
    } else {
        query.filter(stores::code.eq(name.to_owned()))
    };
    query.first::<i64>(conn).optional().map(|found| found.map(StoreId))
}

fn not_found(name: &str) -> ApiError {
    if name.is_empty() {
        ApiError::new(Code::StoreNotFound, "There is no store yet.")
    } else {
        ApiError::not_found(Code::StoreNotFound, format_args!("Store '{name}'"))
    }
}
