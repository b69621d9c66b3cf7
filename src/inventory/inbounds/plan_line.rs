//! The lines of a plan: a product, perhaps a size of it, and its units.

use diesel::PgConnection;

use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::error::{Abort, ApiError};
use crate::kernel::id::{ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_STOCK;

/// A product, perhaps a size of it, and its planned units.
#[derive(Clone, Debug)]
pub struct PlanLine {
    pub product: ProductRef,
    pub size: Option<String>,
    pub quantity: i64,
}

/// Finds the variants, and adds up equal lines.
pub fn resolve(conn: &mut PgConnection, store: StoreId, lines: &[PlanLine]) -> Result<Vec<(VariantId, i64)>, Abort> {
    let requested = lines.iter().map(|line| RequestedVariant {
        product: &line.product,
        size: line.size.as_deref(),
        quantity: line.quantity,
    });
    let variants = find_variants(conn, store, &requested.collect::<Vec<_>>())?;
    let mut planned: Vec<(VariantId, i64)> = Vec::with_capacity(lines.len());
    for (index, (line, variant)) in lines.iter().zip(variants).enumerate() {
        let Some((_, sum)) = planned.iter_mut().find(|(known, _)| *known == variant) else {
            planned.push((variant, line.quantity));
            continue;
        };
        *sum = sum.saturating_add(line.quantity);
        if *sum > MAX_STOCK {
            let message = format!("makes {sum} with earlier lines; the most is {MAX_STOCK}");
            return Err(ApiError::field(format!("lines[{index}].quantity"), message).into());
        }
    }
    Ok(planned)
}
