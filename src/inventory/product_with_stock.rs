//! Products together with their stock.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalogue::product::{Product, ProductStatus};
use crate::catalogue::size;
use crate::error::{ApiError, Code};
use crate::kernel::id::{ProductId, ProductRef, VariantId};
use crate::kernel::money::Money;
use crate::kernel::text::is_same_code;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The status of available units, from most to least.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[strum(serialize_all = "snake_case")]
    #[serde(rename_all = "snake_case")]
    pub enum StockStatus {
        InStock,
        LowStock,
        OutOfStock,
    }
}

impl StockStatus {
    #[must_use]
    pub fn new(available: i64, minimum: i64) -> Self {
        if available <= 0 {
            Self::OutOfStock
        } else if available <= minimum {
            Self::LowStock
        } else {
            Self::InStock
        }
    }
}

/// A variant with its stock at all locations.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct VariantWithStock {
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = BigInt)]
    pub id: VariantId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub barcode: Option<String>,
    /// Overrides the product's price.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub price: Option<Money>,
    /// Overrides the product's minimum.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub min_stock_level: Option<i64>,
    #[diesel(sql_type = Text)]
    pub status: ProductStatus,
    #[diesel(sql_type = BigInt)]
    pub stock: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub available: i64,
    #[diesel(sql_type = BigInt)]
    pub sold: i64,
}

/// A product with its variants, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductWithStock {
    pub product: Product,
    pub variants: Vec<VariantWithStock>,
}

/// Stock of one variant, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    pub stock: i64,
    pub reserved: i64,
    pub available: i64,
    pub sold: i64,
}

impl std::iter::Sum for Stock {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            stock: sum.stock.saturating_add(one.stock),
            reserved: sum.reserved.saturating_add(one.reserved),
            available: sum.available.saturating_add(one.available),
            sold: sum.sold.saturating_add(one.sold),
        })
    }
}

impl VariantWithStock {
    /// True if this size is on sale. Its product must be active too.
    #[must_use]
    pub fn is_on_sale(&self) -> bool {
        self.status == ProductStatus::Active
    }

    #[must_use]
    pub fn stock(&self) -> Stock {
        Stock { stock: self.stock, reserved: self.reserved, available: self.available, sold: self.sold }
    }
}

impl ProductWithStock {
    /// The stock of all sizes, on sale or not.
    #[must_use]
    pub fn stock(&self) -> Stock {
        self.variants.iter().map(VariantWithStock::stock).sum()
    }

    fn on_sale(&self) -> impl Iterator<Item = &VariantWithStock> {
        self.variants.iter().filter(|variant| variant.is_on_sale())
    }

    /// The variants that can be bought.
    pub fn purchasable_variants(&self) -> impl Iterator<Item = &VariantWithStock> {
        self.on_sale().filter(|_| self.product.is_active())
    }

    /// The units of all sizes together that can be bought.
    #[must_use]
    pub fn purchasable(&self) -> i64 {
        self.purchasable_variants().fold(0, |sum, variant| sum.saturating_add(variant.available))
    }

    /// The status of the variant on sale with the lowest stock. Without such a variant it is out of stock.
    #[must_use]
    pub fn status(&self) -> StockStatus {
        self.on_sale().map(|variant| self.status_of(variant)).max().unwrap_or(StockStatus::OutOfStock)
    }

    #[must_use]
    pub fn status_of(&self, variant: &VariantWithStock) -> StockStatus {
        self.status_at(variant, variant.available)
    }

    /// The status of a variant with these available units, compared with its own minimum or the product's.
    #[must_use]
    pub fn status_at(&self, variant: &VariantWithStock, available: i64) -> StockStatus {
        StockStatus::new(available, variant.min_stock_level.unwrap_or(self.product.min_stock_level))
    }

    /// The sizes on sale that are at or under their minimum.
    #[must_use]
    pub fn low_sizes(&self) -> Vec<String> {
        let low = self.on_sale().filter(|variant| self.status_of(variant) != StockStatus::InStock);
        low.filter_map(|variant| variant.size.clone()).collect()
    }

    /// The variant with this SKU.
    fn variant_named(&self, name: &ProductRef) -> Option<&VariantWithStock> {
        let ProductRef::Sku(sku) = name else { return None };
        self.variants.iter().find(|variant| is_same_code(sku, &variant.sku)).filter(|_| !self.product.is_named(name))
    }

    /// The variant that a name and a size identify. None if they identify all sizes.
    pub fn find(&self, name: &ProductRef, size: Option<&str>) -> Result<Option<&VariantWithStock>, ApiError> {
        let candidates = match self.variant_named(name) {
            Some(variant) if size.is_none() => return Ok(Some(variant)),
            Some(variant) => std::slice::from_ref(variant),
            None if size.is_none() && self.product.has_sizes => return Ok(None),
            None => self.variants.as_slice(),
        };
        let found = candidates.iter().find(|variant| size::is_same(variant.size.as_deref(), size));
        found.map(Some).ok_or_else(|| self.size_not_found(size))
    }

    /// The variants that a name and a size identify: one, or all sizes.
    pub fn find_all(&self, name: &ProductRef, size: Option<&str>) -> Result<Vec<VariantId>, ApiError> {
        let one = self.find(name, size)?;
        Ok(one.map_or_else(|| self.variants.iter().map(|variant| variant.id).collect(), |variant| vec![variant.id]))
    }

