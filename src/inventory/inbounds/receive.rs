//! Receives units that were sent or ordered, and reverses receipts.

use diesel::PgConnection;

use super::arrival::{self, ReceiptLine, ReceivedLine, Surplus};
use super::document::LockedInbound;
use super::line::InboundLine;
use super::origin::{InboundKind, Origin};
use super::queries::places::Destination;
use super::queries::receipts;
use super::receipt::{NewReceipt, Receipt, find_receipt, refuse_reversed};
use super::status::InboundStatus;
use super::units::{NeededUnits, add_units, move_units, refuse_short, remove_units};
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::inventory::locked_stock::{LockedStock, MovementContext};
use crate::inventory::stock_level::MovementKind;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::InboundId;

/// Units that arrive together.
#[derive(Clone, Debug)]
pub struct ReceivedUnits {
    pub lines: Vec<ReceivedLine>,
    pub reference: Option<String>,
    pub surplus: Surplus,
}

/// Adds accepted units to the stock of the destination, and rejected ones to its quarantine.
pub fn receive<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    arrivals: &ReceivedUnits,
) -> Result<InboundId, Abort> {
    let mut document = LockedInbound::<O>::lock(conn, scope, target)?;
    document.require(&[O::FIRST_OPEN_STATUS, InboundStatus::PartiallyReceived], "received")?;
    let received = arrival::apply_receipt(&mut document.lines, &arrivals.lines, arrivals.surplus)?;
    let destination = document.lock_places(conn, scope, &[document.inbound.to_location_id])?;
    let mut stock = lock_stock(conn, scope, &document, &destination)?;
    let now = db::clock(conn)?;
    let (number, actor) = (document_number("RCP", now, &random_code()), scope.actor());
    let context = MovementContext { reference: &number, reason: None, actor: &actor };
    for received in &received {
        let line = document.line(received.line)?;
        bring_in::<O>(&mut stock, line, &destination, received, context)?;
    }
    stock.write(conn, now)?;
    document.set_status_of_lines();
    let done = format!("received by {number}");
    let new = NewReceipt {
        inbound: document.inbound.id,
        receipt_number: number.clone(),
        reverses: None,
        reference: arrivals.reference.clone(),
        reason: None,
        actor: actor.clone(),
        lines: received,
    };
    receipts::insert(conn, scope.store, &new, now)?;
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::Update, done: &done, reason: None, event: Some(O::NAMES.received) },
        now,
    )?;
    Ok(new.inbound)
}

/// The ledger's reason for units that were not sent.
const SURPLUS_REASON: &str = "Found in transit";

/// Moves units of a transfer out of transit, where the surplus is added first. Units of a purchase come from outside.
fn bring_in<O: Origin>(
    stock: &mut LockedStock,
    line: &InboundLine,
    destination: &Destination,
    received: &ReceiptLine,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    let ReceiptLine { line: _, counts, reject_reason, unit_cost: _ } = received;
    let rejected = with_reason(context, reject_reason.as_deref());
    match O::KIND {
        InboundKind::Transfer => {
            let surplus = with_reason(context, Some(SURPLUS_REASON));
            add_units(stock, line, (destination.transit, MovementKind::Adjust), counts.surplus, surplus)?;
            move_units(stock, line, (destination.transit, destination.place), counts.accepted, context)?;
            move_units(stock, line, (destination.transit, destination.quarantine), counts.quarantined, rejected)
        }
        InboundKind::Purchase => {
            add_units(stock, line, (destination.place, MovementKind::Receive), counts.accepted, context)?;
            add_units(stock, line, (destination.quarantine, MovementKind::Receive), counts.quarantined, rejected)
        }
    }
}

