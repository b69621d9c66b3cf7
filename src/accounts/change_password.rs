//! A new password, and the end of everything that the old one opened.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::queries::{password_resets, users};
use super::sign_out::sign_out;
use super::user::User;
use crate::error::Abort;
use crate::settings::Secret;

/// Gives the account another password. Its sessions end, except the one that is kept, and so does a mailed
/// link. The account must have been locked.
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
