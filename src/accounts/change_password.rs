//! Sets a new password, and ends everything that was opened with the old one.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::queries::{password_resets, users};
use super::sign_out::sign_out;
use super::user::User;
use crate::error::Abort;
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
