//! The rules for creating and changing accounts: users can grant only the permissions that they have.

use super::user::{User, UserChange};
use crate::auth::principal::Account;
use crate::auth::{Permissions, Role};
use crate::db::Failure;
use crate::error::{ApiError, Code};

/// 403 unless the caller may give this role and has all of these permissions.
pub fn check_may_grant(caller: &Account, role: Option<Role>, granted: &Permissions) -> Result<(), ApiError> {
    if caller.role == Role::Admin {
        return Ok(());
    }
    if role.is_some_and(|role| role != Role::Staff) {
        return Err(ApiError::new(Code::Forbidden, "Only the role admin may give this role."));
    }
    match granted.beyond(&caller.permissions) {
        Some(permission) => Err(permission.missing()),
        None => Ok(()),
    }
}

/// Refuses with 404 if the caller may not see the account, and with 403 if it has more permissions than the caller.
/// Refuses with 422 if the change would lock the caller out.
pub fn check_may_change(caller: &Account, user: &User, change: &UserChange) -> Result<(), ApiError> {
    // Admins see every account, staff the staff of their own store.
    let sees = caller.role == Role::Admin || (user.role == Role::Staff && user.store == caller.store);
    if !sees {
        return Err(user_not_found(user.id));
    }
    if let Some(permission) = user.permissions.beyond(&caller.permissions) {
        return Err(permission.missing());
    }
    if user.id == caller.id && change.active == Some(false) {
        return Err(ApiError::field("active", "you can't deactivate yourself"));
    }
    if user.id == caller.id && change.role.is_some_and(|role| role != user.role) {
        return Err(ApiError::field("role", "you can't change your own role"));
    }
    Ok(())
}

/// Refuses with 409 if no administrator who can sign in would remain. All administrators before the change are among
/// `before`.
pub fn check_admin_remains(before: &[User], changed: &User) -> Result<(), ApiError> {
    let mut admins = before.iter().filter(|user| user.is_active_admin()).map(|user| user.id);
    if changed.is_active_admin() || (admins.next(), admins.next()) != (Some(changed.id), None) {
        return Ok(());
    }
    let detail = format!("User {} is the last active administrator. Give this role to another user first.", changed.id);
    Err(ApiError::new(Code::LastAdmin, detail))
}

/// Refuses with 401 if somebody has ended the caller's access, or changed it, while this request waited for the lock.
pub fn check_caller_remains(locked: &[User], caller: &Account) -> Result<(), ApiError> {
    let may_still = |user: &User| {
        let has_same = caller.role == Role::Admin || user.permissions == caller.permissions;
        user.id == caller.id && user.active && user.role == caller.role && has_same
    };
    if locked.iter().any(may_still) { Ok(()) } else { Err(Failure::TokenEnded.into()) }
}

