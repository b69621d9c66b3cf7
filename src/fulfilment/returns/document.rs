//! A locked return. Its lock protects its lines, too.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::queries::documents::{self, Return};
use super::return_ref::ReturnRef;
use super::status::ReturnStatus;
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::history_step::HistoryStep;

/// The return that a request names, and the version that its caller expects.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: ReturnRef,
    pub expected_version: Option<ExpectedVersion>,
}

impl Target {
    #[must_use]
    pub fn from_path(segment: &str, expected_version: Option<ExpectedVersion>) -> Self {
        Self { name: ReturnRef::from_path(segment), expected_version }
    }
}

pub struct LockedReturn {
    pub document: Return,
}

/// The change of a return, for the history and the audit.
#[derive(Clone, Copy, Debug)]
pub struct DocumentChange<'a> {
    pub action: Action,
    /// The participle of the change, such as `approved`.
    pub done: &'a str,
    pub reason: Option<&'a str>,
}

impl LockedReturn {
    /// Locks a return. Refuses an outdated version.
    pub fn lock(conn: &mut PgConnection, scope: &Scope, target: &Target) -> Result<Self, Abort> {
        let document = documents::find_for_update(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
        if target.expected_version.is_some_and(|expected| !expected.is(document.version)) {
            let detail = format!("Return {} has version {} by now.", document.return_number, document.version);
            return Err(ApiError::new(Code::StaleDocument, detail).into());
        }
        Ok(Self { document })
    }

    /// Writes the return with its new status, a row of its history if the status changed, and an audit entry.
    pub fn write(
        &mut self,
        conn: &mut PgConnection,
        scope: &Scope,
        (to, change): (ReturnStatus, &DocumentChange<'_>),
        at: DateTime<Utc>,
    ) -> Result<(), Abort> {
        let document = &mut self.document;
        let before = document.status;
        document.status = to;
        document.version = document.version.saturating_add(1);
        document.updated_at = at;
        documents::update(conn, scope.store, document)?;
        if to != before {
            append_step(conn, scope, document, (Some(before), change.reason))?;
        }
        append_audit(conn, scope, document, change)
    }
}

/// Appends the present status of a return to its history.
pub fn append_step(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &Return,
    (before, reason): (Option<ReturnStatus>, Option<&str>),
) -> Result<(), Abort> {
    let (reason, at) = (reason.map(ToOwned::to_owned), document.updated_at);
    let step = HistoryStep { from: before, to: document.status, reason, actor: scope.actor(), at };
    Ok(documents::append_history(conn, scope.store, document.id, &step)?)
}

/// Records a change in the audit.
pub fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &Return,
    change: &DocumentChange<'_>,
) -> Result<(), Abort> {
    let detail = format!("Return {} {}", document.return_number, change.done);
    let entry = NewAuditEntry { entity: Entity::Return, entity_id: document.id.0, action: change.action, detail };
    Ok(audit::queries::append(conn, scope, &entry, document.updated_at)?)
}

/// The 404 error for a return.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::ReturnNotFound, "The return")
}
