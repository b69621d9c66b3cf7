//! Products that buyers can get instead of a product with too few units.

use std::collections::BTreeSet;

use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::queries::listing::{self, Alternative};
use crate::db::Failure;
use crate::kernel::id::{ProductId, StoreId};
use crate::kernel::money::{Amount, Currency};

/// The maximal number of alternatives for a line.
const MAX_ALTERNATIVES: usize = 5;

/// The maximal number of lines with alternatives.
pub const MAX_LINES_WITH_ALTERNATIVES: usize = 20;

/// The products in stock of some categories.
pub struct Alternatives(Vec<Alternative>);

impl Alternatives {
    /// Reads the alternatives of these categories, in one statement.
    pub fn read(conn: &mut PgConnection, store: StoreId, categories: &BTreeSet<&str>) -> Result<Self, Failure> {
        if categories.is_empty() {
            return Ok(Self(Vec::new()));
        }
        Ok(Self(listing::list_alternatives(conn, store, categories)?))
    }

    /// The alternatives to a product of this category.
    pub fn to(&self, product: ProductId, category: &str) -> impl Iterator<Item = &Alternative> {
        let others = self.0.iter().filter(move |other| other.category == category && other.product_id != product);
        others.take(MAX_ALTERNATIVES)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AlternativeResponse {
    product_id: ProductId,
    #[schema(max_length = 100)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    price: Amount,
    available_quantity: i64,
}

impl AlternativeResponse {
    #[must_use]
    pub fn new(other: &Alternative, currency: &Currency) -> Self {
        let Alternative { category: _, product_id, sku, product_name, price, available_quantity } = other.clone();
        Self { product_id, sku, product_name, price: currency.amount(price), available_quantity }
    }
}