/// The 404 error for an account.
pub fn user_not_found(id: impl std::fmt::Display) -> ApiError {
    ApiError::not_found(Code::UserNotFound, format_args!("User {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::user::tests::staff;
    use crate::auth::Permission::{OrdersRead, ReportsRead, UsersManage};
    use crate::kernel::id::{StoreId, UserId};

    fn caller(role: Role, permissions: Permissions, store: Option<i64>) -> Account {
        Account { id: UserId(1), role, permissions, store: store.map(StoreId) }
    }

    fn manager() -> Account {
        caller(Role::Staff, vec![UsersManage, OrdersRead].into(), Some(1))
    }

    fn user(id: i64, role: Role, permissions: Permissions, store: Option<i64>) -> User {
        User { id: UserId(id), role, permissions, store: store.map(StoreId), ..staff() }
    }

    fn code(result: Result<(), ApiError>) -> Option<Code> {
        result.err().map(|refusal| refusal.code)
    }

    #[test]
    fn users_cannot_grant_permissions_that_they_lack() {
        let may = |role, granted: Permissions| code(check_may_grant(&manager(), role, &granted));
        assert_eq!(may(Some(Role::Staff), vec![OrdersRead].into()), None);
        assert_eq!(may(None, vec![OrdersRead, ReportsRead].into()), Some(Code::Forbidden));
        assert_eq!(may(Some(Role::Admin), Permissions::default()), Some(Code::Forbidden));
        assert_eq!(may(Some(Role::Customer), Permissions::default()), Some(Code::Forbidden));
        let admin = caller(Role::Admin, Permissions::all(), None);
        assert_eq!(code(check_may_grant(&admin, Some(Role::Admin), &Permissions::all())), None);
    }

    #[test]
    fn staff_change_only_staff_of_their_store_with_no_more_permissions() {
        let may = |user: &User| code(check_may_change(&manager(), user, &UserChange::default()));
        assert_eq!(may(&user(2, Role::Staff, vec![OrdersRead].into(), Some(1))), None);
        assert_eq!(may(&user(2, Role::Staff, vec![ReportsRead].into(), Some(1))), Some(Code::Forbidden));
        assert_eq!(may(&user(2, Role::Staff, vec![OrdersRead].into(), Some(2))), Some(Code::UserNotFound));
        assert_eq!(may(&user(2, Role::Customer, Permissions::default(), None)), Some(Code::UserNotFound));
        assert_eq!(may(&user(2, Role::Admin, Permissions::all(), None)), Some(Code::UserNotFound));
    }

    #[test]
    fn the_last_administrator_stays() {
        let mut admin = user(1, Role::Admin, Permissions::all(), None);
        let other = user(2, Role::Admin, Permissions::all(), None);
        let (alone, two) = (vec![admin.clone()], vec![admin.clone(), other.clone()]);
        assert_eq!(code(check_admin_remains(&alone, &admin)), None);
        admin.active = false;
        assert_eq!(code(check_admin_remains(&alone, &admin)), Some(Code::LastAdmin));
        assert_eq!(code(check_admin_remains(&two, &admin)), None);
        assert_eq!(code(check_admin_remains(&[other, admin.clone()], &admin)), None);
        let clerk = user(1, Role::Staff, Permissions::default(), Some(1));
        assert_eq!(code(check_admin_remains(&alone, &clerk)), Some(Code::LastAdmin));
    }

    #[test]
    fn a_caller_whose_access_was_ended_changes_nobody() {
        let remains = |locked: User, caller: &Account| code(check_caller_remains(&[locked], caller));
        let (clerk, permissions): (_, Permissions) = (manager(), vec![UsersManage, OrdersRead].into());
        let same = user(1, Role::Staff, permissions.clone(), Some(1));
        assert_eq!(remains(same.clone(), &clerk), None);
        assert_eq!(remains(User { active: false, ..same.clone() }, &clerk), Some(Code::Unauthenticated));
        assert_eq!(remains(User { id: UserId(2), ..same }, &clerk), Some(Code::Unauthenticated));
        let less = user(1, Role::Staff, vec![UsersManage].into(), Some(1));
        assert_eq!(remains(less, &clerk), Some(Code::Unauthenticated));
        assert_eq!(remains(user(1, Role::Customer, permissions, None), &clerk), Some(Code::Unauthenticated));
    }

    #[test]
    fn users_cannot_lock_themselves_out() {
        let admin = caller(Role::Admin, Permissions::all(), None);
        let own = user(1, Role::Admin, Permissions::all(), None);
        let off = UserChange { active: Some(false), ..UserChange::default() };
        let down = UserChange { role: Some(Role::Staff), ..UserChange::default() };
        let same = UserChange { role: Some(Role::Admin), active: Some(true), ..UserChange::default() };
        assert_eq!(code(check_may_change(&admin, &own, &off)), Some(Code::ValidationFailed));
        assert_eq!(code(check_may_change(&admin, &own, &down)), Some(Code::ValidationFailed));
        assert_eq!(code(check_may_change(&admin, &own, &same)), None);
    }
}
