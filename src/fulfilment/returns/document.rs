//! A locked return. Its lock protects its lines, too.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::disposition::Disposition;
use super::queries::documents::{self, Return};
use super::queries::lines::{self, ReturnLine};
use super::status::ReturnStatus;
use crate::audit::document::{Document, DocumentChange, Target};
use crate::audit::words::Entity;
use crate::auth::Scope;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::ReturnId;

impl Document for Return {
    fn title(&self) -> String {
        format!("Return {}", self.return_number)
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audited_entity(&self) -> (Entity, i64) {
        (Entity::Return, self.id.0)
    }

    fn event_data(&self) -> Value {
        let Self { return_number, order_id, status, version, exchange_order_id, note, .. } = self;
        json!({"return_number": return_number, "order_id": order_id, "status": status.as_str(), "version": version,
               "exchange_order_id": exchange_order_id, "note": note})
    }
}

pub struct LockedReturn {
    pub document: Return,
}

impl LockedReturn {
    /// Locks a return. Refuses an outdated version.
    pub fn lock(conn: &mut PgConnection, scope: &Scope, target: &Target<ReturnId>) -> Result<Self, Abort> {
        let document = documents::find_for_update(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
        target.require_version(&document)?;
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
        record(conn, scope, document, (Some(before), change))
    }
}

/// Appends the status of a return to its history if it changed, and an audit entry.
pub fn record(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &Return,
    (before, change): (Option<ReturnStatus>, &DocumentChange<'_>),
) -> Result<(), Abort> {
    let at = document.updated_at;
    if before != Some(document.status) {
        let step = change.history_step(scope, before, document.status, at);
        documents::append_history(conn, scope.store, document.id, &step)?;
    }
    let lines = match change.event {
        Some(_) => lines::list(conn, scope.store, document.order_id, &[document.id])?,
        None => Vec::new(),
    };
    let lines: Vec<Value> = lines.iter().map(line_data).collect();
    change.append_audit(conn, scope, (document, &lines), at)
}

/// A line for the data of an event.
fn line_data(line: &ReturnLine) -> Value {
    let ReturnLine { id, item_id, product_id, variant_id, sku, product_name, size, quantity, reason, .. } = line;
    let Disposition { restock, quarantine, scrap, missing } = line.received();
    json!({"id": id, "item_id": item_id, "product_id": product_id, "variant_id": variant_id, "sku": sku,
           "product_name": product_name, "size": size, "quantity": quantity, "reason": reason,
           "outstanding_quantity": line.outstanding(), "restocked_quantity": restock,
           "quarantined_quantity": quarantine, "scrapped_quantity": scrap, "missing_quantity": missing})
}

/// The 404 error for a return.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::ReturnNotFound, "The return")
}
