//! A product and its variants, as they are stored.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::CodeKind;
use crate::db::schema::{products, variants};
use crate::kernel::id::{ProductId, ProductRef, VariantId};
use crate::kernel::money::Money;
use crate::kernel::text::is_same_code;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The status of a product: archived products cannot be sold.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum ProductStatus {
        Active,
        Archived,
    }
}

/// A product. Each of its sizes is a variant with its own stock.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = products)]
#[diesel(check_for_backend(Pg))]
pub struct Product {
    pub id: ProductId,
    pub sku: String,
    pub name: String,
    pub description: Option<String>,
    pub category: Option<String>,
    pub brand: Option<String>,
    pub barcode: Option<String>,
    pub price: Money,
    pub mrp: Option<Money>,
    pub cost_price: Option<Money>,
    pub unit: Option<String>,
    pub has_sizes: bool,
    pub status: ProductStatus,
    pub min_stock_level: i64,
    pub max_stock_level: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Product {
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == ProductStatus::Active
    }

    /// The SKU and the barcode of the product itself.
    pub fn codes(&self) -> impl Iterator<Item = (CodeKind, &str)> {
        codes(&self.sku, self.barcode.as_deref())
    }

    #[must_use]
    pub fn is_named(&self, name: &ProductRef) -> bool {
        match name {
            ProductRef::Id(id) => self.id == *id,
            ProductRef::Sku(sku) => is_same_code(sku, &self.sku),
        }
    }
}

/// One size of a product, or the only variant of a product without sizes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = variants)]
#[diesel(check_for_backend(Pg))]
pub struct Variant {
    pub id: VariantId,
    pub size: Option<String>,
    pub sku: String,
    pub barcode: Option<String>,
    /// Overrides the product's price.
    pub price: Option<Money>,
    /// Overrides the product's minimum.
    pub min_stock_level: Option<i64>,
    /// The status of this size. It is on sale only if its product is active too.
    pub status: ProductStatus,
}

impl Variant {
    /// True if the name is this variant's own SKU.
    #[must_use]
    pub fn is_named(&self, name: &ProductRef) -> bool {
        matches!(name, ProductRef::Sku(sku) if is_same_code(sku, &self.sku))
    }

    /// Its SKU and its barcode.
    pub fn codes(&self) -> impl Iterator<Item = (CodeKind, &str)> {
        codes(&self.sku, self.barcode.as_deref())
    }
}

fn codes<'a>(sku: &'a str, barcode: Option<&'a str>) -> impl Iterator<Item = (CodeKind, &'a str)> {
    std::iter::once((CodeKind::Sku, sku)).chain(barcode.map(|barcode| (CodeKind::Barcode, barcode)))
}

/// A new product, with one variant for each size or a single variant.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub sku: String,
    pub name: String,
    pub description: Option<String>,
    pub category: Option<String>,
    pub brand: Option<String>,
    pub barcode: Option<String>,
    pub price: Money,
    pub mrp: Option<Money>,
    pub cost_price: Option<Money>,
    pub unit: Option<String>,
    pub min_stock_level: i64,
    pub max_stock_level: Option<i64>,
    pub variants: Vec<NewVariant>,
}

impl NewProduct {
    #[must_use]
    pub fn has_sizes(&self) -> bool {
        self.variants.iter().any(|variant| variant.size.is_some())
    }

    /// The SKU and the barcode of the new product itself.
    pub fn own_codes(&self) -> impl Iterator<Item = (CodeKind, &str)> {
        codes(&self.sku, self.barcode.as_deref())
    }

    /// All SKUs and barcodes of the new product.
    pub fn codes(&self) -> impl Iterator<Item = (CodeKind, &str)> {
        self.own_codes().chain(self.variants.iter().flat_map(NewVariant::codes))
    }
}

/// A new variant with its initial stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVariant {
    pub size: Option<String>,
    pub sku: String,
    pub barcode: Option<String>,
    pub price: Option<Money>,
    pub min_stock_level: Option<i64>,
    pub initial_stock: i64,
}

impl NewVariant {
    /// The variant of a product without sizes, with the product's SKU.
    #[must_use]
    pub fn only(product_sku: &str, initial_stock: i64) -> Self {
        let sku = product_sku.to_owned();
        Self { size: None, sku, barcode: None, price: None, min_stock_level: None, initial_stock }
    }

    /// The SKU and the barcode of the new variant.
    pub fn codes(&self) -> impl Iterator<Item = (CodeKind, &str)> {
        codes(&self.sku, self.barcode.as_deref())
    }
}
