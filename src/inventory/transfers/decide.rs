//! The units that a request sends, receives, settles or reverses. Changes the lines in memory, or refuses.

use super::line::{Arrived, LineCounts, Outcome, TransferLine};
use crate::error::{ApiError, Code};
use crate::kernel::id::InboundLineId;

/// Units of a line.
#[derive(Clone, Copy, Debug)]
pub struct LineUnits {
    pub line: InboundLineId,
    pub quantity: i64,
}

/// Units of a line that have arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub line: InboundLineId,
    pub accepted: i64,
    pub rejected: i64,
    pub reject_reason: Option<String>,
}

/// Units of a line that do not arrive.
#[derive(Clone, Copy, Debug)]
pub struct Settlement {
    pub line: InboundLineId,
    pub quantity: i64,
    pub outcome: Outcome,
}

/// The units of a line in a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptLine {
    pub line: InboundLineId,
    pub arrived: Arrived,
    pub reject_reason: Option<String>,
}

/// A decision about units that were not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surplus {
    Refuse,
    Accept,
}

/// Sends the planned units, or only the requested ones.
pub fn send(lines: &mut [TransferLine], requested: Option<&[LineUnits]>) -> Result<(), ApiError> {
    let Some(requested) = requested else {
        for line in lines {
            line.counts = LineCounts { sent: line.counts.planned, outstanding: line.counts.planned, ..line.counts };
        }
        return Ok(());
    };
    for (index, LineUnits { line, quantity }) in requested.iter().enumerate() {
        let line = find(lines, *line, index)?;
        let sum = line.counts.sent.saturating_add(*quantity);
        let planned = line.counts.planned;
        line.counts = line.counts.send(sum).ok_or_else(|| {
            let detail = format!("Of '{}', {planned} units are planned, not {sum}.", line.product_name);
            ApiError::new(Code::QuantityExceeded, detail)
        })?;
    }
    Ok(())
}

/// Receives units. Equal lines are added up.
pub fn receive(
    lines: &mut [TransferLine],
    arrivals: &[Arrival],
    surplus: Surplus,
) -> Result<Vec<ReceiptLine>, ApiError> {
    let mut receipt: Vec<ReceiptLine> = Vec::with_capacity(arrivals.len());
    for (index, arrival) in arrivals.iter().enumerate() {
        find(lines, arrival.line, index)?;
        if (arrival.accepted, arrival.rejected) == (0, 0) {
            return Err(ApiError::field(format!("lines[{index}].accepted"), "must have a unit, or be rejected"));
        }
        let Arrival { line, accepted, rejected, reject_reason } = arrival.clone();
        match receipt.iter_mut().find(|known| known.line == line) {
            Some(known) => {
                known.arrived.accepted = known.arrived.accepted.saturating_add(accepted);
                known.arrived.rejected = known.arrived.rejected.saturating_add(rejected);
                known.reject_reason = known.reject_reason.take().or(reject_reason);
            }
            None => receipt.push(ReceiptLine { line, arrived: Arrived { accepted, rejected, over: 0 }, reject_reason }),
        }
    }
    for (index, received) in receipt.iter_mut().enumerate() {
        let line = find(lines, received.line, index)?;
        let arrived = &mut received.arrived;
        let units = arrived.accepted.saturating_add(arrived.rejected);
        arrived.over = units.saturating_sub(line.counts.outstanding).max(0);
        if arrived.over > 0 && surplus == Surplus::Refuse {
            return Err(over_receipt(line, units));
        }
        line.counts = line.counts.post(*arrived).ok_or_else(|| too_many(index))?;
    }
    Ok(receipt)
}

/// Settles outstanding units.
pub fn settle(lines: &mut [TransferLine], settlements: &[Settlement]) -> Result<(), ApiError> {
    for (index, Settlement { line, quantity, outcome }) in settlements.iter().enumerate() {
        let line = find(lines, *line, index)?;
        let outstanding = line.counts.outstanding;
        line.counts = line.counts.settle(*outcome, *quantity).ok_or_else(|| {
            let detail = format!("Of '{}', {outstanding} units are outstanding, not {quantity}.", line.product_name);
            ApiError::new(Code::QuantityExceeded, detail)
        })?;
    }
    Ok(())
}

/// Reverses the lines of a receipt. None if they do not fit the lines of the transfer.
pub fn reverse(lines: &mut [TransferLine], receipt: &[ReceiptLine]) -> Option<Vec<ReceiptLine>> {
    let reversed = receipt.iter().map(|received| {
        let line = lines.iter_mut().find(|line| line.id == received.line)?;
        let arrived = received.arrived.reversed();
        line.counts = line.counts.post(arrived)?;
        Some(ReceiptLine { arrived, ..received.clone() })
    });
    reversed.collect()
}

fn find(lines: &mut [TransferLine], id: InboundLineId, index: usize) -> Result<&mut TransferLine, ApiError> {
    let line = lines.iter_mut().find(|line| line.id == id);
    line.ok_or_else(|| ApiError::field(format!("lines[{index}].line_id"), "is not a line of the transfer"))
}

fn over_receipt(line: &TransferLine, units: i64) -> ApiError {
    let outstanding = line.counts.outstanding;
    let detail = format!("Of '{}', {outstanding} units are outstanding, not {units}.", line.product_name);
    let mut refusal = ApiError::new(Code::OverReceipt, detail);
    refusal.extra.outstanding_quantity = Some(outstanding);
    refusal
}

fn too_many(index: usize) -> ApiError {
    ApiError::field(format!("lines[{index}]"), "has too many units")
}

#[cfg(test)]
mod tests;
