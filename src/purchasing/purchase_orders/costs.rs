//! Corrects the costs of received units. Nothing that was posted is edited.

use diesel::PgConnection;

use super::LockedPurchaseOrder;
use super::lines::cost_in;
use crate::audit::document::{DocumentChange, Target};
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError};
use crate::inventory::inbounds::queries::receipts;
use crate::inventory::inbounds::receipt::{Receipt, find_receipt, refuse_reversed};
use crate::inventory::valuation::correct::correct_receipt;
use crate::kernel::id::{InboundId, InboundLineId};
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::purchasing::queries::receipt_costs;
use crate::stores::queries as stores;

/// The cost of a line of a receipt, as the supplier bills it.
#[derive(Clone, Copy, Debug)]
pub struct LineCost {
    pub line: InboundLineId,
    pub unit_cost: AmountInput,
}

/// Appends the costs of the bill. They count from now on.
pub fn correct(
    conn: &mut PgConnection,
    scope: &Scope,
    target: &Target<InboundId>,
    number: &str,
    costs: &[LineCost],
) -> Result<InboundId, Abort> {
    let mut document = LockedPurchaseOrder::lock(conn, scope, target)?;
    let all = receipts::list(conn, scope.store, document.inbound.id)?;
    let receipt = find_receipt(&all, number)?;
    refuse_reversed(&all, receipt)?;
    let currency = stores::get_store(conn, scope.store)?.currency;
    let costs = resolve(receipt, costs, &currency)?;
    let now = db::clock(conn)?;
    receipt_costs::insert(conn, scope.store, receipt.id, &costs, &scope.actor(), now)?;
    correct_receipt(conn, scope.store, receipt.id)?;
    let done = format!("costs of receipt {} corrected", receipt.receipt_number);
    document.write(
        conn,
        scope,
        &DocumentChange { action: Action::Update, done: &done, reason: None, event: None },
        now,
    )?;
    Ok(document.inbound.id)
}

fn resolve(
    receipt: &Receipt,
    costs: &[LineCost],
    currency: &Currency,
) -> Result<Vec<(InboundLineId, Money)>, ApiError> {
    let mut resolved: Vec<(InboundLineId, Money)> = Vec::with_capacity(costs.len());
    for (index, LineCost { line, unit_cost }) in costs.iter().enumerate() {
        let refused = |message: &str| ApiError::field(format!("lines[{index}].line_id"), message);
        if !receipt.lines.iter().any(|received| received.line == *line) {
            return Err(refused("is not a line of the receipt"));
        }
        if resolved.iter().any(|(known, _)| known == line) {
            return Err(refused("must be named once"));
        }
        resolved.push((*line, cost_in(*unit_cost, currency, index)?));
    }
    Ok(resolved)
}
