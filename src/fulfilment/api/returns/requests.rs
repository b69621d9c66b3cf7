//! The bodies of requests about returns.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::error::ApiError;
use crate::fulfilment::returns::create::{NewReturn, ReturnedLine};
use crate::fulfilment::returns::disposition::Disposition;
use crate::fulfilment::returns::receive::{Arrival, ArrivedLine};
use crate::kernel::document_text::{CancelReason, Notes, Reason};
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::{LocationId, OrderItemId, ReturnLineId};
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::{MAX_DOCUMENT_LINES, MAX_QUANTITY, Quantity, StockQuantity, check_line_count};

/// Shipped units that the buyer gives back.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturnRequest {
    /// Each item at most once.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<NewReturnLineRequest>,
    pub note: Option<Notes>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturnLineRequest {
    pub item_id: OrderItemId,
    pub quantity: Quantity,
    pub reason: Reason,
}

#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnVersionRequest {
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectReturnRequest {
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelReturnRequest {
    pub reason: Option<CancelReason>,
    pub expected_version: Option<ExpectedVersion>,
}

/// Units of a return that arrive together at a location.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturnRequest {
    pub location_id: LocationId,
    /// Each line at most once.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReceiveReturnLineRequest>,
    pub expected_version: Option<ExpectedVersion>,
}

/// The units of a line by their condition, at least one.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveReturnLineRequest {
    pub line_id: ReturnLineId,
    /// Units for sale at the location.
    #[serde(default)]
    #[schema(required = false)]
    pub restock: StockQuantity,
    /// Units for the quarantine of the location.
    #[serde(default)]
    #[schema(required = false)]
    pub quarantine: StockQuantity,
    /// Units that are thrown away.
    #[serde(default)]
    #[schema(required = false)]
    pub scrap: StockQuantity,
    /// Units that did not arrive. Nothing is credited for them.
    #[serde(default)]
    #[schema(required = false)]
    pub missing: StockQuantity,
    /// The part of the line's credit that the buyer still owes, at most that credit.
    pub fee: Option<AmountInput>,
}

impl TryFrom<NewReturnRequest> for NewReturn {
    type Error = ApiError;

    fn try_from(request: NewReturnRequest) -> Result<Self, ApiError> {
        let NewReturnRequest { lines, note } = request;
        check_line_count(lines.len(), MAX_DOCUMENT_LINES).map_err(|message| ApiError::field("lines", message))?;
        refuse_repeated("lines", "item_id", lines.iter().map(|line| line.item_id))?;
        let line = |line: NewReturnLineRequest| {
            let NewReturnLineRequest { item_id, quantity, reason } = line;
            ReturnedLine { item: item_id, quantity: quantity.get(), reason: reason.into() }
        };
        Ok(Self { lines: lines.into_iter().map(line).collect(), note: note.map(String::from) })
    }
}

/// Refuses a value that appears twice in a list.
pub fn refuse_repeated<T: Ord>(list: &str, field: &str, values: impl Iterator<Item = T>) -> Result<(), ApiError> {
    let mut seen = BTreeSet::new();
    for (index, value) in values.enumerate() {
        if !seen.insert(value) {
            return Err(ApiError::field(format!("{list}[{index}].{field}"), "must not be repeated"));
        }
    }
    Ok(())
}

impl TryFrom<ReceiveReturnRequest> for Arrival {
    type Error = ApiError;

    fn try_from(request: ReceiveReturnRequest) -> Result<Self, ApiError> {
        let ReceiveReturnRequest { location_id, lines, expected_version: _ } = request;
        check_line_count(lines.len(), MAX_DOCUMENT_LINES).map_err(|message| ApiError::field("lines", message))?;
        refuse_repeated("lines", "line_id", lines.iter().map(|line| line.line_id))?;
        let mut arrived = Vec::with_capacity(lines.len());
        for (index, line) in lines.into_iter().enumerate() {
            let line = ArrivedLine::from(line);
            if line.units.settled() == 0 {
                return Err(ApiError::field(format!("lines[{index}].restock"), "must be given, or another condition"));
            }
            if line.units.settled() > MAX_QUANTITY {
                let message = format!("must be at most {MAX_QUANTITY} units with the other conditions");
                return Err(ApiError::field(format!("lines[{index}].restock"), message));
            }
            arrived.push(line);
        }
        Ok(Self { location: location_id, lines: arrived })
    }
}

impl From<ReceiveReturnLineRequest> for ArrivedLine {
    fn from(request: ReceiveReturnLineRequest) -> Self {
        let ReceiveReturnLineRequest { line_id, restock, quarantine, scrap, missing, fee } = request;
        let (restock, quarantine) = (restock.get(), quarantine.get());
        let units = Disposition { restock, quarantine, scrap: scrap.get(), missing: missing.get() };
        Self { line: line_id, units, fee }
    }
}
