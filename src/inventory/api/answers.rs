//! A product in responses.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};

use crate::auth::{Permission, Scope};
use crate::catalogue::product::{Product, ProductStatus};
use crate::error::Abort;
use crate::inventory::product_with_stock::{ProductWithStock, Stock, StockStatus, VariantWithStock};
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::{ProductId, ProductRef, StoreId, VariantId};
use crate::kernel::money::{Amount, Currency};
use crate::kernel::page::List;
use crate::kernel::schema;
use crate::stores::queries::{self as stores, Store};

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductResponse {
    pub id: ProductId,
    #[schema(max_length = 100)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub name: String,
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    #[schema(max_length = 100)]
    pub category: Option<String>,
    #[schema(max_length = 100)]
    pub brand: Option<String>,
    #[schema(max_length = 100)]
    pub barcode: Option<String>,
    pub price: Amount,
    pub mrp: Option<Amount>,
    /// Only for callers who may read the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, schema_with = cost_price)]
    pub cost_price: Option<Option<Amount>>,
    #[schema(max_length = 50)]
    pub unit: Option<String>,
    pub has_sizes: bool,
    pub status: ProductStatus,
    pub min_stock_level: i64,
    pub max_stock_level: Option<i64>,
    pub stock_quantity: i64,
    pub reserved_quantity: i64,
    pub available_quantity: i64,
    /// The status of the size on sale with the lowest stock.
    pub stock_status: StockStatus,
    #[schema(schema_with = low_sizes)]
    pub low_sizes: Vec<String>,
    pub variants: Vec<VariantResponse>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

fn low_sizes() -> ArrayBuilder {
    schema::texts("The sizes on sale that are at or under their minimum.", 50)
}

fn cost_price() -> ObjectBuilder {
    schema::with_permission(Permission::InventoryRead.as_str())
        .schema_type(SchemaType::from_iter([Type::Number, Type::Null]))
        .description(Some("Only for callers with the permission"))
}

/// One size of a product, or the only variant of a product without sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantResponse {
    pub id: VariantId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    #[schema(max_length = 100)]
    pub barcode: Option<String>,
    /// The size's own price, or the product's price.
    pub price: Amount,
    /// The size's own minimum; null if the product's minimum applies.
    pub min_stock_level: Option<i64>,
    /// `archived` if the size is off sale.
    pub status: ProductStatus,
    pub stock_quantity: i64,
    pub reserved_quantity: i64,
    pub available_quantity: i64,
    pub stock_status: StockStatus,
}

/// Creates product responses for a caller. It decides their currency, and if they contain cost prices.
pub struct ProductResponses {
    pub store: StoreId,
    pub currency: Currency,
    sees_cost: bool,
}

impl ProductResponses {
    pub fn load(conn: &mut PgConnection, scope: &Scope) -> Result<Self, Abort> {
        Ok(Self::in_store(stores::get_store(conn, scope.store)?, scope))
    }

    /// The same for a request that sets prices. It locks the store, so that its currency cannot change before the
    /// commit.
    pub fn load_for_key_share(conn: &mut PgConnection, scope: &Scope) -> Result<Self, Abort> {
        Ok(Self::in_store(stores::get_store_for_key_share(conn, scope.store)?, scope))
    }

    fn in_store(store: Store, scope: &Scope) -> Self {
        let sees_cost = scope.principal.can(Permission::InventoryRead);
        Self { store: store.id, currency: store.currency, sees_cost }
    }

    /// The product with that name, or 404.
    pub fn get(&self, conn: &mut PgConnection, name: &ProductRef) -> Result<ProductResponse, Abort> {
        Ok(self.to_response(stock_by_variant::get_stocked(conn, self.store, name)?))
    }

    /// A page of products with their stock.
    pub fn list(&self, conn: &mut PgConnection, page: List<Product>) -> Result<List<ProductResponse>, Abort> {
        let List { items, total, page, limit, pages } = page;
        let stocked = stock_by_variant::with_stock(conn, self.store, items)?;
        let items = stocked.into_iter().map(|product| self.to_response(product)).collect();
        Ok(List { items, total, page, limit, pages })
    }

    fn to_response(&self, stocked: ProductWithStock) -> ProductResponse {
        let Stock { stock, reserved, available, sold: _ } = stocked.stock();
        let (stock_status, low_sizes) = (stocked.status(), stocked.low_sizes());
        let variants = stocked.variants.iter().map(|variant| self.to_variant_response(&stocked, variant)).collect();
        let product = stocked.product;
        ProductResponse {
            id: product.id,
            sku: product.sku,
            name: product.name,
            description: product.description,
            category: product.category,
            brand: product.brand,
            barcode: product.barcode,
            price: self.currency.amount(product.price),
            mrp: product.mrp.map(|mrp| self.currency.amount(mrp)),
            cost_price: self.sees_cost.then(|| product.cost_price.map(|cost| self.currency.amount(cost))),
            unit: product.unit,
            has_sizes: product.has_sizes,
            status: product.status,
            min_stock_level: product.min_stock_level,
            max_stock_level: product.max_stock_level,
            stock_quantity: stock,
            reserved_quantity: reserved,
            available_quantity: available,
            stock_status,
            low_sizes,
            variants,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }

    fn to_variant_response(&self, stocked: &ProductWithStock, variant: &VariantWithStock) -> VariantResponse {
        let product = &stocked.product;
        // A barcode identifies either the product or a variant. The product's barcode is shown on its only variant,
        // but not on sizes.
        let of_product = product.barcode.clone().filter(|_| !product.has_sizes);
        VariantResponse {
            id: variant.id,
            sku: variant.sku.clone(),
            size: variant.size.clone(),
            barcode: variant.barcode.clone().or(of_product),
            price: self.currency.amount(variant.price.unwrap_or(product.price)),
            min_stock_level: variant.min_stock_level,
            status: variant.status,
            stock_quantity: variant.stock,
            reserved_quantity: variant.reserved,
            available_quantity: variant.available,
            stock_status: stocked.status_of(variant),
        }
    }
}
