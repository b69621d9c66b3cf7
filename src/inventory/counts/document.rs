//! A locked count. Its lock protects its lines and entries, too.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::queries::documents::{self, Count};
use super::queries::lines;
use super::status::CountStatus;
use crate::audit::document::{Document, DocumentChange, Target};
use crate::audit::words::Entity;
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::CountId;

impl Document for Count {
    fn title(&self) -> String {
        format!("Count {}", self.count_number)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audited_entity(&self) -> (Entity, i64) {
        (Entity::Count, self.id.0)
    }

    fn event_data(&self) -> Value {
        let Self { count_number, location_id, status, version, line_count, .. } = self;
        json!({"count_number": count_number, "status": status.as_str(), "version": version, "location_id": location_id,
               "line_count": line_count})
    }
}

pub struct LockedCount {
    pub count: Count,
}

impl LockedCount {
    /// Locks a count. Refuses an outdated version.
    pub fn lock(conn: &mut PgConnection, scope: &Scope, target: &Target<CountId>) -> Result<Self, Abort> {
        let count = documents::find_for_update(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
        target.require_version(&count)?;
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
        record(conn, scope, count, (Some(before), change))
    }
}

/// Appends the status of a count to its history if it changed, and an audit entry.
pub fn record(
    conn: &mut PgConnection,
    scope: &Scope,
    count: &Count,
    (before, change): (Option<CountStatus>, &DocumentChange<'_>),
) -> Result<(), Abort> {
    let at = count.updated_at;
    if before != Some(count.status) {
        let step = change.history_step(scope, before, count.status, at);
        documents::append_history(conn, scope.store, count.id, &step)?;
    }
    change.append_audit(conn, scope, (count, &[]), at)
}

/// The 404 error for a count.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::CountNotFound, "The count")
}
