//! Holds the units at the source, releases them, and sends them.

use std::collections::BTreeSet;

use diesel::PgConnection;

use super::decide::{self, LineUnits};
use super::document::{Act, LockedTransfer, Target, move_units};
use super::line::TransferLine;
use super::status::{CANCELLED, TransferStatus};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::inventory::hold::Holder;
use crate::inventory::hold_set::{HoldSet, ReserveUnits};
use crate::inventory::locked_stock::{LockedStock, MovementContext, StockKey};
use crate::inventory::queries::holds;
use crate::inventory::shortage::{self, StockItem};
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::{InboundId, LocationId};

/// Holds the planned units at the source. A refusal lists every short line.
pub fn hold(conn: &mut PgConnection, scope: &Scope, target: &Target) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.transfer.status.require(&[TransferStatus::Draft], "made ready")?;
    let route = document.lock_places(conn, scope, &document.ends())?;
    let keys = document.stock_keys(&[route.from]);
    let stock = LockedStock::lock_keys(conn, scope.store, &keys)?;
    let needed = document.lines.iter().map(|line| (line, route.from, line.counts.planned));
    refuse_short(conn, scope, &stock, &needed.collect::<Vec<_>>())?;
    let mut holds = HoldSet::new(stock, Vec::new());
    let now = db::clock(conn)?;
    let id = document.transfer.id;
    let (reference, actor) = (document.transfer.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: None, actor: &actor };
    for line in &document.lines {
        let units = ReserveUnits { holder: Holder::Transfer(id), variant: line.variant_id, expires_at: None };
        holds.reserve(units, &[(route.from, line.counts.planned)], context)?;
    }
    holds.write(conn, now)?;
    document.transfer.status = TransferStatus::Ready;
    document.write(conn, scope, &Act { action: Action::UpdateStatus, done: "is ready", reason: None }, now)?;
    Ok(id)
}

/// Makes a ready transfer a draft again, and releases its units.
pub fn withdraw(conn: &mut PgConnection, scope: &Scope, target: &Target) -> Result<InboundId, Abort> {
    let document = LockedTransfer::lock(conn, scope, target)?;
    document.transfer.status.require(&[TransferStatus::Ready], "a draft again")?;
    let act = Act { action: Action::UpdateStatus, done: "is a draft again", reason: None };
    release(conn, scope, document, TransferStatus::Draft, &act)
}

/// Cancels a transfer that was not sent, and releases its units.
pub fn cancel(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target,
    reason: Option<&str>,
) -> Result<InboundId, Abort> {
    let document = LockedTransfer::lock(conn, scope, target)?;
    document.transfer.status.require(&[TransferStatus::Draft, TransferStatus::Ready], CANCELLED)?;
    let act = Act { action: Action::Cancel, done: CANCELLED, reason };
    release(conn, scope, document, TransferStatus::Cancelled, &act)
}

/// Releases the held units, of which a draft has none.
fn release(
    conn: &mut PgConnection,
    scope: &Scope,
    mut document: LockedTransfer,
    to: TransferStatus,
    act: &Act<'_>,
) -> Result<InboundId, Abort> {
    let (id, source) = (document.transfer.id, document.transfer.from_location_id);
    let (reference, actor) = (document.transfer.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: act.reason, actor: &actor };
    let holder = Holder::Transfer(id);
    let mut holds = match document.transfer.status {
        TransferStatus::Ready => Some(lock_held(conn, scope, holder, &document.stock_keys(&[source]))?),
        _ => None,
    };
    let now = db::clock(conn)?;
    if let Some(holds) = &mut holds {
        holds.release(holder, context)?;
        holds.write(conn, now)?;
    }
    document.transfer.status = to;
    document.write(conn, scope, act, now)?;
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
pub fn send(conn: &mut PgConnection, scope: &Scope, target: &Target, sending: &Sending) -> Result<InboundId, Abort> {
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    document.transfer.status.require(&[TransferStatus::Ready], "sent")?;
    decide::send(&mut document.lines, sending.lines.as_deref())?;
    let route = document.lock_places(conn, scope, &document.ends())?;
    let (id, holder) = (document.transfer.id, Holder::Transfer(document.transfer.id));
    let keys = document.stock_keys(&[route.from, route.transit]);
    let mut holds = lock_held(conn, scope, holder, &keys)?;
    let now = db::clock(conn)?;
    let (reference, actor) = (document.transfer.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: None, actor: &actor };
    holds.release(holder, context)?;
    for line in &document.lines {
        move_units(holds.stock_mut(), line, (route.from, route.transit), line.counts.sent, context)?;
    }
    holds.write(conn, now)?;
    document.set_status_of_sent();
    document.transfer.tracking = sending.tracking.clone();
    document.write(conn, scope, &Act { action: Action::UpdateStatus, done: "sent", reason: None }, now)?;
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

/// Refuses with every line of which its location has too few units that are not reserved.
pub(super) fn refuse_short(
    conn: &mut PgConnection,
    scope: &Scope,
    stock: &LockedStock,
    needed: &[(&TransferLine, LocationId, i64)],
) -> Result<(), Abort> {
    let mut short = Vec::new();
    let mut variants = Vec::new();
    for (line, location, quantity) in needed {
        let available = stock.row((line.variant_id, *location)).map_or(0, StockLevel::available);
        if *quantity > available {
            let TransferLine { product_id, sku, product_name, size, .. } = line;
            let item = StockItem { product_id: *product_id, sku, product_name, size: size.as_deref() };
            short.push(shortage::stock_error(item, available, *quantity));
            variants.push(line.variant_id);
        }
    }
    if short.is_empty() {
        return Ok(());
    }
    Err(shortage::refuse_or_retry(conn, scope.store, shortage::insufficient_stock(short), &variants)?)
}
