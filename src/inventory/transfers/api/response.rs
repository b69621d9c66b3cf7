//! Transfers in responses.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::inventory::inbounds::line::{InboundLine, LineCounts};
use crate::inventory::inbounds::queries::documents::HistoryStep;
use crate::inventory::inbounds::queries::lines::LineSums;
use crate::inventory::inbounds::queries::receipts::Receipt;
use crate::inventory::inbounds::status::InboundStatus;
use crate::inventory::transfers::Transfer;
use crate::kernel::id::{InboundId, InboundLineId, InboundReceiptId, LocationId, ProductId, VariantId};

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
    pub history: Vec<TransferHistoryResponse>,
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
    /// The planned units.
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

/// A receipt, or the reversal of one, whose quantities are negative.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptResponse {
    /// The reference of its movements in the ledger.
    #[schema(pattern = "^RCP-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub receipt_number: String,
    /// The number of the receipt that this one reverses.
    #[schema(pattern = "^RCP-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub reverses: Option<String>,
    /// The number of the receipt that reverses this one.
    #[schema(pattern = "^RCP-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub reversed_by: Option<String>,
    #[schema(max_length = 100)]
    pub reference: Option<String>,
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    pub lines: Vec<ReceiptLineResponse>,
    /// `user:<id>` or `system`.
    #[schema(max_length = 100)]
    pub actor: String,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptLineResponse {
    pub line_id: InboundLineId,
    pub accepted_quantity: i64,
    pub rejected_quantity: i64,
    pub over_quantity: i64,
    #[schema(max_length = 500)]
    pub reject_reason: Option<String>,
}

/// A status that the transfer has had.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferHistoryResponse {
    pub from: Option<InboundStatus>,
    pub to: InboundStatus,
    pub at: DateTime<Utc>,
    #[schema(max_length = 100)]
    pub actor: String,
    #[schema(max_length = 500)]
    pub reason: Option<String>,
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
    pub fn new(transfer: Transfer, lines: Vec<InboundLine>, receipts: Vec<Receipt>, history: Vec<HistoryStep>) -> Self {
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
            receipts: ReceiptResponse::list(receipts),
            history: history.into_iter().map(TransferHistoryResponse::from).collect(),
            actor: transfer.actor,
            created_at: transfer.created_at,
            updated_at: transfer.updated_at,
        }
    }
}

impl From<InboundLine> for TransferLineResponse {
    fn from(line: InboundLine) -> Self {
        let InboundLine { id, variant_id, product_id, sku, product_name, size, counts, .. } = line;
        let LineCounts { planned, sent, over, accepted, rejected, lost, returned, cancelled: _, outstanding } = counts;
        Self {
            id,
            product_id,
            variant_id,
            sku,
            product_name,
            size,
            quantity: planned,
            sent_quantity: sent,
            over_quantity: over,
            accepted_quantity: accepted,
            rejected_quantity: rejected,
            lost_quantity: lost,
            returned_quantity: returned,
            outstanding_quantity: outstanding,
        }
    }
}

impl ReceiptResponse {
    fn list(receipts: Vec<Receipt>) -> Vec<Self> {
        let numbers: HashMap<InboundReceiptId, String> =
            receipts.iter().map(|receipt| (receipt.id, receipt.receipt_number.clone())).collect();
        let reversals = receipts.iter().filter_map(|receipt| Some((receipt.reverses?, receipt.receipt_number.clone())));
        let reversals: HashMap<InboundReceiptId, String> = reversals.collect();
        let response = |receipt: Receipt| {
            let Receipt { id, receipt_number, reverses, reference, reason, actor, created_at, lines } = receipt;
            Self {
                receipt_number,
                reverses: reverses.and_then(|id| numbers.get(&id).cloned()),
                reversed_by: reversals.get(&id).cloned(),
                reference,
                reason,
                lines: lines
                    .into_iter()
                    .map(|line| ReceiptLineResponse {
                        line_id: line.line,
                        accepted_quantity: line.arrived.accepted,
                        rejected_quantity: line.arrived.rejected,
                        over_quantity: line.arrived.over,
                        reject_reason: line.reject_reason,
                    })
                    .collect(),
                actor,
                created_at,
            }
        };
        receipts.into_iter().map(response).collect()
    }
}

impl From<HistoryStep> for TransferHistoryResponse {
    fn from(step: HistoryStep) -> Self {
        let HistoryStep { from_status, to_status, reason, actor, created_at } = step;
        Self { from: from_status, to: to_status, at: created_at, actor, reason }
    }
}
