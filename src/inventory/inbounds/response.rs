//! The parts of transfers and purchase orders in responses that they have in common.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::arrival::ReceiptLine;
use super::line::ReceivedCounts;
use super::receipt::Receipt;
use super::status::InboundStatus;
use crate::kernel::history_step::history_response;
use crate::kernel::id::{InboundLineId, InboundReceiptId};
use crate::kernel::money::{Amount, Currency, Money};

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
    /// The rejected units that went to quarantine. The others were refused when they arrived.
    pub quarantined_quantity: i64,
    pub over_quantity: i64,
    #[schema(max_length = 500)]
    pub reject_reason: Option<String>,
    /// The cost of a unit, as it counts: from the bill, if it differs from the entered one. Null in a transfer.
    pub unit_cost: Option<Amount>,
    /// The cost of a unit that was entered with the receipt. Null in a transfer.
    pub entered_unit_cost: Option<Amount>,
}

history_response! {
    /// A status that the document has had.
    pub struct InboundHistoryResponse(InboundStatus);
}

/// The costs of the lines of receipts.
pub enum Costs {
    /// A transfer has none.
    None,
    /// The currency, and the corrected costs.
    Corrected(Currency, HashMap<(InboundReceiptId, InboundLineId), Money>),
}

impl Costs {
    fn line_response(&self, receipt: InboundReceiptId, received: ReceiptLine) -> ReceiptLineResponse {
        let ReceiptLine { line, counts, reject_reason, unit_cost: entered } = received;
        let ReceivedCounts { accepted, rejected, quarantined, surplus } = counts;
        let (unit_cost, entered_unit_cost) = match self {
            Self::None => (None, None),
            Self::Corrected(currency, corrected) => {
                let amount = |money: Option<Money>| money.map(|money| currency.amount(money));
                (amount(corrected.get(&(receipt, line)).copied().or(entered)), amount(entered))
            }
        };
        ReceiptLineResponse {
            line_id: line,
            accepted_quantity: accepted,
            rejected_quantity: rejected,
            quarantined_quantity: quarantined,
            over_quantity: surplus,
            reject_reason,
            unit_cost,
            entered_unit_cost,
        }
    }
}

impl ReceiptResponse {
    /// Receipts in the order of their numbers. `costs` are the corrected costs of their lines.
    pub fn list(receipts: Vec<Receipt>, costs: &Costs) -> Vec<Self> {
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
                lines: lines.into_iter().map(|line| costs.line_response(id, line)).collect(),
                actor,
                created_at,
            }
        };
        receipts.into_iter().map(response).collect()
    }
}
