//! Lines that name products: equal ones added up, and unknown ones refused.

use super::queries::sellables::Named;
use crate::error::{ApiError, Code};
use crate::kernel::id::{ProductRef, VariantId};
use crate::kernel::quantity::MAX_QUANTITY;

/// What a line names, as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub product: &'a ProductRef,
    pub size: Option<&'a str>,
    pub quantity: i64,
}

/// A variant with the sum of the lines that ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub variant: VariantId,
    pub quantity: i64,
    /// The places of the lines that were added up.
    pub from: Vec<usize>,
}

/// Adds equal lines up, in the order of their first. What is wrong in the request is refused before what
/// is missing in the shop: sums that are too large come before unknown names.
pub fn add_up(asked: &[Asked<'_>], named: &[Named]) -> Result<Vec<Line>, ApiError> {
    let mut lines: Vec<Line> = Vec::with_capacity(asked.len());
    for (index, (asked, named)) in asked.iter().zip(named).enumerate() {
        let Named::Variant(variant) = *named else { continue };
        let Some(line) = lines.iter_mut().find(|line| line.variant == variant) else {
            lines.push(Line { variant, quantity: asked.quantity, from: vec![index] });
            continue;
        };
        line.quantity = line.quantity.saturating_add(asked.quantity);
        line.from.push(index);
        if line.quantity > MAX_QUANTITY {
            let message = format!("makes {} with earlier lines; the most is {MAX_QUANTITY}", line.quantity);
            return Err(ApiError::field(format!("items[{index}].quantity"), message));
        }
    }
    refuse_unknown(asked, named)?;
    Ok(lines)
}

/// 422 before 404: first what is missing in the request, then what is missing in the shop.
pub fn refuse_unknown(asked: &[Asked<'_>], named: &[Named]) -> Result<(), ApiError> {
    for kind in [Named::SizeMissing, Named::NoProduct, Named::NoSize] {
        if let Some((asked, _)) = asked.iter().zip(named).find(|(_, named)| **named == kind) {
            return Err(unknown(asked, kind));
        }
    }
    Ok(())
}

fn unknown(asked: &Asked<'_>, named: Named) -> ApiError {
    let Asked { product, size, .. } = asked;
    match named {
        Named::SizeMissing => ApiError::new(Code::SizeRequired, format!("Product {product} needs a size.")),
        Named::NoSize => ApiError::not_found(
            Code::SizeNotFound,
            format_args!("Size '{}' of product {product}", size.unwrap_or_default()),
        ),
        Named::NoProduct | Named::Variant(_) => {
            ApiError::not_found(Code::ProductNotFound, format_args!("Product {product}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::ProductId;

    const A: Named = Named::Variant(VariantId(1));
    const B: Named = Named::Variant(VariantId(2));

    fn sums(lines: &[(Named, i64)]) -> Result<Vec<(i64, i64)>, Code> {
        let product = ProductRef::Id(ProductId(1));
        let asked: Vec<_> =
            lines.iter().map(|(_, quantity)| Asked { product: &product, size: None, quantity: *quantity }).collect();
        let named: Vec<_> = lines.iter().map(|(named, _)| *named).collect();
        let lines = add_up(&asked, &named).map_err(|refusal| refusal.code)?;
        Ok(lines.into_iter().map(|line| (line.variant.0, line.quantity)).collect())
    }

    #[test]
    fn equal_lines_add_up_in_the_order_of_their_first() {
        assert_eq!(sums(&[(A, 2), (B, 1), (A, 3)]), Ok(vec![(1, 5), (2, 1)]));
    }

    #[test]
    fn what_is_wrong_comes_before_what_is_missing() {
        assert_eq!(sums(&[(Named::NoProduct, 1), (A, 6_000), (A, 6_000)]), Err(Code::ValidationFailed));
        assert_eq!(sums(&[(Named::NoProduct, 1), (Named::SizeMissing, 1)]), Err(Code::SizeRequired));
        assert_eq!(sums(&[(Named::NoSize, 1), (Named::NoProduct, 1)]), Err(Code::ProductNotFound));
        assert_eq!(sums(&[(A, 1), (Named::NoSize, 1)]), Err(Code::SizeNotFound));
    }
}
