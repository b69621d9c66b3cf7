//! Approves, rejects and cancels returns before anything has arrived.

use diesel::PgConnection;

use super::document::LockedReturn;
use super::status::ReturnStatus;
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db;
use crate::error::Abort;
use crate::events::EventType;
use crate::kernel::id::ReturnId;

/// Approves the request of a buyer.
pub fn approve(conn: &mut PgConnection, scope: &Scope, target: &Target<ReturnId>) -> Result<ReturnId, Abort> {
    let locked = LockedReturn::lock(conn, scope, target)?;
    locked.document.status.require(&[ReturnStatus::Requested], "approved")?;
    let change = DocumentChange {
        action: Action::UpdateStatus,
        done: "approved",
        reason: None,
        event: Some(EventType::ReturnApproved),
    };
    end(conn, scope, locked, (ReturnStatus::Approved, &change))
}

/// The statuses before anything has arrived.
const NOT_BEGUN: [ReturnStatus; 2] = [ReturnStatus::Requested, ReturnStatus::Approved];

pub fn reject(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<ReturnId>,
    reason: &str,
) -> Result<ReturnId, Abort> {
    let locked = LockedReturn::lock(conn, scope, target)?;
    locked.document.status.require(&NOT_BEGUN, "rejected")?;
    let change = DocumentChange {
        action: Action::UpdateStatus,
        done: "rejected",
        reason: Some(reason),
        event: Some(EventType::ReturnRejected),
    };
    end(conn, scope, locked, (ReturnStatus::Rejected, &change))
}

pub fn cancel(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<ReturnId>,
    reason: Option<&str>,
) -> Result<ReturnId, Abort> {
    let locked = LockedReturn::lock(conn, scope, target)?;
    locked.document.status.require(&NOT_BEGUN, "cancelled")?;
    let change = DocumentChange { action: Action::Cancel, done: "cancelled", reason, event: None };
    end(conn, scope, locked, (ReturnStatus::Cancelled, &change))
}

fn end(
    conn: &mut PgConnection,
    scope: &Scope,
    mut locked: LockedReturn,
    (to, change): (ReturnStatus, &DocumentChange<'_>),
) -> Result<ReturnId, Abort> {
    let now = db::clock(conn)?;
    locked.document.reason = change.reason.map(ToOwned::to_owned);
    locked.write(conn, scope, (to, change), now)?;
    Ok(locked.document.id)
}
