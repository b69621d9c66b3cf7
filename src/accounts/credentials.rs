//! Sets a new password, and ends everything that was opened with the old one.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};

use super::queries::{password_resets, users};
use super::user::User;
use crate::auth::queries::sessions;
use crate::error::Abort;
use crate::kernel::id::UserId;
use crate::settings::Secret;

/// Sets the password of the account. Ends its sessions, except the kept one, and its mailed link. The caller must
/// have locked the account.
pub fn set_password(
    conn: &mut PgConnection,
    user: &User,
    password_hash: Secret,
    kept_family: Option<i64>,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let changed = User { password_hash, updated_at: at, ..user.clone() };
    users::update_user(conn, &changed)?;
    sign_out(conn, user.id, kept_family, at)?;
    password_resets::delete_reset(conn, user.id)?;
    Ok(())
}

/// Ends all sessions of the account: a higher version revokes its access tokens, and its refresh tokens and cookies
/// end, except those of the kept session. The caller must have locked the account's row.
///
/// After the commit, [`TokenVersions::refresh`](crate::auth::token_versions::TokenVersions::refresh) makes this
/// server refuse the access tokens and cookies at once. Other servers do so within two seconds.
pub fn sign_out(conn: &mut PgConnection, user: UserId, kept_family: Option<i64>, at: DateTime<Utc>) -> QueryResult<()> {
    users::raise_token_version(conn, user, at)?;
    sessions::revoke_user(conn, user, kept_family, at)
}
