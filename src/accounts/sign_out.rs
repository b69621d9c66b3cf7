//! Signs an account out.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};

use super::queries::{sessions, users};
use crate::kernel::id::UserId;

/// Ends all sessions of the account: a higher version revokes its access tokens, and its refresh tokens end, except
/// those of the kept family. The caller must have locked the account's row.
///
/// After the commit, [`TokenVersions::refresh`](crate::auth::token_versions::TokenVersions::refresh) makes this
/// server refuse the access tokens at once. Other servers do so within two seconds.
pub fn sign_out(conn: &mut PgConnection, user: UserId, kept_family: Option<i64>, at: DateTime<Utc>) -> QueryResult<()> {
    users::raise_token_version(conn, user, at)?;
    sessions::revoke_user(conn, user, kept_family, at)
}
