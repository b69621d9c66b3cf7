//! Which accounts have ended their access tokens lately.
//!
//! A token carries the version of its account, and ending the tokens raises the version. Every server keeps the
//! accounts whose version was raised within the lifetime of a token, so that checking a token asks no database.
//! The server that raises a version reads it at once; the others read every second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::queries;
use super::token::Bearer;
use crate::db::{Database, DatabaseOptions, Failure};
use crate::kernel::id::UserId;

/// Longer than a transaction can take: one that commits late has read the clock before others that were seen.
/// It also covers a clock of another server that is behind.
const MARGIN: Duration = Duration::from_secs(120);

/// The raised versions that unexpired tokens can be older than.
pub struct TokenVersions {
    /// A connection of its own, so that a full queue for the others delays nobody's end.
    database: Database,
    lifetime: Duration,
    raised: RwLock<HashMap<UserId, Raised>>,
    last_read: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy)]
struct Raised {
    version: i64,
    seen: Instant,
}

impl TokenVersions {
    /// For tokens of this lifetime. Knows nothing before it is refreshed.
    #[must_use]
    pub fn new(database: &Database, options: DatabaseOptions, lifetime: Duration) -> Self {
        Self {
            database: database.beside(DatabaseOptions { pool_size: 1, ..options }),
            lifetime: lifetime.saturating_add(MARGIN),
            raised: RwLock::default(),
            last_read: Mutex::default(),
        }
    }

    /// Whether the tokens of the account have not been ended since this one was signed.
    #[must_use]
    pub fn is_current(&self, bearer: &Bearer) -> bool {
        let raised = self.raised.read().unwrap_or_else(PoisonError::into_inner);
        raised.get(&bearer.user).is_none_or(|raised| bearer.version >= raised.version)
    }

    /// Reads the versions that were raised since the last time. To be called after the commit of a
    /// transaction that ends tokens. Returns how many accounts it had not known.
    pub async fn refresh(&self) -> Result<usize, Failure> {
        let started = Instant::now();
        let last_read = *self.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        let since = last_read.map_or(self.lifetime, |last| started.duration_since(last).saturating_add(MARGIN));
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let read = move |conn: &mut _| Ok(queries::list_raised_versions(conn, seconds)?);
        let found = self.database.read("list_raised_versions", read).await?;
        let new = self.keep(found, started);
        *self.last_read.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        Ok(new)
    }

    /// The same where the change stands whatever happens: the job reads what could not be read now.
    pub async fn refresh_after_commit(&self) {
        if let Err(error) = self.refresh().await {
            log::warn!(error:% = error; "ended tokens could not be read");
        }
    }

    fn keep(&self, found: Vec<(UserId, i64)>, seen: Instant) -> usize {
        let mut raised = self.raised.write().unwrap_or_else(PoisonError::into_inner);
        raised.retain(|_, raised| seen.saturating_duration_since(raised.seen) <= self.lifetime);
        let mut new: usize = 0;
        for (user, version) in found {
            if raised.get(&user).is_none_or(|known| known.version < version) {
                raised.insert(user, Raised { version, seen });
                new = new.saturating_add(1);
            }
        }
        new
    }
}
