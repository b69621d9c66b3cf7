//! Creates an account from the command line, where no user is signed in.

use diesel::PgConnection;

use super::email::Email;
use super::queries::users;
use super::user::{NewUser, User, check_grantable};
use crate::audit;
use crate::auth::context::PLATFORM;
use crate::auth::{Permissions, Role, password, principal};
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::StoreId;
use crate::settings::Secret;
use crate::stores::queries as stores;

/// A new account, as the command line gives it.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    pub email: &'a str,
    pub password: Secret,
    pub full_name: Option<String>,
    pub role: Role,
    /// The permissions of a staff account.
    pub permissions: Permissions,
    /// The code of the store to which a staff account belongs.
    pub store: Option<&'a str>,
}

/// Creates an account in the caller's transaction. Refuses the same input as `POST /users`.
pub fn create_user(conn: &mut PgConnection, account: &NewAccount<'_>) -> Result<User, Abort> {
    let email = Email::parse(account.email).map_err(|message| ApiError::field("email", message))?;
    check_grantable(account.role, &account.permissions)?;
    password::check_strength("password", account.password.reveal())?;
    let new = NewUser {
        email,
        password_hash: Secret::new(password::hash_now(account.password.reveal())?),
        full_name: account.full_name.clone(),
        role: account.role,
        permissions: account.permissions.clone(),
        active: true,
    };
    let store = store_of(conn, account)?;
    let at = db::clock(conn)?;
    let user = users::insert_user(conn, &new, store, at)?.ok_or_else(users::email_taken)?;
    audit::append_by(conn, store, principal::SYSTEM, &user.creation_entry(), at)?;
    Ok(user)
}

fn store_of(conn: &mut PgConnection, account: &NewAccount<'_>) -> Result<StoreId, Abort> {
    match (account.role, account.store) {
        (_, Some(code)) => stores::find_by_code(conn, code)?
            .ok_or_else(|| ApiError::not_found(Code::StoreNotFound, format_args!("Store '{code}'")).into()),
        (Role::Staff, None) => Err(ApiError::field("store", "is needed for the role staff").into()),
        (Role::Admin | Role::Customer, None) => Ok(stores::find_default(conn)?.unwrap_or(PLATFORM)),
    }
}
