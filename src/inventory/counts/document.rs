//! A locked count. Its lock protects its lines and entries, too.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::count_ref::CountRef;
use super::queries::documents::{self, Count};
use super::queries::lines;
use super::status::CountStatus;
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::history_step::HistoryStep;

/// The count that a request names, and the version that its caller expects.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: CountRef,
    pub expected_version: Option<ExpectedVersion>,
}

pub struct LockedCount {
    pub count: Count,
}

/// The change of a count, for the history and the audit.
#[derive(Clone, Copy, Debug)]
pub struct DocumentChange<'a> {
    pub action: Action,
    /// The participle of the change, such as `submitted`.
    pub done: &'a str,
    pub reason: Option<&'a str>,
}

impl LockedCount {
    /// Locks a count. Refuses an outdated version.
    pub fn lock(conn: &mut PgConnection, scope: &Scope, target: &Target) -> Result<Self, Abort> {
        let count = documents::find_for_update(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
        let version = count.version;
        if target.expected_version.is_some_and(|expected| !expected.is(version)) {
            let detail = format!("Count {} has version {version} by now.", count.count_number);
            return Err(ApiError::new(Code::StaleDocument, detail).into());
        }
        Ok(Self { count })
    }

    /// Writes the count with the status that follows from its lines, a row of its history if the status changed, and an
    /// audit entry.
    pub fn write(
        &mut self,
        conn: &mut PgConnection,
        scope: &Scope,
        change: &DocumentChange<'_>,
        at: DateTime<Utc>,
    ) -> Result<(), Abort> {
        let count = &mut self.count;
        let before = count.status;
        count.status = CountStatus::from_lines(&lines::total(conn, scope.store, count.id)?);
        count.version = count.version.saturating_add(1);
        count.updated_at = at;
        documents::update(conn, scope.store, count)?;
        if count.status != before {
            append_step(conn, scope, count, (Some(before), change.reason), at)?;
        }
        append_audit(conn, scope, count, change, at)
    }
}

/// Appends the present status of a count to its history.
pub fn append_step(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    (before, reason): (Option<CountStatus>, Option<&str>),
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let reason = reason.map(ToOwned::to_owned);
    let step = HistoryStep { from: before, to: count.status, reason, actor: scope.actor(), at };
    Ok(documents::append_history(conn, scope.store, count.id, &step)?)
}

/// Records a change in the audit.
pub fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    change: &DocumentChange<'_>,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let detail = format!("Count {} {}", count.count_number, change.done);
    let entry = NewAuditEntry { entity: Entity::Count, entity_id: count.id.0, action: change.action, detail };
    Ok(audit::queries::append(conn, scope, &entry, at)?)
}

/// The 404 error for a count.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::CountNotFound, "The count")
}
