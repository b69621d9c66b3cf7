//! The caller of a request.

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

/// A caller with a valid token, or a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    Guest,
    User(Account),
}

/// The caller's account, as requests need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    pub role: Role,
    /// Granted to staff. Admins have all permissions, customers have none.
    pub permissions: Permissions,
    /// The store to which a staff account belongs.
    pub store: Option<StoreId>,
}

impl Principal {
    pub fn can(&self, permission: Permission) -> bool {
        match self {
            Self::Guest => false,
            Self::User(account) => account.permissions.contains(permission),
        }
    }

    pub fn is_admin(&self) -> bool {
        matches!(self, Self::User(account) if account.role == Role::Admin)
    }

    /// The account, on routes that admit only callers with an account.
    pub fn account(&self) -> Result<&Account, ApiError> {
        match self {
            Self::User(account) => Ok(account),
            Self::Guest => Err(ApiError::new(Code::Unauthenticated, "Sign in first.")),
        }
    }

    /// The caller as it is written into history and audit, and as the scope of idempotency keys.
    pub fn actor(&self) -> String {
        match self {
            Self::Guest => "guest".to_owned(),
            Self::User(account) => format!("user:{}", account.id),
        }
    }

    /// The store to which the caller is bound.
    pub fn bound_store(&self) -> Option<StoreId> {
        match self {
            Self::Guest => None,
            Self::User(account) => account.store,
        }
    }
}

/// The actor of the server's own changes.
pub const SYSTEM: &str = "system";
