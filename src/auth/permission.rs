//! The closed list of permissions, and the access rules of routes.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::error::{ApiError, Code};
use crate::kernel::schema::{schemas, words};

macro_rules! permissions {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// A permission of staff.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr,
            VariantArray,
        )]
        #[strum(const_into_str)]
        pub enum Permission {
            $(#[serde(rename = $text)] #[strum(serialize = $text)] $name,)+
        }
    };
}

impl Permission {
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// 403 that names it.
    pub fn missing(self) -> ApiError {
        ApiError::new(Code::Forbidden, format!("The permission {} is missing.", self.as_str()))
    }
}

permissions! {
    OrdersRead = "orders:read",
    OrdersCreate = "orders:create",
    OrdersUpdate = "orders:update",
    OrdersDiscount = "orders:discount",
    PaymentsConfirm = "payments:confirm",
    InventoryRead = "inventory:read",
    InventoryUpdate = "inventory:update",
    InventoryCount = "inventory:count",
    InventoryApprove = "inventory:approve",
    PurchasingManage = "purchasing:manage",
    ProductsWrite = "products:write",
    ReportsRead = "reports:read",
    AuditRead = "audit:read",
    EventsRead = "events:read",
    UsersManage = "users:manage",
    StoresManage = "stores:manage",
    WebhooksManage = "webhooks:manage",
    AlertsManage = "alerts:manage",
}

schemas! {
    Permission: words::<Permission>().description(Some("The permissions that staff can be granted."));
}

/// A set of permissions, ordered as in the list and without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(from = "Vec<Permission>")]
pub struct Permissions(Vec<Permission>);

impl From<Vec<Permission>> for Permissions {
    fn from(mut permissions: Vec<Permission>) -> Self {
        permissions.sort_unstable();
        permissions.dedup();
        Self(permissions)
    }
}

impl Permissions {
    pub fn all() -> Self {
        Self(Permission::VARIANTS.to_vec())
    }

    pub fn contains(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// The first permission that `self` has and `other` lacks.
    pub fn beyond(&self, other: &Self) -> Option<Permission> {
        self.0.iter().copied().find(|permission| !other.contains(*permission))
    }
}

/// The callers that may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// All callers; a token is ignored.
    Anonymous,
    /// All callers; a token, if present, must be valid.
    Public,
    /// Customers, guests, and staff with `orders:create` who buy for others.
    Buyer,
    /// The owner of the entity, a caller with its token, and staff with the permission. The owner is known only after
    /// the entity is found. Until then, an account, a token or the permission is required.
    Holder(Permission),
    /// All callers with an account.
    User,
    /// Customers for what is theirs, staff with the permission, and admins.
    OwnOr(Permission),
    /// Staff with the permission, and admins.
    Permission(Permission),
    /// Staff with one of the permissions, and admins.
    Either(Permission, Permission),
    /// Staff with any of the permissions, and admins. The handler checks the one that the request needs.
    Any(&'static [Permission]),
    /// Admins.
    Admin,
}
