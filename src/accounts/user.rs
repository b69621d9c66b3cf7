//! Accounts, and the rules for changing them.

use chrono::{DateTime, Utc};

use super::email::Email;
use crate::audit::{Action, Entity, NewAuditEntry};
use crate::auth::{Permissions, Role};
use crate::error::ApiError;
use crate::kernel::id::{StoreId, UserId};
use crate::settings::Secret;

/// An account.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub password_hash: Secret,
    pub full_name: Option<String>,
    pub role: Role,
    /// Granted to staff. Admins have all permissions, customers have none.
    pub permissions: Permissions,
    /// The store to which a staff account belongs.
    pub store: Option<StoreId>,
    pub active: bool,
    /// The version that new access tokens carry. Tokens with an older version are revoked.
    pub token_version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A new account.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub email: Email,
    pub password_hash: Secret,
    pub full_name: Option<String>,
    pub role: Role,
    /// The permissions of a staff account.
    pub permissions: Permissions,
    pub active: bool,
}

/// The changes to an account. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub email: Option<Email>,
    pub password_hash: Option<Secret>,
    pub full_name: Option<Option<String>>,
    pub role: Option<Role>,
    pub permissions: Option<Permissions>,
    pub active: Option<bool>,
}

/// The result of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub fields: Vec<&'static str>,
    /// True if the account's sessions must be revoked.
    pub ends_sessions: bool,
    /// True if the mailed password link must be revoked, because the e-mail address or the password changed.
    pub ends_links: bool,
}

/// Refuses permissions for roles other than staff: admins have all permissions and customers none.
pub fn check_grantable(role: Role, granted: &Permissions) -> Result<(), ApiError> {
    if role == Role::Staff || *granted == Permissions::default() {
        Ok(())
    } else {
        Err(ApiError::field("permissions", "are for the role staff only"))
    }
}

impl UserChange {
    /// True if the change could end tokens of the account. It could remove an administrator, too.
    pub fn may_end_access(&self) -> bool {
        let Self { password_hash, role, permissions, active, .. } = self;
        *active == Some(false) || role.is_some() || permissions.is_some() || password_hash.is_some()
    }
}

impl User {
    pub fn is_active_admin(&self) -> bool {
        self.active && self.role == Role::Admin
    }

    /// The audit entry of the account's creation.
    pub fn creation_entry(&self) -> NewAuditEntry {
        self.entry(Action::Create, format!("User {} created with the role {}", self.id, self.role.as_str()))
    }

    /// The audit entry of a change to the account. `changed` names the changed parts.
    pub fn update_entry(&self, changed: &str) -> NewAuditEntry {
        self.entry(Action::Update, format!("User {} updated: {changed}", self.id))
    }

    fn entry(&self, action: Action, detail: String) -> NewAuditEntry {
        NewAuditEntry { entity: Entity::User, entity_id: self.id.0, action, detail }
    }

    /// Changes the account in memory. An account that becomes staff belongs to the given store.
    pub fn apply(&mut self, change: &UserChange, store: StoreId) -> Result<Changed, ApiError> {
        let before = self.clone();
        let role = change.role.unwrap_or(self.role);
        let kept = if role == self.role { self.permissions.clone() } else { Permissions::default() };
        if let Some(granted) = &change.permissions {
            check_grantable(role, granted)?;
        }
        self.role = role;
        self.permissions = match role {
            Role::Admin => Permissions::all(),
            Role::Staff => change.permissions.clone().unwrap_or(kept),
            Role::Customer => Permissions::default(),
        };
        self.store = (role == Role::Staff).then(|| self.store.unwrap_or(store));
        if let Some(email) = &change.email {
            self.email = email.as_str().to_owned();
        }
        if let Some(hash) = &change.password_hash {
            self.password_hash = hash.clone();
        }
        if let Some(full_name) = &change.full_name {
            self.full_name.clone_from(full_name);
        }
        self.active = change.active.unwrap_or(self.active);
        Ok(self.since(&before))
    }

    fn since(&self, before: &Self) -> Changed {
        let locked_out = before.active && !self.active;
        let password = self.password_hash.reveal() != before.password_hash.reveal();
        let role = self.role != before.role;
        let permissions = self.permissions != before.permissions;
        let fields = [
            ("email", self.email != before.email),
            ("password", password),
            ("full_name", self.full_name != before.full_name),
            ("role", role),
            ("permissions", permissions),
            ("active", self.active != before.active),
        ];
        Changed {
            fields: fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect(),
            ends_sessions: locked_out || password || role || permissions,
            ends_links: locked_out || password || self.email != before.email,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::auth::Permission;

    /// A member of staff, with the id 1.
    pub(in crate::accounts) fn staff() -> User {
        User {
            id: UserId(1),
            email: "ann@example.com".into(),
            password_hash: Secret::new("old".into()),
            full_name: None,
            role: Role::Staff,
            permissions: vec![Permission::OrdersRead].into(),
            store: Some(StoreId(7)),
            active: true,
            token_version: 0,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn to_role(role: Role) -> UserChange {
        UserChange { role: Some(role), ..UserChange::default() }
    }

    #[test]
    fn a_new_role_removes_the_old_permissions_and_the_store() {
        let mut user = staff();
        let changed = user.apply(&to_role(Role::Customer), StoreId(1)).unwrap();
        assert_eq!((user.store, user.permissions.clone()), (None, Permissions::default()));
        assert_eq!(changed, Changed { fields: vec!["role", "permissions"], ends_sessions: true, ends_links: false });
        user.apply(&to_role(Role::Staff), StoreId(1)).unwrap();
        assert_eq!(user.store, Some(StoreId(1)));
        user.apply(&to_role(Role::Admin), StoreId(1)).unwrap();
        assert_eq!((user.store, user.permissions), (None, Permissions::all()));
    }

    #[test]
    fn small_changes_keep_the_store_and_the_sessions_of_staff() {
        let mut user = staff();
        let change = UserChange { full_name: Some(Some("Ann".into())), ..to_role(Role::Staff) };
        let changed = user.apply(&change, StoreId(1)).unwrap();
        assert_eq!(changed, Changed { fields: vec!["full_name"], ..Changed::default() });
        assert_eq!(user.store, Some(StoreId(7)));
        let out = user.apply(&UserChange { active: Some(false), ..UserChange::default() }, StoreId(1)).unwrap();
        assert!(out.ends_sessions);
        let password = UserChange { password_hash: Some(Secret::new("new".into())), ..UserChange::default() };
        assert!(user.apply(&password, StoreId(1)).unwrap().ends_sessions);
    }

    #[test]
    fn only_staff_are_granted_permissions() {
        let granted = Some(Permissions::from(vec![Permission::OrdersRead]));
        for role in [Role::Customer, Role::Admin] {
            let change = UserChange { permissions: granted.clone(), ..to_role(role) };
            assert!(staff().apply(&change, StoreId(1)).is_err());
            let none = UserChange { permissions: Some(Permissions::default()), ..to_role(role) };
            assert!(staff().apply(&none, StoreId(1)).is_ok());
        }
    }
}
