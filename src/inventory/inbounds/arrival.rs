//! The units that a request receives or reverses. Changes the lines in memory, or refuses.

use std::collections::BTreeSet;

use super::line::{Arrived, InboundLine, LineCounts};
use crate::auth::Permission;
use crate::error::{ApiError, Code};
use crate::kernel::id::InboundLineId;
use crate::kernel::money::Money;

/// Units of a line that have arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub line: InboundLineId,
    pub accepted: i64,
    pub rejected: i64,
    /// True if the rejected units go to quarantine.
    pub keep_rejected: bool,
    pub reject_reason: Option<String>,
    /// The cost of a unit, if it is not that of the line.
    pub unit_cost: Option<Money>,
}

/// The units of a line in a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptLine {
    pub line: InboundLineId,
    pub arrived: Arrived,
    pub reject_reason: Option<String>,
    /// The cost of a unit. None in a transfer.
    pub unit_cost: Option<Money>,
}

/// The units that may arrive although they were not sent or ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surplus {
    Refuse,
    /// All receipts of a line together, in percent of its planned units.
    UpTo {
        percent: i64,
    },
    Accept,
}

impl Surplus {
    fn maximum(self, planned: i64) -> i64 {
        match self {
            Self::Refuse => 0,
            Self::UpTo { percent } => planned.saturating_mul(percent) / 100,
            Self::Accept => i64::MAX,
        }
    }
}

/// Receives units. Each line is named once.
pub fn receive(
    lines: &mut [InboundLine],
    arrivals: &[Arrival],
    surplus: Surplus,
) -> Result<Vec<ReceiptLine>, ApiError> {
    let mut receipt: Vec<ReceiptLine> = Vec::with_capacity(arrivals.len());
    refuse_repeated(arrivals.iter().map(|arrival| arrival.line))?;
    for (index, arrival) in arrivals.iter().enumerate() {
        let line = find(lines, arrival.line, index)?;
        if (arrival.accepted, arrival.rejected) == (0, 0) {
            return Err(ApiError::field(format!("lines[{index}].accepted"), "must have a unit, or be rejected"));
        }
        let mut received = ReceiptLine::from(arrival);
        received.unit_cost = received.unit_cost.or(line.unit_cost);
        line.counts = post(line, &mut received.arrived, surplus)?.ok_or_else(|| too_many(index))?;
        receipt.push(received);
    }
    Ok(receipt)
}

impl From<&Arrival> for ReceiptLine {
    fn from(arrival: &Arrival) -> Self {
        let Arrival { line, accepted, rejected, keep_rejected, reject_reason, unit_cost } = arrival.clone();
        let quarantined = if keep_rejected { rejected } else { 0 };
        Self { line, arrived: Arrived { accepted, rejected, quarantined, over: 0 }, reject_reason, unit_cost }
    }
}

/// The counts of a line with units that arrived. Sets the surplus among these, or refuses it.
fn post(line: &InboundLine, arrived: &mut Arrived, surplus: Surplus) -> Result<Option<LineCounts>, ApiError> {
    let units = arrived.accepted.saturating_add(arrived.rejected);
    arrived.over = units.saturating_sub(line.counts.outstanding).max(0);
    if arrived.over > 0 && line.counts.over.saturating_add(arrived.over) > surplus.maximum(line.counts.planned) {
        return Err(over_receipt(line, units, surplus));
    }
    Ok(line.counts.post(*arrived))
}

/// Reverses the lines of a receipt. None if they do not fit the lines of the document.
pub fn reverse(lines: &mut [InboundLine], receipt: &[ReceiptLine]) -> Option<Vec<ReceiptLine>> {
    let reversed = receipt.iter().map(|received| {
        let line = lines.iter_mut().find(|line| line.id == received.line)?;
        let arrived = received.arrived.reversed();
        line.counts = line.counts.post(arrived)?;
        Some(ReceiptLine { arrived, ..received.clone() })
    });
    reversed.collect()
}

/// Refuses a request that names something twice, as if that were a mistake of a scanner or a spreadsheet.
pub fn refuse_repeated<T: Ord>(named: impl Iterator<Item = T>) -> Result<(), ApiError> {
    let mut known = BTreeSet::new();
    match named.enumerate().find_map(|(index, one)| (!known.insert(one)).then_some(index)) {
        Some(index) => Err(ApiError::field(format!("lines[{index}].line_id"), "must be named once")),
        None => Ok(()),
    }
}

/// The line that an item of a request names.
pub fn find(lines: &mut [InboundLine], id: InboundLineId, index: usize) -> Result<&mut InboundLine, ApiError> {
    let line = lines.iter_mut().find(|line| line.id == id);
    line.ok_or_else(|| ApiError::field(format!("lines[{index}].line_id"), "is not a line of the document"))
}

fn over_receipt(line: &InboundLine, units: i64, surplus: Surplus) -> ApiError {
    let outstanding = line.counts.outstanding;
    let mut detail = format!("Of '{}', {outstanding} units are outstanding, not {units}.", line.product_name);
    if let Surplus::UpTo { percent } = surplus {
        let permission = Permission::InventoryApprove.as_str();
        detail.push_str(&format!(" A surplus above {percent}% needs the permission {permission}."));
    }
    let mut refusal = ApiError::new(Code::OverReceipt, detail);
    refusal.extra.outstanding_quantity = Some(outstanding);
    refusal
}

fn too_many(index: usize) -> ApiError {
    ApiError::field(format!("lines[{index}]"), "has too many units")
}

#[cfg(test)]
pub mod tests;
