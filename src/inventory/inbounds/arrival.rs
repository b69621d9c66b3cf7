//! The units that a request receives or reverses. Changes the lines in memory, or refuses.

use super::line::{InboundLine, LineCounts, ReceivedCounts};
use crate::auth::Permission;
use crate::error::{ApiError, Code};
use crate::kernel::id::InboundLineId;
use crate::kernel::money::Money;
use crate::kernel::quantity;

/// Units of a line that have arrived.
#[derive(Clone, Debug)]
pub struct ReceivedLine {
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
    pub counts: ReceivedCounts,
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

/// Receives units. Equal lines are added up.
pub fn apply_receipt(
    lines: &mut [InboundLine],
    arrivals: &[ReceivedLine],
    surplus: Surplus,
) -> Result<Vec<ReceiptLine>, ApiError> {
    let mut receipt: Vec<ReceiptLine> = Vec::with_capacity(arrivals.len());
    for (index, arrival) in arrivals.iter().enumerate() {
        find(lines, arrival.line, index)?;
        if (arrival.accepted, arrival.rejected) == (0, 0) {
            return Err(ApiError::field(format!("lines[{index}].accepted"), "must have a unit, or be rejected"));
        }
        match receipt.iter_mut().find(|known| known.line == arrival.line) {
            Some(known) => known.add(arrival, index)?,
            None => receipt.push(ReceiptLine::from(arrival)),
        }
    }
    for (index, received) in receipt.iter_mut().enumerate() {
        let line = find(lines, received.line, index)?;
        received.unit_cost = received.unit_cost.or(line.unit_cost);
        line.counts = post(line, &mut received.counts, surplus)?.ok_or_else(|| too_many(index))?;
    }
    Ok(receipt)
}

impl From<&ReceivedLine> for ReceiptLine {
    fn from(arrival: &ReceivedLine) -> Self {
        let ReceivedLine { line, accepted, rejected, keep_rejected, reject_reason, unit_cost } = arrival.clone();
        let quarantined = if keep_rejected { rejected } else { 0 };
        Self { line, counts: ReceivedCounts { accepted, rejected, quarantined, surplus: 0 }, reject_reason, unit_cost }
    }
}

impl ReceiptLine {
    /// Adds units of the same line. Refuses if they have another cost.
    fn add(&mut self, arrival: &ReceivedLine, index: usize) -> Result<(), ApiError> {
        let Self { line: _, counts, reject_reason, unit_cost } = Self::from(arrival);
        self.counts.accepted = self.counts.accepted.saturating_add(counts.accepted);
        self.counts.rejected = self.counts.rejected.saturating_add(counts.rejected);
        self.counts.quarantined = self.counts.quarantined.saturating_add(counts.quarantined);
        self.reject_reason = self.reject_reason.take().or(reject_reason);
        if let (Some(known), Some(other)) = (self.unit_cost, unit_cost)
            && known != other
        {
            return Err(ApiError::field(
                format!("lines[{index}].unit_cost"),
                "must be the cost of the same line above",
            ));
        }
        self.unit_cost = self.unit_cost.or(unit_cost);
        Ok(())
    }
}

/// The counts of a line with units that arrived. Sets the surplus among these, or refuses it.
fn post(line: &InboundLine, counts: &mut ReceivedCounts, surplus: Surplus) -> Result<Option<LineCounts>, ApiError> {
    let units = counts.accepted.saturating_add(counts.rejected);
    counts.surplus = units.saturating_sub(line.counts.outstanding).max(0);
    if counts.surplus > 0 && line.counts.surplus.saturating_add(counts.surplus) > surplus.maximum(line.counts.planned) {
        return Err(over_receipt(line, units, surplus));
    }
    Ok(line.counts.post(*counts))
}

/// Reverses the lines of a receipt. None if they do not fit the lines of the document.
pub fn apply_reversal(lines: &mut [InboundLine], receipt: &[ReceiptLine]) -> Option<Vec<ReceiptLine>> {
    let reversed = receipt.iter().map(|received| {
        let line = lines.iter_mut().find(|line| line.id == received.line)?;
        let counts = received.counts.reversed();
        line.counts = line.counts.post(counts)?;
        Some(ReceiptLine { counts, ..received.clone() })
    });
    reversed.collect()
}

/// The line that an item of a request names.
pub fn find(lines: &mut [InboundLine], id: InboundLineId, index: usize) -> Result<&mut InboundLine, ApiError> {
    let line = lines.iter_mut().find(|line| line.id == id);
    line.ok_or_else(|| ApiError::field(format!("lines[{index}].line_id"), "is not a line of the document"))
}

fn over_receipt(line: &InboundLine, units: i64, surplus: Surplus) -> ApiError {
    let outstanding = line.counts.outstanding;
    let most = quantity::units(outstanding);
    let mut detail = format!("Of '{}', at most {most} can be received, not {units}.", line.product_name);
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
