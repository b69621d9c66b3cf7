//! Receives ordered units. The surplus is limited by the store's setting, or by the caller's permission.

use diesel::PgConnection;

use super::lines::cost_in;
use crate::audit::document::Target;
use crate::auth::{Permission, Scope};
use crate::error::{Abort, ApiError};
use crate::inventory::inbounds::arrival::{ReceivedLine, Surplus};
use crate::inventory::inbounds::receive::{self, ReceivedUnits};
use crate::kernel::id::{InboundId, InboundLineId, SupplierId};
use crate::kernel::money::{AmountInput, Currency};
use crate::stores::queries as stores;

/// Units of a line that have arrived.
#[derive(Clone, Debug)]
pub struct ReceivedPurchaseLine {
    pub line: InboundLineId,
    pub accepted: i64,
    pub rejected: i64,
    /// False if the rejected units were refused when they arrived.
    pub keep_rejected: bool,
    pub reject_reason: Option<String>,
    /// Without it, the cost of the line.
    pub unit_cost: Option<AmountInput>,
}

/// Ordered units that arrive together.
#[derive(Clone, Debug)]
pub struct ReceivedPurchase {
    pub lines: Vec<ReceivedPurchaseLine>,
    pub reference: Option<String>,
    pub allow_surplus: bool,
}

pub fn receive(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    arrivals: &ReceivedPurchase,
) -> Result<InboundId, Abort> {
    let store = stores::get_store(conn, scope.store)?;
    let surplus = match (arrivals.allow_surplus, scope.principal.can(Permission::InventoryApprove)) {
        (false, _) => Surplus::Refuse,
        (true, true) => Surplus::Accept,
        (true, false) => Surplus::UpTo { percent: store.over_receipt_percent },
    };
    let lines = arrivals.lines.iter().enumerate().map(|(index, line)| to_arrival(line, &store.currency, index));
    let lines = lines.collect::<Result<_, ApiError>>()?;
    let arrivals = ReceivedUnits { lines, reference: arrivals.reference.clone(), surplus };
    receive::receive::<SupplierId>(conn, scope, target, &arrivals)
}

fn to_arrival(line: &ReceivedPurchaseLine, currency: &Currency, index: usize) -> Result<ReceivedLine, ApiError> {
    let ReceivedPurchaseLine { line, accepted, rejected, keep_rejected, reject_reason, unit_cost } = line.clone();
    let unit_cost = unit_cost.map(|cost| cost_in(cost, currency, index)).transpose()?;
    Ok(ReceivedLine { line, accepted, rejected, keep_rejected, reject_reason, unit_cost })
}
