//! Settles units that do not arrive.

use diesel::PgConnection;

use super::decide::{self, Settlement};
use super::document::{Act, LockedTransfer, Target, move_units};
use super::line::Outcome;
use super::status::TransferStatus;
use crate::audit::words::Action;
use crate::auth::{Permission, Scope};
use crate::db;
use crate::error::Abort;
use crate::inventory::locked_stock::{LockedStock, MovementContext};
use crate::inventory::stock_level::{MovementKind, StockDelta};
use crate::kernel::id::InboundId;

/// Removes lost units from transit, and moves returned units back to the source.
pub fn settle(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target,
    settlements: &[Settlement],
    reason: &str,
) -> Result<InboundId, Abort> {
    let has_lost = settlements.iter().any(|settlement| settlement.outcome == Outcome::Lost);
    if has_lost && !scope.principal.can(Permission::InventoryApprove) {
        return Err(Permission::InventoryApprove.missing().into());
    }
    let mut document = LockedTransfer::lock(conn, scope, target)?;
    let open = [TransferStatus::InTransit, TransferStatus::PartiallyReceived];
    document.transfer.status.require(&open, "settled")?;
    decide::settle(&mut document.lines, settlements)?;
    let has_returned = settlements.iter().any(|settlement| settlement.outcome == Outcome::Returned);
    let source = [document.transfer.from_location_id];
    let route = document.lock_places(conn, scope, if has_returned { &source } else { &[] })?;
    let keys = document.stock_keys(&[route.from, route.transit]);
    let mut stock = LockedStock::lock_keys(conn, scope.store, &keys)?;
    let now = db::clock(conn)?;
    let (reference, actor) = (document.transfer.inbound_number.clone(), scope.actor());
    let context = MovementContext { reference: &reference, reason: Some(reason), actor: &actor };
    for Settlement { line, quantity, outcome } in settlements {
        let line = document.line(*line)?;
        match outcome {
            Outcome::Lost => {
                let delta = StockDelta::stock(quantity.saturating_neg());
                stock.record_movement((line.variant_id, route.transit), MovementKind::Remove, delta, context)?;
            }
            Outcome::Returned => move_units(&mut stock, line, (route.transit, route.from), *quantity, context)?,
        }
    }
    stock.write(conn, now)?;
    document.set_status_of_sent();
    document.write(conn, scope, &Act { action: Action::Update, done: "settled", reason: Some(reason) }, now)?;
    Ok(document.transfer.id)
}
