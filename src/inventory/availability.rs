//! Checks if quantities could be bought now.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::product_with_stock::{ProductWithStock, Stock, StockStatus, VariantWithStock};
use crate::catalogue::lines::RequestedVariant;
use crate::error::ApiError;
use crate::kernel::id::{ProductId, VariantId};

/// The availability of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    pub product_id: ProductId,
    pub product_name: String,
    pub size: Option<String>,
    pub requested_quantity: i64,
    pub available_quantity: i64,
    pub current_stock: i64,
    /// The quantity that could be bought.
    pub max_fulfillable: i64,
    pub stock_status: StockStatus,
    /// The first day on which the requested quantity should be there. None if it is there now, or if no day is known.
    pub available_on: Option<NaiveDate>,
    /// The units that must arrive before the line is available.
    pub missing: Missing,
}

/// The units that a line lacks. Any of its variants will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// The variants that are on sale.
    pub variants: Vec<VariantId>,
    /// Earlier lines request some of these units, too.
    pub requested: i64,
    pub available: i64,
}

impl Availability {
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.shortage() == 0
    }

    #[must_use]
    pub fn shortage(&self) -> i64 {
        self.requested_quantity.saturating_sub(self.max_fulfillable)
    }
}

/// Checks one quantity. Without a size it checks all sizes together.
pub fn check_product(product: &ProductWithStock, line: &RequestedVariant<'_>) -> Result<Availability, ApiError> {
    match product.find(line.product, line.size)? {
        Some(variant) => Ok(check_variant(product, variant, line.quantity, 0)),
        None => {
            let whole = (product.stock(), product.status());
            let variants = product.purchasable_variants().map(|variant| variant.id).collect();
            let missing = Missing { variants, requested: line.quantity, available: product.purchasable() };
            Ok(describe(product, whole, line.quantity, (product.purchasable(), missing)))
        }
    }
}

/// Checks lines one after the other: a variant of these products, and a quantity. Units that earlier lines request are
/// not available to later lines.
#[must_use]
pub fn check_lines(lines: &[(VariantId, i64)], products: &[ProductWithStock]) -> Vec<Availability> {
    let variants = products.iter().flat_map(|product| product.variants.iter().map(move |variant| (product, variant)));
    let variants: HashMap<VariantId, _> = variants.map(|(product, variant)| (variant.id, (product, variant))).collect();
    let mut asked_before: HashMap<VariantId, i64> = HashMap::new();
    let mut check = |&(variant, quantity): &(VariantId, i64)| {
        let (product, variant) = variants.get(&variant)?;
        let before = asked_before.entry(variant.id).or_default();
        let availability = check_variant(product, variant, quantity, *before);
        *before = before.saturating_add(quantity);
        Some(availability)
    };
    lines.iter().filter_map(&mut check).collect()
}

/// Checks a variant. Earlier lines request `before` units of it.
fn check_variant(product: &ProductWithStock, variant: &VariantWithStock, quantity: i64, before: i64) -> Availability {
    let is_on_sale = product.product.is_active() && variant.is_on_sale();
    let free = if is_on_sale { variant.available.saturating_sub(before).max(0) } else { 0 };
    let missing = Missing {
        variants: if is_on_sale { vec![variant.id] } else { Vec::new() },
        requested: before.saturating_add(quantity),
        available: variant.available,
    };
    let stock = (variant.stock(), product.status_of(variant));
    let availability = describe(product, stock, quantity, (free, missing));
    Availability { size: variant.size.clone(), ..availability }
}

fn describe(
    product: &ProductWithStock,
    (stock, stock_status): (Stock, StockStatus),
    quantity: i64,
    (free, missing): (i64, Missing),
) -> Availability {
    Availability {
        product_id: product.product.id,
        product_name: product.product.name.clone(),
        size: None,
        requested_quantity: quantity,
        available_quantity: stock.available,
        current_stock: stock.stock,
        max_fulfillable: quantity.min(free),
        stock_status,
        available_on: None,
        missing,
    }
}

#[cfg(test)]
mod tests {
    use super::super::product_with_stock::tests::product;
    use super::*;
    use crate::catalogue::product::ProductStatus;
    use crate::kernel::id::ProductRef;

    fn requested<'a>(product: &'a ProductRef, size: Option<&'a str>, quantity: i64) -> RequestedVariant<'a> {
        RequestedVariant { product, size, quantity }
    }

    #[test]
    fn demand_for_one_variant_is_summed_over_lines() {
        let products = [product(1, &[(None, 10)]), product(2, &[(Some("S"), 3), (Some("M"), 3)])];
        let (rice, [small, medium]) = (products[0].variants[0].id, [0, 1].map(|size| products[1].variants[size].id));
        let availability = check_lines(&[(rice, 6), (rice, 7), (rice, 2), (small, 3), (medium, 3)], &products);
        let figures: Vec<_> = availability.iter().map(|line| (line.is_available(), line.shortage())).collect();
        assert_eq!(figures, [(true, 0), (false, 3), (false, 2), (true, 0), (true, 0)]);
        assert_eq!(availability[1].max_fulfillable, 4);
        assert_eq!(availability[1].available_quantity, 10);
    }

    #[test]
    fn a_size_off_sale_cannot_be_bought() {
        let mut shirt = product(2, &[(Some("S"), 3), (Some("M"), 4)]);
        shirt.variants[0].status = ProductStatus::Archived;
        let (by_sku, by_id) = (ProductRef::Sku("p2-S".into()), ProductRef::Id(ProductId(2)));
        let availability = check_product(&shirt, &requested(&by_sku, None, 1)).unwrap();
        assert_eq!(
            (availability.is_available(), availability.available_quantity, availability.size),
            (false, 3, Some("S".into()))
        );
        let whole = check_product(&shirt, &requested(&by_id, None, 5)).unwrap();
        assert_eq!((whole.max_fulfillable, whole.available_quantity), (4, 7));
    }

    #[test]
    fn nothing_of_an_archived_product_can_be_bought() {
        let mut archived = product(1, &[(None, 10)]);
        archived.product.status = ProductStatus::Archived;
        let name = ProductRef::Id(ProductId(1));
        let availability = check_product(&archived, &requested(&name, None, 3)).unwrap();
        assert_eq!(
            (availability.is_available(), availability.shortage(), availability.available_quantity),
            (false, 3, 10)
        );
    }
}
