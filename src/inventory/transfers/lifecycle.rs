//! Holds the units at the source, releases them, and sends them.

use std::collections::BTreeSet;

use crate::audit::document::{DocumentChange, Target};
use diesel::PgConnection;

use super::LockedTransfer;
use super::decide::{self, LineUnits};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::events::EventType;
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::{HoldSet, ReserveUnits};
use crate::inventory::inbounds::status::{CANCELLED, InboundStatus};
use crate::inventory::inbounds::units::{NeededUnits, move_units, refuse_short};
use crate::inventory::locked_stock::{LockedStock, MovementContext, StockKey};
use crate::inventory::queries::holds;
use crate::kernel::id::{InboundId, LocationId};

/// The source and the destination.
pub(super) fn ends(document: &LockedTransfer) -> [LocationId; 2] {
    [document.inbound.origin, document.inbound.to_location_id]
}

/// Holds the planned units at the source. A refusal lists every short line.
pub fn hold(conn: &mut PgConnection, scope: &Scope, target: &Target<InboundId>) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Draft], "made ready")?;
    document.lock_places(conn, scope, &ends(&document))?;
    let source = document.inbound.origin;
    let keys = document.stock_keys(&[source]);
    let stock = LockedStock::lock_keys(conn, scope.store, &keys)?;
    let needed = |line| NeededUnits { line, location: source, quantity: line.counts.planned };
    refuse_short(conn, scope, &stock, &document.lines.iter().map(needed).collect::<Vec<_>>())?;
    let mut holds = HoldSet::new(stock, Vec::new());
    let now = db::clock(conn)?;
    let id = document.inbound.id;
    let (reference, actor) = (document.inbound.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: None, actor: &actor };
    for line in &document.lines {
        let units = ReserveUnits { holder: Holder::Transfer(id), variant: line.variant_id, expires_at: None };
        holds.reserve(units, &[(source, line.counts.planned)], context)?;
    }
    holds.write(conn, now)?;
    document.inbound.status = InboundStatus::Ready;
    document.write(
        conn,
        scope,
        &DocumentChange {
            action: Action::UpdateStatus,
            done: "is ready",
            reason: None,
            event: Some(EventType::TransferReady),
        },
        now,
    )?;
    Ok(id)
}

/// Makes a ready transfer a draft again, and releases its units.
pub fn withdraw(conn: &mut PgConnection, scope: &Scope, target: &Target<InboundId>) -> Result<InboundId, Abort> {
    let document = LockedTransfer::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Ready], "a draft again")?;
    let change = DocumentChange { action: Action::UpdateStatus, done: "is a draft again", reason: None, event: None };
    release(conn, scope, document, InboundStatus::Draft, &change)
}

/// Cancels a transfer that was not sent, and releases its units.
pub fn cancel(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    reason: Option<&str>,
) -> Result<InboundId, Abort> {
    let document = LockedTransfer::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Draft, InboundStatus::Ready], CANCELLED)?;
    let change =
        DocumentChange { action: Action::Cancel, done: CANCELLED, reason, event: Some(EventType::TransferCancelled) };
    release(conn, scope, document, InboundStatus::Cancelled, &change)
}

/// Releases the held units, of which a draft has none.
fn release(
    conn: &mut PgConnection,
    scope: &Scope,
    mut document: LockedTransfer,
    to: InboundStatus,
    change: &DocumentChange<'_>,
) -> Result<InboundId, Abort> {
    let (id, source) = (document.inbound.id, document.inbound.origin);
    let (reference, actor) = (document.inbound.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: change.reason, actor: &actor };
    let holder = Holder::Transfer(id);
    let mut holds = match document.inbound.status {
        InboundStatus::Ready => Some(lock_held(conn, scope, holder, &document.stock_keys(&[source]))?),
        _ => None,
    };
    let now = db::clock(conn)?;
    if let Some(holds) = &mut holds {
        holds.release(holder, context)?;
        holds.write(conn, now)?;
    }
    document.inbound.status = to;
    document.write(conn, scope, change, now)?;
    Ok(id)
}

/// The units that leave the source.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// All planned units if None. The rest of the plan is released.
    pub lines: Option<Vec<LineUnits>>,
    pub tracking: Option<String>,
}

/// Moves the units from the source to the destination's transit.
pub fn send(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    sending: &Sending,
) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.require(&[InboundStatus::Ready], "sent")?;
    decide::send(&mut document.lines, sending.lines.as_deref())?;
    let destination = document.lock_places(conn, scope, &ends(&document))?;
    let source = document.inbound.origin;
    let (id, holder) = (document.inbound.id, Holder::Transfer(document.inbound.id));
    let keys = document.stock_keys(&[source, destination.transit]);
    let mut holds = lock_held(conn, scope, holder, &keys)?;
    let now = db::clock(conn)?;
    let (reference, actor) = (document.inbound.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: None, actor: &actor };
    holds.release(holder, context)?;
    for line in &document.lines {
        move_units(holds.stock_mut(), line, (source, destination.transit), line.counts.sent, context)?;
    }
    holds.write(conn, now)?;
    document.set_status_of_lines();
    document.inbound.tracking = sending.tracking.clone();
    document.write(
        conn,
        scope,
        &DocumentChange {
            action: Action::UpdateStatus,
            done: "sent",
            reason: None,
            event: Some(EventType::TransferSent),
        },
        now,
    )?;
    Ok(id)
}

/// Locks stock rows, and reads the holds of the transfer. They change only under the lock of the transfer.
fn lock_held(
    conn: &mut PgConnection,
    scope: &Scope,
    holder: Holder,
    keys: &BTreeSet<StockKey>,
) -> Result<HoldSet, Failure> {
    let held = holds::list_active(conn, scope.store, &[holder])?;
    Ok(HoldSet::new(LockedStock::lock_keys(conn, scope.store, keys)?, held))
}
