//! A transfer with its lines: locked, changed in memory, written as a set.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::line::TransferLine;
use super::queries::documents::{self, HistoryStep, Transfer};
use super::queries::lines;
use super::queries::places::{self, Route};
use super::status::TransferStatus;
use super::transfer_ref::TransferRef;
use crate::audit;
use crate::audit::queries::NewEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code};
use crate::inventory::locked_stock::{LockedStock, MovementContext, StockKey};
use crate::inventory::stock_level::{MovementKind, StockDelta};
use crate::kernel::id::{InboundLineId, LocationId};
use crate::kernel::quantity::MAX_STOCK;

/// The transfer that a request names, and the version that its caller expects.
#[derive(Clone, Debug)]
pub struct Target {
    pub name: TransferRef,
    pub expected_version: Option<i64>,
}

/// A locked transfer. The lock protects its lines and its receipts, too.
pub struct LockedTransfer {
    pub transfer: Transfer,
    pub lines: Vec<TransferLine>,
    before: TransferStatus,
}

impl LockedTransfer {
    /// Locks a transfer and reads its lines. Refuses an outdated version.
    pub fn lock(conn: &mut PgConnection, scope: &Scope, target: &Target) -> Result<Self, Abort> {
        let transfer = documents::find_for_update(conn, scope.store, &target.name)?.ok_or_else(not_found)?;
        let version = transfer.version;
        if target.expected_version.is_some_and(|expected| expected != version) {
            let detail = format!("Transfer {} has version {version} by now.", transfer.inbound_number);
            return Err(ApiError::new(Code::StaleDocument, detail).into());
        }
        let lines = lines::list(conn, scope.store, transfer.id)?;
        Ok(Self { before: transfer.status, transfer, lines })
    }

    /// Locks the places of the transfer. Refuses if one that must be open is closed.
    pub fn lock_places(&self, conn: &mut PgConnection, scope: &Scope, open: &[LocationId]) -> Result<Route, Abort> {
        let Transfer { from_location_id, to_location_id, .. } = self.transfer;
        places::lock_route(conn, scope.store, (from_location_id, to_location_id), open)
    }

    /// The source and the destination.
    #[must_use]
    pub fn ends(&self) -> [LocationId; 2] {
        [self.transfer.from_location_id, self.transfer.to_location_id]
    }

    /// The stock rows of all lines at these locations.
    #[must_use]
    pub fn stock_keys(&self, locations: &[LocationId]) -> BTreeSet<StockKey> {
        let variants = self.lines.iter().map(|line| line.variant_id);
        variants.flat_map(|variant| locations.iter().map(move |location| (variant, *location))).collect()
    }

    pub fn line(&self, id: InboundLineId) -> Result<&TransferLine, Failure> {
        let line = self.lines.iter().find(|line| line.id == id);
        line.ok_or_else(|| Failure::Internal(format!("transfer {} has no line {id}", self.transfer.id)))
    }

    /// Gives the transfer the status that follows from its lines.
    pub fn set_status_of_sent(&mut self) {
        self.transfer.status = TransferStatus::of_sent(self.lines.iter().map(|line| line.counts));
    }

    /// Writes the transfer, its lines, a row of its history if the status changed, and an audit entry.
    pub fn write(
        &mut self,
        conn: &mut PgConnection,
        scope: &Scope,
        act: &Act<'_>,
        at: DateTime<Utc>,
    ) -> Result<(), Abort> {
        let Self { transfer, lines, before } = self;
        transfer.version = transfer.version.saturating_add(1);
        transfer.updated_at = at;
        documents::update(conn, scope.store, transfer)?;
        lines::update(conn, scope.store, lines)?;
        let reason = act.reason.map(ToOwned::to_owned);
        if transfer.status != *before {
            let (from_status, to_status) = (Some(*before), transfer.status);
            let step = HistoryStep { from_status, to_status, reason, actor: scope.actor(), created_at: at };
            documents::append_history(conn, scope.store, transfer.id, &step)?;
        }
        append_audit(conn, scope, transfer, act, at)
    }
}

/// The act that changes a transfer, for the audit.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    pub action: Action,
    /// The participle of the act, such as `sent`.
    pub done: &'a str,
    pub reason: Option<&'a str>,
}

/// Records an act in the audit.
pub fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    transfer: &Transfer,
    act: &Act<'_>,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let detail = format!("Transfer {} {}", transfer.inbound_number, act.done);
    let entry = NewEntry { entity: Entity::Transfer, entity_id: transfer.id.0, action: act.action, detail };
    Ok(audit::queries::append(conn, scope, &entry, at)?)
}

/// Moves units of a line from one location to another. Refuses if the stock there would exceed the maximum.
pub fn move_units(
    stock: &mut LockedStock,
    line: &TransferLine,
    (from, to): (LocationId, LocationId),
    quantity: i64,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    if quantity == 0 {
        return Ok(());
    }
    refuse_too_much(stock, line, to, quantity)?;
    let variant = line.variant_id;
    Ok(stock.transfer(((variant, from), (variant, to)), quantity, context)?)
}

/// Adds units of a line that were found at a location.
pub fn add_found(
    stock: &mut LockedStock,
    line: &TransferLine,
    location: LocationId,
    quantity: i64,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    if quantity == 0 {
        return Ok(());
    }
    refuse_too_much(stock, line, location, quantity)?;
    let delta = StockDelta::stock(quantity);
    Ok(stock.record_movement((line.variant_id, location), MovementKind::Adjust, delta, context).map(drop)?)
}

fn refuse_too_much(
    stock: &LockedStock,
    line: &TransferLine,
    location: LocationId,
    quantity: i64,
) -> Result<(), ApiError> {
    let present = stock.row((line.variant_id, location)).map_or(0, |row| row.stock);
    if present.saturating_add(quantity) <= MAX_STOCK {
        return Ok(());
    }
    let message = format!("must not bring the stock of '{}' above {MAX_STOCK}", line.product_name);
    Err(ApiError::field("lines", message))
}

/// The 404 error for a transfer.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::TransferNotFound, "The transfer")
}