    /// The variant that a change or a purchase needs. The size is required if the product has sizes, and refused
    /// otherwise.
    pub fn variant(&self, name: &ProductRef, size: Option<&str>) -> Result<&VariantWithStock, ApiError> {
        self.find(name, size)?.ok_or_else(|| self.size_required())
    }

    fn size_required(&self) -> ApiError {
        let sizes: Vec<_> = self.variants.iter().filter_map(|variant| variant.size.as_deref()).collect();
        let detail = format!("Product '{}' needs a size: {}.", self.product.sku, sizes.join(", "));
        ApiError::new(Code::SizeRequired, detail)
    }

    fn size_not_found(&self, size: Option<&str>) -> ApiError {
        let size = size.unwrap_or_default();
        ApiError::not_found(Code::SizeNotFound, format_args!("Size '{size}' of product '{}'", self.product.sku))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use chrono::Utc;

    /// An active product with the sizes and their stock. `None` is the variant of a product without sizes.
    pub fn product(id: i64, sizes: &[(Option<&str>, i64)]) -> ProductWithStock {
        let product = Product {
            id: ProductId(id),
            sku: format!("p{id}"),
            name: format!("Product {id}"),
            description: None,
            category: Some("Things".into()),
            brand: None,
            barcode: None,
            price: Money(100),
            mrp: None,
            cost_price: None,
            unit: None,
            has_sizes: sizes.iter().any(|(size, _)| size.is_some()),
            status: ProductStatus::Active,
            min_stock_level: 2,
            max_stock_level: None,
            created_at: Utc::now(),
            updated_at: Utc::now(),
        };
        let variants = (10 * id..).zip(sizes).map(|(variant, (size, stock))| VariantWithStock {
            product_id: ProductId(id),
            id: VariantId(variant),
            sku: size.map_or(format!("p{id}"), |size| format!("p{id}-{size}")),
            size: size.map(ToOwned::to_owned),
            barcode: None,
            price: None,
            min_stock_level: None,
            status: ProductStatus::Active,
            stock: *stock,
            reserved: 0,
            available: *stock,
            sold: 0,
        });
        ProductWithStock { product, variants: variants.collect() }
    }

    #[test]
    fn a_status_is_measured_by_what_is_available() {
        assert_eq!(StockStatus::new(0, 0), StockStatus::OutOfStock);
        assert_eq!(StockStatus::new(2, 2), StockStatus::LowStock);
        assert_eq!(StockStatus::new(3, 2), StockStatus::InStock);
    }

    #[test]
    fn a_size_is_named_where_there_are_sizes_and_only_there() {
        let shirt = product(1, &[(Some("S"), 3), (Some("M"), 4)]);
        let (by_id, by_sku) = (ProductRef::Id(ProductId(1)), ProductRef::Sku("p1-M".into()));
        assert_eq!(shirt.stock().stock, 7);
        assert_eq!(shirt.find(&by_id, None).unwrap(), None);
        for (name, size) in [(&by_id, Some("M")), (&by_id, Some(" m ")), (&by_sku, None), (&by_sku, Some("m"))] {
            assert_eq!(shirt.variant(name, size).unwrap().available, 4, "{name} {size:?}");
        }
        assert_eq!(shirt.variant(&by_id, None).unwrap_err().code, Code::SizeRequired);
        assert_eq!(shirt.variant(&by_id, Some("XL")).unwrap_err().code, Code::SizeNotFound);
        assert_eq!(shirt.variant(&by_sku, Some("S")).unwrap_err().code, Code::SizeNotFound);
        let rice = product(2, &[(None, 5)]);
        let rice_name = ProductRef::Sku("p2".into());
        assert_eq!(rice.variant(&rice_name, None).unwrap().stock, 5);
        assert_eq!(rice.find(&rice_name, Some("M")).unwrap_err().code, Code::SizeNotFound);
        assert_eq!(rice.find(&rice_name, Some("")).unwrap_err().code, Code::SizeNotFound);
    }

    #[test]
    fn a_product_is_as_low_as_its_lowest_size_on_sale() {
        let mut shirt = product(1, &[(Some("S"), 2), (Some("M"), 9), (Some("L"), 0)]);
        assert_eq!((shirt.status(), shirt.low_sizes()), (StockStatus::OutOfStock, vec!["S".into(), "L".into()]));
        shirt.variants[2].status = ProductStatus::Archived;
        assert_eq!((shirt.status(), shirt.low_sizes()), (StockStatus::LowStock, vec!["S".into()]));
        assert_eq!((shirt.purchasable(), shirt.stock().available), (11, 11));
        shirt.variants[0].min_stock_level = Some(1);
        assert_eq!(shirt.status(), StockStatus::InStock);
        shirt.variants[1].min_stock_level = Some(9);
        assert_eq!((shirt.status(), shirt.low_sizes()), (StockStatus::LowStock, vec!["M".into()]));
        shirt.variants.iter_mut().for_each(|variant| variant.status = ProductStatus::Archived);
        assert_eq!((shirt.status(), shirt.purchasable()), (StockStatus::OutOfStock, 0));
    }
}
