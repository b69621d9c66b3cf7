//! Submits counts, opens single lines again, and cancels counts.

use diesel::PgConnection;

use super::document::LockedCount;
use super::queries::lines;
use super::selection::Uncounted;
use super::status::{CountStatus, LineStatus};
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::CountId;

/// Ends the counting of all open lines.
pub fn submit(conn: &mut PgConnection, scope: &Scope, target: &Target<CountId>) -> Result<CountId, Abort> {
    let mut document = LockedCount::lock(conn, scope, target)?;
    document.count.status.require(&[CountStatus::Open], "submitted")?;
    let (id, uncounted) = (document.count.id, document.count.uncounted);
    if uncounted == Uncounted::Leave && lines::total(conn, scope.store, id)?.counted == 0 {
        let detail = format!("Count {} has no counted line.", document.count.count_number);
        return Err(ApiError::new(Code::InvalidTransition, detail).into());
    }
    let now = db::clock(conn)?;
    lines::submit(conn, scope.store, id, uncounted, (&scope.actor(), now))?;
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::UpdateStatus, done: "submitted", reason: None, event: None },
        now,
    )?;
    Ok(id)
}

/// Opens a line again. Its observations up to now do not count any more.
pub fn recount(conn: &mut PgConnection, scope: &Scope, target: &Target<CountId>, line: i64) -> Result<CountId, Abort> {
    let mut document = LockedCount::lock(conn, scope, target)?;
    document.count.status.require(&[CountStatus::Open, CountStatus::Submitted], "counted again")?;
    let id = document.count.id;
    let status = lines::find_status(conn, scope.store, id, line)?;
    match status.ok_or_else(|| ApiError::not_found(Code::NotFound, "The line"))? {
        LineStatus::Open | LineStatus::Submitted | LineStatus::Uncounted | LineStatus::Refused => {}
        ended @ (LineStatus::Posted | LineStatus::Superseded | LineStatus::Cancelled) => {
            let detail = format!("A line that is '{}' can't be counted again.", ended.as_str());
            return Err(ApiError::new(Code::InvalidTransition, detail).into());
        }
    }
    let now = db::clock(conn)?;
    lines::reopen(conn, scope.store, id, line, now)?;
    let done = format!("line {line} opened again");
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::Update, done: &done, reason: None, event: None },
        now,
    )?;
    Ok(id)
}

/// Cancels a count. Posted lines stay posted.
pub fn cancel(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<CountId>,
    reason: Option<&str>,
) -> Result<CountId, Abort> {
    let mut document = LockedCount::lock(conn, scope, target)?;
    document.count.status.require(&[CountStatus::Open, CountStatus::Submitted], "cancelled")?;
    let now = db::clock(conn)?;
    lines::cancel(conn, scope.store, document.count.id)?;
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::Cancel, done: "cancelled", reason, event: None },
        now,
    )?;
    Ok(document.count.id)
}
