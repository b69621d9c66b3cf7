//! What is said of a line that asks for more than there is.

use crate::error::{ApiError, Code, StockError};

/// The words for one line.
#[must_use]
pub fn message(product_name: &str, available: i64, requested: i64) -> String {
    format!("Insufficient stock for '{product_name}'. Available: {available}, Requested: {requested}")
}

/// 400 that lists every short line; the first one's message is the detail.
#[must_use]
pub fn refuse(short: Vec<StockError>) -> ApiError {
    let detail = short.first().map(|line| line.message.clone()).unwrap_or_default();
    let mut refusal = ApiError::new(Code::InsufficientStock, detail);
    refusal.extra.stock_errors = short;
    refusal
}
