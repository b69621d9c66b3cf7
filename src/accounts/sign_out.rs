//! Signing an account out.

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};

use super::queries::{sessions, users};
use crate::kernel::id::UserId;

/// Ends everything that the account is signed in with: its access tokens, by a higher version, and its refresh
/// tokens, except those of the family that is kept. The account's row must have been locked.
///
/// After the commit, [`TokenVersions::refresh`](crate::auth::token_versions::TokenVersions::refresh) makes this
/// server refuse the access tokens at once; other servers do within two seconds.
pub fn sign_out(conn: &mut PgConnection, user: UserId, kept_family: Option<i64>, at: DateTime<Utc>) -> QueryResult<()> {
    users::raise_token_version(conn, user, at)?;
    sessions::revoke_user(conn, user, kept_family, at)
}
