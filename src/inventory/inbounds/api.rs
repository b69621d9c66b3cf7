//! The parts of the operations on transfers and purchase orders that they have in common.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::error::ApiError;
use crate::kernel::document_text::Reason;
use crate::kernel::expected_version::ExpectedVersion;
use crate::kernel::quantity::MAX_DOCUMENT_LINES;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseReceiptRequest {
    pub reason: Reason,
    pub expected_version: Option<ExpectedVersion>,
}

/// Refuses an empty list of lines, and too many of them.
pub fn check_lines<T>(lines: Option<&Vec<T>>) -> Result<(), ApiError> {
    if lines.is_none_or(|lines| (1..=MAX_DOCUMENT_LINES).contains(&lines.len())) {
        return Ok(());
    }
    Err(ApiError::field("lines", format!("must have 1 to {MAX_DOCUMENT_LINES} lines")))
}
