//! Products together with their stock, as everybody is told of it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalogue::product::Product;
use crate::error::{ApiError, Code};
use crate::kernel::id::{ProductId, VariantId};
use crate::kernel::money::Money;

/// How much there is of something, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockStatus {
    InStock,
    LowStock,
    OutOfStock,
}

impl StockStatus {
    #[must_use]
    pub fn of(available: i64, minimum: i64) -> Self {
        if available <= 0 {
            Self::OutOfStock
        } else if available <= minimum {
            Self::LowStock
        } else {
            Self::InStock
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InStock => "in_stock",
            Self::LowStock => "low_stock",
            Self::OutOfStock => "out_of_stock",
        }
    }
}

/// A variant with its stock at all locations.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct StockedVariant {
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
pub struct StockedProduct {
    pub product: Product,
    pub variants: Vec<StockedVariant>,
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

impl StockedVariant {
    #[must_use]
    pub fn figures(&self) -> Stock {
        Stock { stock: self.stock, reserved: self.reserved, available: self.available, sold: self.sold }
    }
}

impl StockedProduct {
    /// The stock of all sizes.
    #[must_use]
    pub fn figures(&self) -> Stock {
        self.variants.iter().map(StockedVariant::figures).sum()
    }

    #[must_use]
    pub fn status(&self) -> StockStatus {
        self.status_of(self.figures())
    }

    /// The status of these figures, measured by the product's minimum.
    #[must_use]
    pub fn status_of(&self, figures: Stock) -> StockStatus {
        StockStatus::of(figures.available, self.product.min_stock_level)
    }

    /// The variant that one must name to change or buy: a size where there are sizes, and none elsewhere.
    pub fn variant(&self, size: Option<&str>) -> Result<&StockedVariant, ApiError> {
        if size.is_none() && self.product.has_sizes {
            return Err(self.size_required());
        }
        let found = self.variants.iter().find(|variant| variant.size.as_deref() == size);
        found.ok_or_else(|| self.size_not_found(size))
    }

    /// The stock of one size, or of all without one.
    pub fn figures_of(&self, size: Option<&str>) -> Result<Stock, ApiError> {
        match size {
            None => Ok(self.figures()),
            Some(_) => self.variant(size).map(StockedVariant::figures),
        }
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
    use crate::catalogue::product::ProductStatus;
    use chrono::Utc;

    /// An active product with the sizes and their stock; `None` is the one of a product without sizes.
    pub fn product(id: i64, sizes: &[(Option<&str>, i64)]) -> StockedProduct {
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
        let variants = (10 * id..).zip(sizes).map(|(variant, (size, stock))| StockedVariant {
            product_id: ProductId(id),
            id: VariantId(variant),
            sku: format!("p{id}-{size:?}"),
            size: size.map(ToOwned::to_owned),
            barcode: None,
            price: None,
            stock: *stock,
            reserved: 0,
            available: *stock,
            sold: 0,
        });
        StockedProduct { product, variants: variants.collect() }
    }

    #[test]
    fn a_status_is_measured_by_what_is_available() {
        assert_eq!(StockStatus::of(0, 0), StockStatus::OutOfStock);
        assert_eq!(StockStatus::of(2, 2), StockStatus::LowStock);
        assert_eq!(StockStatus::of(3, 2), StockStatus::InStock);
    }

    #[test]
    fn a_size_is_named_where_there_are_sizes_and_only_there() {
        let shirt = product(1, &[(Some("S"), 3), (Some("M"), 4)]);
        assert_eq!(shirt.figures().stock, 7);
        assert_eq!(shirt.figures_of(None).unwrap().available, 7);
        assert_eq!(shirt.figures_of(Some("M")).unwrap().available, 4);
        assert_eq!(shirt.variant(None).unwrap_err().code, Code::SizeRequired);
        assert_eq!(shirt.variant(Some("XL")).unwrap_err().code, Code::SizeNotFound);
        let rice = product(2, &[(None, 5)]);
        assert_eq!(rice.variant(None).unwrap().stock, 5);
        assert_eq!(rice.figures_of(Some("M")).unwrap_err().code, Code::SizeNotFound);
    }
}
