//! The units that a request sends or settles. Changes the lines in memory, or refuses.

use crate::error::{ApiError, Code};
use crate::inventory::inbounds::arrival::find;
use crate::inventory::inbounds::line::{InboundLine, LineCounts, SettleOutcome};
use crate::kernel::id::InboundLineId;
use crate::kernel::quantity;

/// Units of a line.
#[derive(Clone, Copy, Debug)]
pub struct LineUnits {
    pub line: InboundLineId,
    pub quantity: i64,
}

/// Units of a line that do not arrive.
#[derive(Clone, Copy, Debug)]
pub struct Settlement {
    pub line: InboundLineId,
    pub quantity: i64,
    pub outcome: SettleOutcome,
}

/// Sends the planned units, or only the requested ones.
pub fn send(lines: &mut [InboundLine], requested: Option<&[LineUnits]>) -> Result<(), ApiError> {
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
            let most = quantity::units(planned);
            let detail = format!("Of '{}', at most {most} can be sent, not {sum}.", line.product_name);
            ApiError::new(Code::QuantityExceeded, detail)
        })?;
    }
    Ok(())
}

/// Settles outstanding units.
pub fn settle(lines: &mut [InboundLine], settlements: &[Settlement]) -> Result<(), ApiError> {
    for (index, Settlement { line, quantity, outcome }) in settlements.iter().enumerate() {
        let line = find(lines, *line, index)?;
        let outstanding = line.counts.outstanding;
        line.counts = line.counts.settle(*outcome, *quantity).ok_or_else(|| {
            let most = quantity::units(outstanding);
            let detail = format!("Of '{}', at most {most} can be settled, not {quantity}.", line.product_name);
            ApiError::new(Code::QuantityExceeded, detail)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::inbounds::arrival::tests::{DAL, RICE, planned, sent};

    #[test]
    fn the_requested_units_are_sent_and_the_rest_of_the_plan_is_not() {
        let units = |line, quantity| LineUnits { line, quantity };
        for (requested, result) in [
            (None, Ok([10, 4])),
            (Some(vec![units(RICE, 7)]), Ok([7, 0])),
            (Some(vec![units(RICE, 3), units(DAL, 4), units(RICE, 2)]), Ok([5, 4])),
            (Some(vec![units(RICE, 11)]), Err(Code::QuantityExceeded)),
            (Some(vec![units(RICE, 6), units(RICE, 5)]), Err(Code::QuantityExceeded)),
            (Some(vec![units(RICE, i64::MAX), units(RICE, i64::MAX)]), Err(Code::QuantityExceeded)),
            (Some(vec![units(InboundLineId(3), 1)]), Err(Code::ValidationFailed)),
        ] {
            let mut lines = planned();
            let done = send(&mut lines, requested.as_deref());
            let sent = done.map(|()| [lines[0].counts.sent, lines[1].counts.sent]).map_err(|refusal| refusal.code);
            assert_eq!(sent, result, "{requested:?}");
        }
    }

    #[test]
    fn only_outstanding_units_can_be_settled() {
        let settlement = |quantity, outcome| Settlement { line: RICE, quantity, outcome };
        let mut lines = sent();
        settle(&mut lines, &[settlement(6, SettleOutcome::Lost), settlement(4, SettleOutcome::Returned)]).unwrap();
        assert_eq!((lines[0].counts.lost, lines[0].counts.returned, lines[0].counts.outstanding), (6, 4, 0));
        let refusal = settle(&mut lines, &[settlement(1, SettleOutcome::Lost)]).unwrap_err();
        assert_eq!(refusal.code, Code::QuantityExceeded);
    }
}
