//! The thresholds of a product: settings that decide which units are low, and which buyers never get.

use serde::Serialize;
use utoipa::ToSchema;

use super::product_with_stock::{ProductWithStock, VariantWithStock};
use super::queries::summary::StockAtLocation;
use crate::kernel::id::{LocationId, VariantId};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a threshold.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ThresholdKind {
        Minimum,
        Maximum,
        Safety,
    }
}

text_enum! {
    /// The place of a setting: the product, one of its sizes, or a size at a location.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum SetBy {
        Product,
        Size,
        Location,
    }
}

/// A threshold, and where it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    pub kind: ThresholdKind,
    pub set_by: SetBy,
    /// None if it is set by the product.
    pub variant: Option<VariantId>,
    /// Only of safety stock.
    pub location: Option<LocationId>,
    pub quantity: i64,
}

impl Threshold {
    const fn of_product(kind: ThresholdKind, quantity: i64) -> Self {
        Self { kind, set_by: SetBy::Product, variant: None, location: None, quantity }
    }

    fn of_size(variant: &VariantWithStock) -> Option<Self> {
        let (kind, set_by) = (ThresholdKind::Minimum, SetBy::Size);
        let quantity = variant.min_stock_level?;
        Some(Self { kind, set_by, variant: Some(variant.id), location: None, quantity })
    }

    fn of_location(level: &StockAtLocation) -> Option<Self> {
        let (kind, set_by) = (ThresholdKind::Safety, SetBy::Location);
        let quantity = level.quantities.safety_quantity;
        let (variant, location) = (Some(level.variant_id), Some(level.location_id));
        (quantity > 0).then_some(Self { kind, set_by, variant, location, quantity })
    }
}

/// The thresholds of some variants of a product, with these levels. The minimum of the product applies to variants
/// without one of their own, so it is left out if all of them have one.
#[must_use]
pub fn list_thresholds(
    product: &ProductWithStock,
    variants: &[VariantId],
    levels: &[StockAtLocation],
) -> Vec<Threshold> {
    let of = &product.product;
    let sizes: Vec<_> = product.variants.iter().filter(|variant| variants.contains(&variant.id)).collect();
    let minimum = Threshold::of_product(ThresholdKind::Minimum, of.min_stock_level);
    let applies = sizes.iter().any(|variant| variant.min_stock_level.is_none());
    let maximum = of.max_stock_level.map(|quantity| Threshold::of_product(ThresholdKind::Maximum, quantity));
    let of_sizes = sizes.iter().filter_map(|variant| Threshold::of_size(variant));
    let of_locations = levels.iter().filter_map(Threshold::of_location);
    applies.then_some(minimum).into_iter().chain(maximum).chain(of_sizes).chain(of_locations).collect()
}

#[cfg(test)]
mod tests {
    use super::super::product_with_stock::tests::product;
    use super::*;

    #[test]
    fn the_minimum_of_the_product_applies_to_sizes_without_their_own() {
        let mut shirt = product(1, &[(Some("S"), 3), (Some("M"), 4)]);
        let ids: Vec<VariantId> = shirt.variants.iter().map(|variant| variant.id).collect();
        let found = |shirt: &_, ids: &[VariantId]| {
            let all = list_thresholds(shirt, ids, &[]).into_iter();
            all.map(|one| (one.kind, one.set_by, one.quantity)).collect::<Vec<_>>()
        };
        let minimum = (ThresholdKind::Minimum, SetBy::Product, 2);
        assert_eq!(found(&shirt, &ids), [minimum]);
        shirt.product.max_stock_level = Some(9);
        shirt.variants[0].min_stock_level = Some(0);
        let (maximum, own) = ((ThresholdKind::Maximum, SetBy::Product, 9), (ThresholdKind::Minimum, SetBy::Size, 0));
        assert_eq!(found(&shirt, &ids), [minimum, maximum, own]);
        assert_eq!(found(&shirt, &ids[..1]), [maximum, own]);
        assert_eq!(found(&shirt, &ids[1..]), [minimum, maximum]);
    }
}
