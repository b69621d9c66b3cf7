//! The one who is asking.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::permission::{Permission, Permissions};
use crate::error::{ApiError, Code};
use crate::kernel::id::{StoreId, UserId};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The role of an account.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Role {
        Customer,
        Staff,
        Admin,
    }
}

/// A caller whose token was good, or a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    Guest,
    User(Account),
}

/// What a request needs to know of its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    pub role: Role,
    /// Granted ones for staff, all for admins, none for customers.
    pub permissions: Permissions,
    /// The store that staff belong to.
    pub store: Option<StoreId>,
}

impl Principal {
    #[must_use]
    pub fn can(&self, permission: Permission) -> bool {
        match self {
            Self::Guest => false,
            Self::User(account) => account.permissions.contains(permission),
        }
    }

    #[must_use]
    pub fn is_admin(&self) -> bool {
        matches!(self, Self::User(account) if account.role == Role::Admin)
    }

    /// The account, where the route let nobody in without one.
    pub fn account(&self) -> Result<&Account, ApiError> {
        match self {
            Self::User(account) => Ok(account),
            Self::Guest => Err(ApiError::new(Code::Unauthenticated, "Sign in first.")),
        }
    }

    /// As it is written into history and audit, and as keys of requests are scoped.
    #[must_use]
    pub fn actor(&self) -> String {
        match self {
            Self::Guest => "guest".to_owned(),
            Self::User(account) => format!("user:{}", account.id),
        }
    }

    /// The store that the caller is bound to.
    #[must_use]
    pub fn bound_store(&self) -> Option<StoreId> {
        match self {
            Self::Guest => None,
            Self::User(account) => account.store,
        }
    }
}

/// The actor of what the server does on its own.
pub const SYSTEM: &str = "system";
