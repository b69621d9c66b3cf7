//! The bodies of requests about transfers.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::catalogue::size;
use crate::inventory::inbounds::arrival::{ReceivedLine, Surplus};
use crate::inventory::inbounds::draft::{Header, HeaderChange};
use crate::inventory::inbounds::draft_line::DraftLine;
use crate::inventory::inbounds::line::SettleOutcome;
use crate::inventory::inbounds::receive::ReceivedUnits;
use crate::inventory::transfers::decide::{LineUnits, Settlement};
use crate::inventory::transfers::draft::{NewTransfer, TransferChange};
use crate::inventory::transfers::lifecycle::Sending;
use crate::kernel::document_text::{CancelReason, Notes, Reason, Reference};
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::id::{InboundLineId, LocationId, ProductRef};
use crate::kernel::moment::Day;
use crate::kernel::quantity::{DocumentQuantity, StockQuantity};
use crate::kernel::text;

/// A transfer to create. No unit moves.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransferRequest {
    pub from_location_id: LocationId,
    pub to_location_id: LocationId,
    /// Equal lines are added up.
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<TransferLineRequest>,
    pub reference: Option<Reference>,
    /// The day on which the goods should arrive.
    pub expected_on: Option<Day>,
    pub notes: Option<Notes>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferLineRequest {
    pub product_id: ProductRef,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    pub size: Option<String>,
    pub quantity: DocumentQuantity,
}

/// Changes of a draft. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateTransferRequest {
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    pub from_location_id: Option<LocationId>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    pub to_location_id: Option<LocationId>,
    /// They replace all lines.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(nested)]
    #[schema(nullable = false, min_items = 1, max_items = 500)]
    pub lines: Option<Vec<TransferLineRequest>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Reference>)]
    pub reference: Option<Option<Reference>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Day>)]
    pub expected_on: Option<Option<Day>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
    pub expected_version: Option<ExpectedVersion>,
}

/// The body of acts without details.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferVersionRequest {
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelTransferRequest {
    pub reason: Option<CancelReason>,
    pub expected_version: Option<ExpectedVersion>,
}

/// The units that leave the source.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendTransferRequest {
    /// Without lines, all planned units are sent. With lines, only these units. The rest of the plan is released
    /// at the source and leaves the transfer: `sent_quantity` stays smaller than `quantity`. A second transfer sends it.
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Option<Vec<SendLineRequest>>,
    /// The number of the carrier.
    pub tracking: Option<Reference>,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendLineRequest {
    pub line_id: InboundLineId,
    pub quantity: DocumentQuantity,
}

/// Units that arrived together.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveTransferRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<ReceiveLineRequest>,
    pub reference: Option<Reference>,
    /// True if more units than the outstanding ones may arrive. The surplus is added to the stock.
    #[serde(default)]
    pub allow_over: bool,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveLineRequest {
    pub line_id: InboundLineId,
    /// The units that can be sold.
    pub accepted: StockQuantity,
    /// The units that go to quarantine; 0 by default.
    pub rejected: Option<StockQuantity>,
    pub reject_reason: Option<Reason>,
}

/// Outstanding units that do not arrive.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleTransferRequest {
    #[schema(min_items = 1, max_items = 500)]
    pub lines: Vec<SettleLineRequest>,
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleLineRequest {
    pub line_id: InboundLineId,
    pub quantity: DocumentQuantity,
    /// `lost` needs the permission `inventory:approve`.
    pub outcome: SettleOutcome,
}

impl From<NewTransferRequest> for NewTransfer {
    fn from(request: NewTransferRequest) -> Self {
        let NewTransferRequest { from_location_id, to_location_id, lines, reference, expected_on, notes } = request;
        let header = Header {
            origin: from_location_id,
            to: to_location_id,
            reference: reference.map(String::from),
            expected_on: expected_on.map(|day| day.0),
            notes: notes.map(String::from),
        };
        Self { header, lines: lines.into_iter().map(DraftLine::from).collect() }
    }
}

impl From<TransferLineRequest> for DraftLine {
    fn from(request: TransferLineRequest) -> Self {
        let TransferLineRequest { product_id, size, quantity } = request;
        Self { product: product_id, size, quantity: quantity.get() }
    }
}

impl From<UpdateTransferRequest> for TransferChange {
    fn from(request: UpdateTransferRequest) -> Self {
        let UpdateTransferRequest { from_location_id, to_location_id, lines, reference, expected_on, notes, .. } =
            request;
        let header = HeaderChange {
            origin: from_location_id,
            to: to_location_id,
            reference: reference.map(|reference| reference.map(String::from)),
            expected_on: expected_on.map(|day| day.map(|day| day.0)),
            notes: notes.map(|notes| notes.map(String::from)),
        };
        Self { header, lines: lines.map(|lines| lines.into_iter().map(DraftLine::from).collect()) }
    }
}

impl From<SendTransferRequest> for Sending {
    fn from(request: SendTransferRequest) -> Self {
        let SendTransferRequest { lines, tracking, expected_version: _ } = request;
        let units = |line: SendLineRequest| LineUnits { line: line.line_id, quantity: line.quantity.get() };
        let lines = lines.map(|lines| lines.into_iter().map(units).collect());
        Self { lines, tracking: tracking.map(String::from) }
    }
}

impl From<ReceiveTransferRequest> for ReceivedUnits {
    fn from(request: ReceiveTransferRequest) -> Self {
        let ReceiveTransferRequest { lines, reference, allow_over, expected_version: _ } = request;
        let surplus = if allow_over { Surplus::Accept } else { Surplus::Refuse };
        let lines = lines.into_iter().map(ReceivedLine::from).collect();
        Self { lines, reference: reference.map(String::from), surplus }
    }
}

impl From<ReceiveLineRequest> for ReceivedLine {
    fn from(request: ReceiveLineRequest) -> Self {
        let ReceiveLineRequest { line_id, accepted, rejected, reject_reason } = request;
        Self {
            line: line_id,
            accepted: accepted.get(),
            rejected: rejected.unwrap_or_default().get(),
            keep_rejected: true,
            reject_reason: reject_reason.map(String::from),
            unit_cost: None,
        }
    }
}

impl From<SettleLineRequest> for Settlement {
    fn from(request: SettleLineRequest) -> Self {
        let SettleLineRequest { line_id, quantity, outcome } = request;
        Self { line: line_id, quantity: quantity.get(), outcome }
    }
}
