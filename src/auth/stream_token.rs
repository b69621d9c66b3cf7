//! The access token of a stream, which ends with it.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;

use super::queries;
use super::token::Bearer;
use super::token_versions::TokenVersions;
use crate::db::Database;

/// A token is checked again after this time.
pub const CHECKED_EVERY: Duration = Duration::from_secs(1);

/// The token of a request that was authorized, and whose response goes on. A token ends at once when its account loses a
/// permission.
pub struct StreamToken {
    bearer: Bearer,
    versions: Arc<TokenVersions>,
    database: Database,
}

impl StreamToken {
    #[must_use]
    pub fn new(bearer: Bearer, versions: Arc<TokenVersions>, database: &Database) -> Self {
        Self { bearer, versions, database: database.without_patience() }
    }

    /// True if the token has expired or was revoked. A server that has not read the revoked tokens recently reads the
    /// account.
    pub async fn has_ended(&self) -> bool {
        if self.bearer.expires_at <= Utc::now().timestamp() || self.versions.is_revoked(&self.bearer) {
            return true;
        }
        if self.versions.is_recent() {
            return false;
        }
        let Bearer { user, version, .. } = self.bearer;
        let find = move |conn: &mut _| Ok(queries::find_active_account(conn, user, version)?);
        // Without the database, nothing new is sent.
        self.database.read_internally("find_account", find).await.is_ok_and(|account| account.is_none())
    }
}
