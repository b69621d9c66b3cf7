//! The lines of a draft: a product, perhaps a size of it, and its units.

use diesel::PgConnection;

use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::error::{Abort, ApiError};
use crate::kernel::id::{ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// A product, perhaps a size of it, and its planned units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    pub product: ProductRef,
    pub size: Option<String>,
    pub quantity: i64,
}

/// The variants of the lines, in their order. The first line that names none is refused.
pub fn find_all<'a>(
    conn: &mut PgConnection,
    store: StoreId,
    lines: impl Iterator<Item = &'a DraftLine>,
) -> Result<Vec<VariantId>, Abort> {
    let requested = lines.map(|line| RequestedVariant {
        product: &line.product,
        size: line.size.as_deref(),
        quantity: line.quantity,
    });
    find_variants(conn, store, &requested.collect::<Vec<_>>())
}

/// Finds the variants, and adds up equal lines.
pub fn resolve(conn: &mut PgConnection, store: StoreId, lines: &[DraftLine]) -> Result<Vec<(VariantId, i64)>, Abort> {
    let variants = find_all(conn, store, lines.iter())?;
    let mut planned: Vec<(VariantId, i64)> = Vec::with_capacity(lines.len());
    for (index, (line, variant)) in lines.iter().zip(variants).enumerate() {
        match planned.iter_mut().find(|(known, _)| *known == variant) {
            Some((_, sum)) => *sum = add(*sum, line.quantity, index)?,
            None => planned.push((variant, line.quantity)),
        }
    }
    Ok(planned)
}

/// Adds the units of a line to those of earlier lines. Refuses more than the maximal stock.
pub fn add(sum: i64, quantity: i64, index: usize) -> Result<i64, ApiError> {
    let sum = sum.saturating_add(quantity);
    if sum <= MAX_STOCK {
        return Ok(sum);
    }
    let message = format!("makes {sum} with earlier lines; the most is {MAX_STOCK}");
    Err(ApiError::field(format!("lines[{index}].quantity"), message))
}
