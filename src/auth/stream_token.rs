//! The access token or cookie of a stream, which ends with it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::watch;

use super::queries;
use super::token::Bearer;
use super::token_versions::TokenVersions;
use crate::db::{Database, Failure};

/// A token is checked again after this time.
pub const CHECKED_EVERY: Duration = Duration::from_secs(1);

/// The session of a cookie is read again after this time, because it ends if it is not used.
const SESSION_READ_EVERY: Duration = Duration::from_secs(30);

/// The token of a request that was authorized, and whose response goes on. A token ends at once when its account loses a
/// permission, and a cookie when its session ends.
pub struct StreamToken {
    bearer: Bearer,
    versions: Arc<TokenVersions>,
    database: Database,
    read: Mutex<Instant>,
}

impl StreamToken {
    #[must_use]
    pub fn new(bearer: Bearer, versions: Arc<TokenVersions>, database: &Database) -> Self {
        Self { bearer, versions, database: database.with_one_retry(), read: Mutex::new(Instant::now()) }
    }

    /// Follows the revocations of tokens. Each may be that of this one.
    pub fn revocations(&self) -> watch::Receiver<()> {
        self.versions.watch()
    }

    /// True if the token has expired, or is known to be revoked. It needs no statement.
    pub fn is_known_to_have_ended(&self) -> bool {
        self.bearer.expires_at <= Utc::now().timestamp() || self.versions.is_revoked(&self.bearer)
    }

    /// True if the token has expired or was revoked. A server that has not read the revoked tokens recently reads the
    /// account.
    pub async fn has_ended(&self) -> bool {
        if self.is_known_to_have_ended() {
            return true;
        }
        if self.versions.is_recent() && !self.is_session_due() {
            return false;
        }
        // Without the database, nothing new is sent.
        self.database.read_internally("find_account", is_gone(self.bearer)).await.unwrap_or(false)
    }

    /// True if it is time to read the session of the cookie.
    fn is_session_due(&self) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = self.bearer.cookie.is_some() && read.elapsed() >= SESSION_READ_EVERY;
        if is_due {
            *read = Instant::now();
        }
        is_due
    }
}

fn is_gone(bearer: Bearer) -> impl Fn(&mut diesel::PgConnection) -> Result<bool, Failure> + Send + 'static {
    move |conn| match bearer.cookie {
        Some(hash) => Ok(queries::find_live_cookie(conn, &hash)?.is_none()),
        None => Ok(queries::find_active_account(conn, bearer.user, bearer.version)?.is_none()),
    }
}
