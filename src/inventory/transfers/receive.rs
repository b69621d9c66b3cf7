//! Receives units that were sent, and reverses receipts.

use diesel::PgConnection;

use super::decide::{self, Arrival, ReceiptLine, Surplus};
use super::dispatch::refuse_short;
use super::document::{Act, LockedTransfer, Target, add_found, move_units};
use super::line::TransferLine;
use super::queries::places::Route;
use super::queries::receipts::{self, NewReceipt, Receipt};
use super::status::TransferStatus;
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::inventory::locked_stock::{LockedStock, MovementContext};
use crate::inventory::stock_level::{MovementKind, StockDelta};
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{InboundId, LocationId};

/// Units that arrive together.
#[derive(Clone, Debug)]
pub struct Arrivals {
    pub lines: Vec<Arrival>,
    pub reference: Option<String>,
    pub surplus: Surplus,
}

/// Moves accepted units from transit to the destination, and rejected ones to its quarantine.
pub fn receive(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target,
    arrivals: &Arrivals,
) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    let open = [TransferStatus::InTransit, TransferStatus::PartiallyReceived];
    document.transfer.status.require(&open, "received")?;
    let received = decide::receive(&mut document.lines, &arrivals.lines, arrivals.surplus)?;
    let route = document.lock_places(conn, scope, &[document.transfer.to_location_id])?;
    let mut stock = lock_stock(conn, scope, &document, &route)?;
    let now = db::clock(conn)?;
    let (number, actor) = (document_number("RCP", now, &random_code()), scope.actor());
    let context = MovementContext { reference: &number, reason: None, actor: &actor };
    for ReceiptLine { line, arrived, reject_reason } in &received {
        let line = document.line(*line)?;
        add_found(&mut stock, line, route.transit, arrived.over, with_reason(context, Some(FOUND)))?;
        move_units(&mut stock, line, (route.transit, route.to), arrived.accepted, context)?;
        let context = with_reason(context, reject_reason.as_deref());
        move_units(&mut stock, line, (route.transit, route.quarantine), arrived.rejected, context)?;
    }
    stock.write(conn, now)?;
    document.set_status_of_sent();
    let done = format!("received by {number}");
    let new = NewReceipt {
        transfer: document.transfer.id,
        receipt_number: number.clone(),
        reverses: None,
        reference: arrivals.reference.clone(),
        reason: None,
        actor: actor.clone(),
        lines: received,
    };
    receipts::insert(conn, scope.store, &new, now)?;
    document.write(conn, scope, &Act { action: Action::Update, done: &done, reason: None }, now)?;
    Ok(new.transfer)
}

/// The ledger's reason for units that were not sent.
const FOUND: &str = "Found in transit";

fn with_reason<'a>(context: MovementContext<'a>, reason: Option<&'a str>) -> MovementContext<'a> {
    MovementContext { reason, ..context }
}

fn lock_stock(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &LockedTransfer,
    route: &Route,
) -> Result<LockedStock, Failure> {
    LockedStock::lock_keys(conn, scope.store, &document.stock_keys(&[route.to, route.transit, route.quarantine]))
}

/// Takes the units of a receipt back to transit, and its surplus out of the stock.
pub fn reverse(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target,
    number: &str,
    reason: &str,
) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    let receipt = find_reversible(conn, scope, &document, number)?;
    let reversed = decide::reverse(&mut document.lines, &receipt.lines)
        .ok_or_else(|| Failure::Internal(format!("receipt {} does not fit its transfer", receipt.id)))?;
    let route = document.lock_places(conn, scope, &[document.transfer.to_location_id])?;
    let mut stock = lock_stock(conn, scope, &document, &route)?;
    refuse_taken(conn, scope, &document, (&stock, &route), &receipt)?;
    let now = db::clock(conn)?;
    let (number, actor) = (document_number("RCP", now, &random_code()), scope.actor());
    let context = MovementContext { reference: &number, reason: Some(reason), actor: &actor };
    for ReceiptLine { line, arrived, .. } in &receipt.lines {
        let line = document.line(*line)?;
        move_units(&mut stock, line, (route.to, route.transit), arrived.accepted, context)?;
        move_units(&mut stock, line, (route.quarantine, route.transit), arrived.rejected, context)?;
        if arrived.over > 0 {
            let delta = StockDelta::stock(arrived.over.saturating_neg());
            stock.record_movement((line.variant_id, route.transit), MovementKind::Adjust, delta, context)?;
        }
    }
    stock.write(conn, now)?;
    document.set_status_of_sent();
    let done = format!("receipt {} reversed by {number}", receipt.receipt_number);
    let new = NewReceipt {
        transfer: document.transfer.id,
        receipt_number: number.clone(),
        reverses: Some(receipt.id),
        reference: None,
        reason: Some(reason.to_owned()),
        actor: actor.clone(),
        lines: reversed,
    };
    receipts::insert(conn, scope.store, &new, now)?;
    document.write(conn, scope, &Act { action: Action::Update, done: &done, reason: Some(reason) }, now)?;
    Ok(new.transfer)
}

/// The receipt of that number. Refuses a reversal and a receipt that is reversed already.
fn find_reversible(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &LockedTransfer,
    number: &str,
) -> Result<Receipt, Abort> {
    let all = receipts::list(conn, scope.store, document.transfer.id)?;
    let receipt = all.iter().find(|receipt| receipt.receipt_number.eq_ignore_ascii_case(number));
    let receipt = receipt.ok_or_else(|| ApiError::not_found(Code::NotFound, "The receipt"))?;
    let is_reversed = all.iter().any(|other| other.reverses == Some(receipt.id));
    if !is_reversed && receipt.reverses.is_none() {
        return Ok(receipt.clone());
    }
    let state = if is_reversed { "is reversed already" } else { "is a reversal" };
    let detail = format!("Receipt {} {state}.", receipt.receipt_number);
    Err(ApiError::new(Code::InvalidTransition, detail).into())
}

/// Refuses if units of the receipt are sold, reserved or no longer in quarantine.
fn refuse_taken(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &LockedTransfer,
    (stock, route): (&LockedStock, &Route),
    receipt: &Receipt,
) -> Result<(), Abort> {
    let mut needed: Vec<(&TransferLine, LocationId, i64)> = Vec::with_capacity(receipt.lines.len());
    for received in &receipt.lines {
        let line = document.line(received.line)?;
        needed.push((line, route.to, received.arrived.accepted));
        needed.push((line, route.quarantine, received.arrived.rejected));
    }
    refuse_short(conn, scope, stock, &needed)
}
