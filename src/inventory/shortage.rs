//! What is said of a line that asks for more than there is.

use diesel::PgConnection;

use super::queries::holds;
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::error::{ApiError, Code, Halt, Overdue, StockError};
use crate::kernel::id::{StoreId, VariantId};

/// The words for one line.
#[must_use]
pub fn message(product_name: &str, available: i64, requested: i64) -> String {
    format!("Insufficient stock for '{product_name}'. Available: {available}, Requested: {requested}")
}

/// A short line of a variant.
#[must_use]
pub fn line(sellable: &Sellable, available: i64, requested: i64) -> StockError {
    StockError {
        product_id: sellable.product_id.0,
        sku: sellable.sku.clone(),
        product_name: sellable.product_name.clone(),
        size: sellable.size.clone(),
        requested_quantity: requested,
        available_quantity: available,
        shortage: requested.saturating_sub(available),
        message: message(&sellable.product_name, available, requested),
    }
}

/// 400 that lists every short line; the first one's message is the detail.
#[must_use]
pub fn refuse(short: Vec<StockError>) -> ApiError {
    let detail = short.first().map(|line| line.message.clone()).unwrap_or_default();
    let mut refusal = ApiError::new(Code::InsufficientStock, detail);
    refusal.extra.stock_errors = short;
    refusal
}

/// Stops with a refusal, or asks for another try if holds past their deadline stand in the way.
pub fn halt(
    conn: &mut PgConnection,
    store: StoreId,
    refusal: ApiError,
    variants: &[VariantId],
) -> Result<Halt, Failure> {
    let overdue = holds::list_overdue_variants(conn, store, variants)?;
    Ok(if overdue.is_empty() { refusal.into() } else { Halt::Overdue(refusal, Overdue { store, variants: overdue }) })
}
