//! The errors of lines that request more units than are available.
//!
//! This file does not decide whether a line is short. `HoldSet::route` decides for orders, their reroutes, the holds of
//! carts (`cart/holding.rs`) and reservations, `inbounds/units.rs` for documents, `change_stock.rs` and `move_stock.rs`
//! for staff.

use diesel::PgConnection;

use super::queries::holds;
use crate::catalogue::queries::sellables::Sellable;
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code, Overdue, StockError};
use crate::kernel::id::{ProductId, StoreId, VariantId};

/// The message for one line.
#[must_use]
pub fn message(product_name: &str, available: i64, requested: i64) -> String {
    format!("Insufficient stock for '{product_name}'. Available: {available}, Requested: {requested}")
}

/// A product or a size, as refusals name it.
#[derive(Clone, Copy, Debug)]
pub struct StockItem<'a> {
    pub product_id: ProductId,
    pub sku: &'a str,
    pub product_name: &'a str,
    pub size: Option<&'a str>,
}

impl<'a> From<&'a Sellable> for StockItem<'a> {
    fn from(sellable: &'a Sellable) -> Self {
        let Sellable { product_id, sku, product_name, size, .. } = sellable;
        Self { product_id: *product_id, sku, product_name, size: size.as_deref() }
    }
}

/// The error of a line that requests more units than are available.
#[must_use]
pub fn stock_error<'a>(item: impl Into<StockItem<'a>>, available: i64, requested: i64) -> StockError {
    let StockItem { product_id, sku, product_name, size } = item.into();
    StockError {
        product_id: product_id.0,
        sku: sku.to_owned(),
        product_name: product_name.to_owned(),
        size: size.map(ToOwned::to_owned),
        requested_quantity: requested,
        available_quantity: available,
        shortage: requested.saturating_sub(available),
        message: message(product_name, available, requested),
    }
}

/// The 400 error that lists every shortage. The message of the first one is its detail.
#[must_use]
pub fn insufficient_stock(short: Vec<StockError>) -> ApiError {
    let detail = short.first().map(|line| line.message.clone()).unwrap_or_default();
    let mut refusal = ApiError::new(Code::InsufficientStock, detail);
    refusal.extra.stock_errors = short;
    refusal
}

/// Refuses, or asks for a second attempt if overdue holds of these variants cause the shortage.
pub fn refuse_or_retry(
    conn: &mut PgConnection,
    store: StoreId,
    refusal: ApiError,
    variants: &[VariantId],
) -> Result<Abort, Failure> {
    let overdue = holds::list_overdue_variants(conn, store, variants)?;
    Ok(if overdue.is_empty() { refusal.into() } else { Abort::Overdue(refusal, Overdue { store, variants: overdue }) })
}
