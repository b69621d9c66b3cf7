//! A product and its variants as they are kept.

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::{products, variants};
use crate::kernel::id::{ProductId, ProductRef, VariantId};
use crate::kernel::money::Money;

/// Whether a product can be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, FromSqlRow, AsExpression)]
#[serde(rename_all = "lowercase")]
#[diesel(sql_type = Text)]
pub enum ProductStatus {
    Active,
    Archived,
}

impl ProductStatus {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }
}

impl ToSql<Text, Pg> for ProductStatus {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for ProductStatus {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        let known = [Self::Active, Self::Archived].into_iter().find(|status| status.as_str() == text);
        known.ok_or_else(|| format!("unknown product status {text}").into())
    }
}

/// What is sold under one name. Each of its sizes is a variant with stock of its own.
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

    #[must_use]
    pub fn is_named(&self, name: &ProductRef) -> bool {
        match name {
            ProductRef::Id(id) => self.id == *id,
            ProductRef::Sku(sku) => self.sku == *sku,
        }
    }
}

/// One size of a product, or all there is of a product without sizes.
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
}

/// A product to be created, with a variant for each size or a single one.
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

    /// Every SKU that it would take.
    pub fn skus(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.sku.as_str()).chain(self.variants.iter().map(|variant| variant.sku.as_str()))
    }
}

/// A variant to be created, with the stock that it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVariant {
    pub size: Option<String>,
    pub sku: String,
    pub barcode: Option<String>,
    pub price: Option<Money>,
    pub initial_stock: i64,
}
