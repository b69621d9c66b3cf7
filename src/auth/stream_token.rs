//! The access token of a stream, which ends with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;

use super::permission::Permission;
use super::principal::Role;
use super::queries;
use super::token::Bearer;
use super::token_versions::TokenVersions;
use crate::db::Database;

/// A token is checked again after this time.
pub const CHECKED_EVERY: Duration = Duration::from_secs(1);

/// The account of staff is read again after this time, because a permission may have been taken away.
const ACCOUNT_READ_EVERY: Duration = Duration::from_secs(15);

/// The token of a stream for customers, and for staff with a permission.
pub struct StreamToken {
    bearer: Bearer,
    permission: Permission,
    versions: Arc<TokenVersions>,
    database: Database,
    account_read: Instant,
}

impl StreamToken {
    /// The token of a request that was authorized just now.
    #[must_use]
    pub fn new(bearer: Bearer, permission: Permission, versions: Arc<TokenVersions>, database: Database) -> Self {
        Self { bearer, permission, versions, database, account_read: Instant::now() }
    }

    /// True if the token has expired or was revoked, or if the account has lost the permission.
    pub async fn has_ended(&mut self) -> bool {
        if self.bearer.expires_at <= Utc::now().timestamp() || self.versions.is_revoked(&self.bearer) {
            return true;
        }
        let is_staff = self.bearer.role != Role::Customer;
        let is_due = is_staff && self.account_read.elapsed() >= ACCOUNT_READ_EVERY;
        if !is_due && self.versions.is_recent() {
            return false;
        }
        self.account_read = Instant::now();
        let Bearer { user, version, .. } = self.bearer;
        let find = move |conn: &mut _| Ok(queries::find_active_account(conn, user, version)?);
        match self.database.without_patience().read_internally("find_account", find).await {
            Ok(Some(account)) => is_staff && !account.permissions.contains(self.permission),
            Ok(None) => true,
            // Without the database, nothing new is sent.
            Err(_outage) => false,
        }
    }
}