/// Reverses `bring_in`. The caller has checked that the units are available.
fn take_out<O: Origin>(
    stock: &mut LockedStock,
    line: &InboundLine,
    destination: &Destination,
    received: &ReceiptLine,
    context: MovementContext<'_>,
) -> Result<(), Abort> {
    let counts = received.counts;
    match O::KIND {
        InboundKind::Transfer => {
            move_units(stock, line, (destination.place, destination.transit), counts.accepted, context)?;
            move_units(stock, line, (destination.quarantine, destination.transit), counts.quarantined, context)?;
            remove_units(stock, line, (destination.transit, MovementKind::Adjust), counts.surplus, context)
        }
        InboundKind::Purchase => {
            remove_units(stock, line, (destination.place, MovementKind::Remove), counts.accepted, context)?;
            remove_units(stock, line, (destination.quarantine, MovementKind::Remove), counts.quarantined, context)
        }
    }
}

fn with_reason<'a>(context: MovementContext<'a>, reason: Option<&'a str>) -> MovementContext<'a> {
    MovementContext { reason, ..context }
}

fn lock_stock<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &LockedInbound<O>,
    destination: &Destination,
) -> Result<LockedStock, Failure> {
    let keys = match O::KIND {
        InboundKind::Transfer => document.stock_keys(&[destination.place, destination.quarantine, destination.transit]),
        InboundKind::Purchase => document.stock_keys(&[destination.place, destination.quarantine]),
    };
    LockedStock::lock_keys(conn, scope.store, &keys)
}

/// Reverses a receipt: the units are outstanding again, and its surplus is gone.
pub fn reverse<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    number: &str,
    reason: &str,
) -> Result<InboundId, Abort> {
    let mut document = LockedInbound::<O>::lock(conn, scope, target)?;
    let receipt = find_reversible(conn, scope, &document, number)?;
    let reversed = arrival::apply_reversal(&mut document.lines, &receipt.lines)
        .ok_or_else(|| Failure::Internal(format!("receipt {} does not fit its document", receipt.id)))?;
    let destination = document.lock_places(conn, scope, &[document.inbound.to_location_id])?;
    let mut stock = lock_stock(conn, scope, &document, &destination)?;
    refuse_taken(conn, scope, &document, (&stock, &destination), &receipt)?;
    let now = db::clock(conn)?;
    let (number, actor) = (document_number("RCP", now, &random_code()), scope.actor());
    let context = MovementContext { reference: &number, reason: Some(reason), actor: &actor };
    for received in &receipt.lines {
        take_out::<O>(&mut stock, document.line(received.line)?, &destination, received, context)?;
    }
    stock.write(conn, now)?;
    document.set_status_of_lines();
    let done = format!("receipt {} reversed by {number}", receipt.receipt_number);
    let new = NewReceipt {
        inbound: document.inbound.id,
        receipt_number: number.clone(),
        reverses: Some(receipt.id),
        reference: None,
        reason: Some(reason.to_owned()),
        actor: actor.clone(),
        lines: reversed,
    };
    receipts::insert(conn, scope.store, &new, now)?;
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::Update, done: &done, reason: Some(reason), event: None },
        now,
    )?;
    Ok(new.inbound)
}

/// The receipt of that number. Refuses a reversal and a receipt that is reversed already.
fn find_reversible<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &LockedInbound<O>,
    number: &str,
) -> Result<Receipt, Abort> {
    let all = receipts::list(conn, scope.store, document.inbound.id)?;
    let receipt = find_receipt(&all, number)?;
    refuse_reversed(&all, receipt)?;
    Ok(receipt.clone())
}

/// Refuses if units of the receipt are sold, reserved or no longer in quarantine.
fn refuse_taken<O: Origin>(
    conn: &mut PgConnection,
    scope: &Scope,
    document: &LockedInbound<O>,
    (stock, destination): (&LockedStock, &Destination),
    receipt: &Receipt,
) -> Result<(), Abort> {
    let mut needed: Vec<NeededUnits<'_>> = Vec::with_capacity(receipt.lines.len());
    for received in &receipt.lines {
        let line = document.line(received.line)?;
        let (accepted, quarantined) = (received.counts.accepted, received.counts.quarantined);
        needed.push(NeededUnits { line, location: destination.place, quantity: accepted });
        needed.push(NeededUnits { line, location: destination.quarantine, quantity: quarantined });
    }
    refuse_short(conn, scope, stock, &needed)
}
