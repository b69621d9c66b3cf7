//! Transfers in responses.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::inventory::inbounds::line::{InboundLine, LineCounts};
use crate::inventory::inbounds::queries::lines::LineSums;
use crate::inventory::inbounds::receipt::Receipt;
use crate::inventory::inbounds::response::{Costs, InboundHistoryResponse, ReceiptResponse};
use crate::inventory::inbounds::status::InboundStatus;
use crate::inventory::transfers::Transfer;
use crate::kernel::history_step::HistoryStep;
use crate::kernel::id::{InboundId, InboundLineId, LocationId, ProductId, VariantId};

/// A transfer in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferSummaryResponse {
    pub id: InboundId,
    #[schema(pattern = "^TRF-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub transfer_number: String,
    pub status: InboundStatus,
    pub from_location_id: LocationId,
    pub to_location_id: LocationId,
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    /// The planned units of all lines.
    pub quantity: i64,
    pub sent_quantity: i64,
    /// The units on the road.
    pub outstanding_quantity: i64,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A transfer with its lines, receipts and history.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferResponse {
    pub id: InboundId,
    #[schema(pattern = "^TRF-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub transfer_number: String,
    pub status: InboundStatus,
    pub from_location_id: LocationId,
    pub to_location_id: LocationId,
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    pub expected_on: Option<NaiveDate>,
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// The number of the carrier.
    #[schema(max_length = 100)]
    pub tracking: Option<String>,
    /// Every write increases it by one.
    pub version: i64,
    pub lines: Vec<TransferLineResponse>,
    pub receipts: Vec<ReceiptResponse>,
    pub history: Vec<InboundHistoryResponse>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A line: `sent + over = accepted + rejected + lost + returned + outstanding`.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferLineResponse {
    pub id: InboundLineId,
    pub product_id: ProductId,
    pub variant_id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    /// The planned units. Those that were not sent have left the transfer: they are free at the source again.
    pub quantity: i64,
    pub sent_quantity: i64,
    /// The units that arrived and were not sent.
    pub over_quantity: i64,
    pub accepted_quantity: i64,
    /// The units that went to quarantine.
    pub rejected_quantity: i64,
    pub lost_quantity: i64,
    /// The units that went back to the source.
    pub returned_quantity: i64,
    /// The units on the road.
    pub outstanding_quantity: i64,
}

impl TransferSummaryResponse {
    pub fn new(transfer: Transfer, sums: LineSums) -> Self {
        let LineSums { planned, sent, outstanding, cost: _ } = sums;
        Self {
            id: transfer.id,
            transfer_number: transfer.inbound_number,
            status: transfer.status,
            from_location_id: transfer.origin,
            to_location_id: transfer.to_location_id,
            reference: transfer.reference,
            expected_on: transfer.expected_on,
            quantity: planned,
            sent_quantity: sent,
            outstanding_quantity: outstanding,
            version: transfer.version,
            created_at: transfer.created_at,
            updated_at: transfer.updated_at,
        }
    }
}

impl TransferResponse {
    pub fn new(
        transfer: Transfer,
        lines: Vec<InboundLine>,
        receipts: Vec<Receipt>,
        history: Vec<HistoryStep<InboundStatus>>,
    ) -> Self {
        Self {
            id: transfer.id,
            transfer_number: transfer.inbound_number,
            status: transfer.status,
            from_location_id: transfer.origin,
            to_location_id: transfer.to_location_id,
            reference: transfer.reference,
            expected_on: transfer.expected_on,
            notes: transfer.notes,
            tracking: transfer.tracking,
            version: transfer.version,
            lines: lines.into_iter().map(TransferLineResponse::from).collect(),
            receipts: ReceiptResponse::list(receipts, &Costs::None),
            history: history.into_iter().map(InboundHistoryResponse::from).collect(),
            actor: transfer.actor,
            created_at: transfer.created_at,
            updated_at: transfer.updated_at,
        }
    }
}

impl From<InboundLine> for TransferLineResponse {
    fn from(line: InboundLine) -> Self {
        let InboundLine { id, variant_id, product_id, sku, product_name, size, counts, .. } = line;
        let LineCounts { planned, sent, surplus, accepted, rejected, lost, returned, cancelled: _, outstanding } =
            counts;
        Self {
            id,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            quantity: planned,
            sent_quantity: sent,
            over_quantity: surplus,
            accepted_quantity: accepted,
            rejected_quantity: rejected,
            lost_quantity: lost,
            returned_quantity: returned,
            outstanding_quantity: outstanding,
        }
    }
}
