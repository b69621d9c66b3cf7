//! The accounts whose access tokens were revoked recently, and the sessions of browsers that were ended recently.
//!
//! A token carries the version of its account, and revoking the tokens raises the version. Every server keeps the
//! accounts whose version was raised within the lifetime of a token. So checking a token needs no statement. The
//! server that raises a version reads it at once; the others read every second. If the last read is too old, the
//! account has to be read for each request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use tokio::sync::watch;

use super::queries;
use super::token::Bearer;
use crate::db::{self, Database, DatabaseOptions, Failure};
use crate::kernel::id::UserId;
use crate::settings::Auth;

/// Longer than any transaction. A transaction that commits late may have read the clock before others that are
/// already known. It also covers the wrong clock of another server: a token may be valid longer by this time.
pub const MARGIN_SECONDS: i64 = 120;
const MARGIN: Duration = Duration::from_secs(MARGIN_SECONDS.unsigned_abs());

/// The raised versions that unexpired tokens can be older than.
pub struct TokenVersions {
    /// A separate connection, so that a full queue of requests does not delay revocations.
    database: Database,
    lifetime: Duration,
    /// The time for which a read is recent.
    max_age: Duration,
    raised: RwLock<HashMap<UserId, Raised>>,
    /// The ended sessions of browsers, with the time when this server learned of it.
    ended_cookies: RwLock<HashMap<i64, Instant>>,
    /// Notified when this server has learned of revoked tokens or ended sessions.
    revocations: watch::Sender<()>,
    last_read: Mutex<Option<LastRead>>,
}

#[derive(Clone, Copy)]
struct Raised {
    version: i64,
    seen: Instant,
}

/// The next read begins at the database's clock of the last one. The clock of a server stands still while it is
/// suspended.
#[derive(Clone, Copy)]
struct LastRead {
    started: Instant,
    database_clock: DateTime<Utc>,
}

impl TokenVersions {
    /// The set is empty until the first refresh.
    pub fn new(database: &Database, options: DatabaseOptions, auth: &Auth) -> Self {
        Self {
            database: database.beside(DatabaseOptions { pool_size: 1, ..options }),
            lifetime: Duration::from_secs(auth.access_ttl_seconds.unsigned_abs()).saturating_add(MARGIN),
            max_age: Duration::from_secs(auth.revocation_seconds),
            raised: RwLock::default(),
            ended_cookies: RwLock::default(),
            revocations: watch::Sender::new(()),
            last_read: Mutex::default(),
        }
    }

    /// True if it is known that the account's tokens have been revoked since this one was signed, or that the session of
    /// the cookie was ended.
    pub fn is_revoked(&self, bearer: &Bearer) -> bool {
        if bearer.cookie.is_some() && bearer.session.is_some_and(|session| self.is_ended(session)) {
            return true;
        }
        let raised = self.raised.read().unwrap_or_else(PoisonError::into_inner);
        raised.get(&bearer.user).is_some_and(|raised| bearer.version < raised.version)
    }

    /// Follows the revocations that this server learns of.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.revocations.subscribe()
    }

    fn is_ended(&self, session: i64) -> bool {
        self.ended_cookies.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// True if the versions were read recently. Otherwise a token may have been revoked without this server's
    /// knowledge.
    pub fn is_recent(&self) -> bool {
        self.last_read().is_some_and(|last| last.started.elapsed() < self.max_age)
    }

    /// Reads the versions that were raised since the last call. It must be called after the commit of a transaction
    /// that revokes tokens. Returns the number of accounts that were not known.
    pub async fn refresh(&self) -> Result<usize, Failure> {
        let started = Instant::now();
        let (last, lifetime) = (self.last_read(), self.lifetime);
        let read = move |conn: &mut PgConnection| {
            let now = db::clock(conn)?;
            let since = last.map_or_else(|| before(now, lifetime), |last| before(last.database_clock, MARGIN));
            Ok((now, queries::list_raised_versions(conn, since)?, queries::sessions::list_ended_cookies(conn, since)?))
        };
        let (database_clock, raised, ended) = self.database.read_internally("list_raised_versions", read).await?;
        let has_new_ended = self.keep_ended(ended, started);
        let new = self.keep(raised, started);
        if has_new_ended || new > 0 {
            self.revocations.send_replace(());
        }
        let last_read = LastRead { started, database_clock };
        *self.last_read.lock().unwrap_or_else(PoisonError::into_inner) = Some(last_read);
        Ok(new)
    }

    /// The same after a committed change, where a failed read must not fail the request: the job reads again.
    pub async fn refresh_after_commit(&self) {
        if let Err(error) = self.refresh().await {
            log::warn!(error:% = error; "revoked tokens could not be read");
        }
    }

    fn last_read(&self) -> Option<LastRead> {
        *self.last_read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if some of the sessions were not known.
    fn keep_ended(&self, found: Vec<i64>, seen: Instant) -> bool {
        let mut ended = self.ended_cookies.write().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, known| seen.saturating_duration_since(*known) <= self.lifetime);
        let known = ended.len();
        ended.extend(found.into_iter().map(|session| (session, seen)));
        ended.len() > known
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

fn before(time: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    let earlier = TimeDelta::from_std(duration).ok().and_then(|duration| time.checked_sub_signed(duration));
    earlier.unwrap_or_default().max(DateTime::UNIX_EPOCH)
}
