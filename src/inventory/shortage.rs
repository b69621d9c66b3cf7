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
use crate::kernel::text::shortened;

/// The bytes that the names of all lines of an error may have together. Each line has its name twice, and JSON escapes
/// quotes, so 100 lines stay under 64 KiB.
const MAX_NAMES: usize = 5_000;

/// The bytes of a name that are kept in an error of any number of lines.
const MIN_NAME: usize = 50;

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

/// The 400 error that lists every shortage. The message of the first one is its detail. If many lines are short, long
/// names lose their middle.
#[must_use]
pub fn insufficient_stock(mut short: Vec<StockError>) -> ApiError {
    let most = MAX_NAMES.checked_div(short.len()).unwrap_or(MAX_NAMES).max(MIN_NAME);
    for line in short.iter_mut().filter(|line| line.product_name.len() > most) {
        line.product_name = shortened(line.product_name.as_str().into(), most).into_owned();
        line.message = message(&line.product_name, line.available_quantity, line.requested_quantity);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(lines: usize, name: &str) -> ApiError {
        // The longest SKU and size.
        let (sku, size) = ("S".repeat(151), "L".repeat(50));
        let item = StockItem { product_id: ProductId(1_000_000), sku: &sku, product_name: name, size: Some(&size) };
        insufficient_stock(vec![stock_error(item, 1_000_000, 1_010_000); lines])
    }

    #[test]
    fn a_hundred_short_lines_with_long_names_are_at_most_64_kib() {
        for letter in ["\"", "\\", "\n", "a", "ö", "茶", "🧣"] {
            let refusal = refusal(100, &letter.repeat(255));
            assert_eq!(refusal.extra.stock_errors.len(), 100);
            for line in &refusal.extra.stock_errors {
                assert!(line.product_name.contains('…') && line.product_name.len() <= 50, "{}", line.product_name);
                assert_eq!(line.message, message(&line.product_name, 1_000_000, 1_010_000));
            }
            let body = serde_json::to_vec(&refusal.problem(Some("7b1c0b5e"))).unwrap();
            assert!(body.len() <= 64 * 1024, "{letter:?}: {}", body.len());
        }
    }

    #[test]
    fn names_stay_whole_if_few_lines_are_short_or_if_they_are_short_themselves() {
        for (lines, name) in [(1, "🧣".repeat(255)), (19, "a".repeat(255)), (100, "a".repeat(50))] {
            let refusal = refusal(lines, &name);
            let line = &refusal.extra.stock_errors[0];
            assert_eq!((&line.product_name, &line.message), (&name, &message(&name, 1_000_000, 1_010_000)));
        }
    }
}
