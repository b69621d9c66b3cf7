//! The receipts of a document: units that arrived together.

use chrono::{DateTime, Utc};

use super::arrival::ReceiptLine;
use crate::error::{ApiError, Code};
use crate::kernel::id::{InboundId, InboundReceiptId};

/// A receipt to write.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    pub inbound: InboundId,
    pub receipt_number: String,
    /// The receipt that this one reverses.
    pub reverses: Option<InboundReceiptId>,
    pub reference: Option<String>,
    pub reason: Option<String>,
    pub actor: String,
    pub lines: Vec<ReceiptLine>,
}

/// A receipt as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: InboundReceiptId,
    pub receipt_number: String,
    pub reverses: Option<InboundReceiptId>,
    pub reference: Option<String>,
    pub reason: Option<String>,
    pub actor: String,
    pub created_at: DateTime<Utc>,
    pub lines: Vec<ReceiptLine>,
}

/// The receipt of that number, or 404.
pub fn find_receipt<'a>(receipts: &'a [Receipt], number: &str) -> Result<&'a Receipt, ApiError> {
    let receipt = receipts.iter().find(|receipt| receipt.receipt_number.eq_ignore_ascii_case(number));
    receipt.ok_or_else(|| ApiError::not_found(Code::NotFound, "The receipt"))
}

/// Refuses a receipt that is reversed, or that reverses another one. `receipts` are all of its document.
pub fn refuse_reversed(receipts: &[Receipt], receipt: &Receipt) -> Result<(), ApiError> {
    let is_reversed = receipts.iter().any(|other| other.reverses == Some(receipt.id));
    if !is_reversed && receipt.reverses.is_none() {
        return Ok(());
    }
    let state = if is_reversed { "is reversed already" } else { "is a reversal" };
    let detail = format!("Receipt {} {state}.", receipt.receipt_number);
    Err(ApiError::new(Code::InvalidTransition, detail))
}
