//! Settles units that do not arrive.

use diesel::PgConnection;

use super::LockedTransfer;
use super::decide::{self, Settlement};
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::{Permission, Scope};
use crate::db;
use crate::error::Abort;
use crate::events::EventType;
use crate::inventory::inbounds::line::SettleOutcome;
use crate::inventory::inbounds::status::InboundStatus;
use crate::inventory::inbounds::units::{move_units, remove_units};
use crate::inventory::locked_stock::{LockedStock, MovementContext};
use crate::inventory::stock_level::MovementKind;
use crate::kernel::id::{InboundId, LocationId};

/// Removes lost units from transit, and moves returned units back to the source.
pub fn settle(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    settlements: &[Settlement],
    reason: &str,
) -> Result<InboundId, Abort> {
    let has_lost = settlements.iter().any(|settlement| settlement.outcome == SettleOutcome::Lost);
    if has_lost && !scope.principal.can(Permission::InventoryApprove) {
        return Err(Permission::InventoryApprove.missing().into());
    }
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    let open = [InboundStatus::InTransit, InboundStatus::PartiallyReceived];
    document.require(&open, "settled")?;
    decide::settle(&mut document.lines, settlements)?;
    let has_returned = settlements.iter().any(|settlement| settlement.outcome == SettleOutcome::Returned);
    let source = document.inbound.origin;
    let must_be_open: &[LocationId] = if has_returned { &[source] } else { &[] };
    let destination = document.lock_places(conn, scope, must_be_open)?;
    let keys = document.stock_keys(&[source, destination.transit]);
    let mut stock = LockedStock::lock_keys(conn, scope.store, &keys)?;
    let now = db::clock(conn)?;
    let (reference, actor) = (document.inbound.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: Some(reason), actor: &actor };
    for Settlement { line, quantity, outcome } in settlements {
        let line = document.line(*line)?;
        match outcome {
            SettleOutcome::Lost => {
                remove_units(&mut stock, line, (destination.transit, MovementKind::Remove), *quantity, context)?;
            }
            SettleOutcome::Returned => move_units(&mut stock, line, (destination.transit, source), *quantity, context)?,
        }
    }
    stock.write(conn, now)?;
    document.set_status_of_lines();
    document.write(
        conn,
        scope,
        &DocumentChange {
            action: Action::Update,
            done: "settled",
            reason: Some(reason),
            event: Some(EventType::TransferSettled),
        },
        now,
    )?;
    Ok(document.inbound.id)
}
