//! Lines that refer to products: equal lines are added up, and unknown products are refused.

use diesel::PgConnection;

use super::queries::sellables::{self, ResolvedVariant};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductRef, StoreId, VariantId};
use crate::kernel::quantity::MAX_QUANTITY;

/// The product and size of a line, as the request names them.
#[derive(Clone, Copy, Debug)]
pub struct RequestedVariant<'a> {
    pub product: &'a ProductRef,
    pub size: Option<&'a str>,
    pub quantity: i64,
}

/// A variant with the total quantity of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub variant: VariantId,
    pub quantity: i64,
    /// The indexes of the lines that were added up.
    pub from: Vec<usize>,
}

/// Adds up equal lines, in the order of their first occurrence. Invalid quantities are refused before unknown
/// products.
pub fn add_up(requested: &[RequestedVariant<'_>], resolved: &[ResolvedVariant]) -> Result<Vec<Line>, ApiError> {
    let mut lines: Vec<Line> = Vec::with_capacity(requested.len());
    for (index, (requested, resolved)) in requested.iter().zip(resolved).enumerate() {
        let ResolvedVariant::Variant(variant) = *resolved else { continue };
        let Some(line) = lines.iter_mut().find(|line| line.variant == variant) else {
            lines.push(Line { variant, quantity: requested.quantity, from: vec![index] });
            continue;
        };
        line.quantity = line.quantity.saturating_add(requested.quantity);
        line.from.push(index);
        if line.quantity > MAX_QUANTITY {
            let message = format!("makes {} with earlier lines; the most is {MAX_QUANTITY}", line.quantity);
            return Err(ApiError::field(format!("items[{index}].quantity"), message));
        }
    }
    refuse_unknown(requested, resolved)?;
    Ok(lines)
}

/// The variants of the lines, in their order. The first line that names none is refused.
pub fn find_variants(
    conn: &mut PgConnection,
    store: StoreId,
    requested: &[RequestedVariant<'_>],
) -> Result<Vec<VariantId>, Abort> {
    let names: Vec<_> = requested.iter().map(|line| (line.product, line.size)).collect();
    let resolved = sellables::resolve(conn, store, &names)?;
    refuse_unknown(requested, &resolved)?;
    Ok(resolved.into_iter().filter_map(ResolvedVariant::variant).collect())
}

/// Refuses with 422 or 404: first missing fields of the request, then products that the store does not have.
fn refuse_unknown(requested: &[RequestedVariant<'_>], resolved: &[ResolvedVariant]) -> Result<(), ApiError> {
    for kind in [ResolvedVariant::SizeMissing, ResolvedVariant::NoProduct, ResolvedVariant::NoSize] {
        if let Some((requested, _)) = requested.iter().zip(resolved).find(|(_, resolved)| **resolved == kind) {
            return Err(unknown(requested, kind));
        }
    }
    Ok(())
}

/// The refusal of a line that names no variant.
#[must_use]
pub fn unknown(requested: &RequestedVariant<'_>, resolved: ResolvedVariant) -> ApiError {
    let RequestedVariant { product, size, .. } = requested;
    match resolved {
        ResolvedVariant::SizeMissing => ApiError::new(Code::SizeRequired, format!("Product {product} needs a size.")),
        ResolvedVariant::NoSize => ApiError::not_found(
            Code::SizeNotFound,
            format_args!("Size '{}' of product {product}", size.unwrap_or_default()),
        ),
        ResolvedVariant::NoProduct | ResolvedVariant::Variant(_) => {
            ApiError::not_found(Code::ProductNotFound, format_args!("Product {product}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::ProductId;

    const A: ResolvedVariant = ResolvedVariant::Variant(VariantId(1));
    const B: ResolvedVariant = ResolvedVariant::Variant(VariantId(2));

    fn sums(lines: &[(ResolvedVariant, i64)]) -> Result<Vec<(i64, i64)>, Code> {
        let product = ProductRef::Id(ProductId(1));
        let requested: Vec<_> = lines
            .iter()
            .map(|(_, quantity)| RequestedVariant { product: &product, size: None, quantity: *quantity })
            .collect();
        let resolved: Vec<_> = lines.iter().map(|(resolved, _)| *resolved).collect();
        let lines = add_up(&requested, &resolved).map_err(|refusal| refusal.code)?;
        Ok(lines.into_iter().map(|line| (line.variant.0, line.quantity)).collect())
    }

    #[test]
    fn equal_lines_add_up_in_the_order_of_their_first() {
        assert_eq!(sums(&[(A, 2), (B, 1), (A, 3)]), Ok(vec![(1, 5), (2, 1)]));
    }

    #[test]
    fn invalid_quantities_are_refused_before_unknown_products() {
        assert_eq!(sums(&[(ResolvedVariant::NoProduct, 1), (A, 6_000), (A, 6_000)]), Err(Code::ValidationFailed));
        assert_eq!(
            sums(&[(ResolvedVariant::NoProduct, 1), (ResolvedVariant::SizeMissing, 1)]),
            Err(Code::SizeRequired)
        );
        assert_eq!(sums(&[(ResolvedVariant::NoSize, 1), (ResolvedVariant::NoProduct, 1)]), Err(Code::ProductNotFound));
        assert_eq!(sums(&[(A, 1), (ResolvedVariant::NoSize, 1)]), Err(Code::SizeNotFound));
    }
}
