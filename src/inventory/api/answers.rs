//! A product as a reader is told of it.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use crate::auth::{Permission, Scope};
use crate::catalogue::product::{Product, ProductStatus};
use crate::error::Abort;
use crate::inventory::product_with_stock::{ProductWithStock, Stock, StockStatus, VariantWithStock};
use crate::inventory::queries::figures;
use crate::kernel::id::{ProductId, ProductRef, StoreId, VariantId};
use crate::kernel::money::{Amount, Currency};
use crate::kernel::page::List;
use crate::kernel::schema;
use crate::stores::queries::{self as stores, Store};

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductResponse {
    pub id: ProductId,
    pub sku: String,
    pub name: String,
    pub description: Option<String>,
    pub category: Option<String>,
    pub brand: Option<String>,
    pub barcode: Option<String>,
    pub price: Amount,
    pub mrp: Option<Amount>,
    /// Only for those who may read the inventory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, schema_with = cost_price)]
    pub cost_price: Option<Option<Amount>>,
    pub unit: Option<String>,
    pub has_sizes: bool,
    pub status: ProductStatus,
    pub min_stock_level: i64,
    pub max_stock_level: Option<i64>,
    pub stock_quantity: i64,
    pub reserved_quantity: i64,
    pub available_quantity: i64,
    /// That of its lowest size on sale.
    pub stock_status: StockStatus,
    /// The sizes on sale that are at or under their minimum.
    pub low_sizes: Vec<String>,
    pub variants: Vec<VariantResponse>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

fn cost_price() -> ObjectBuilder {
    schema::with_permission(Permission::InventoryRead.as_str())
        .schema_type(SchemaType::from_iter([Type::Number, Type::Null]))
        .description(Some("Only for callers with the permission"))
}

/// One size, or all there is of a product without sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantResponse {
    pub id: VariantId,
    pub sku: String,
    pub size: Option<String>,
    pub barcode: Option<String>,
    /// The size's own price, or the product's.
    pub price: Amount,
    /// The size's own minimum; null where the product's counts.
    pub min_stock_level: Option<i64>,
    /// `archived` while the size is off sale.
    pub status: ProductStatus,
    pub stock_quantity: i64,
    pub reserved_quantity: i64,
    pub available_quantity: i64,
    pub stock_status: StockStatus,
}

/// The one that products are told to: in which money, and with what it cost or without.
pub struct Reader {
    pub store: StoreId,
    pub currency: Currency,
    sees_cost: bool,
}

impl Reader {
    pub fn of(conn: &mut PgConnection, scope: &Scope) -> Result<Self, Abort> {
        Ok(Self::in_store(stores::get_store(conn, scope.store)?, scope))
    }

    /// The one who sets prices: the store's currency stays until the transaction ends.
    pub fn who_writes(conn: &mut PgConnection, scope: &Scope) -> Result<Self, Abort> {
        Ok(Self::in_store(stores::get_store_for_key_share(conn, scope.store)?, scope))
    }

    fn in_store(store: Store, scope: &Scope) -> Self {
        let sees_cost = scope.principal.can(Permission::InventoryRead);
        Self { store: store.id, currency: store.currency, sees_cost }
    }

    /// The product of that name, or 404.
    pub fn get(&self, conn: &mut PgConnection, name: &ProductRef) -> Result<ProductResponse, Abort> {
        Ok(self.tell(figures::get_stocked(conn, self.store, name)?))
    }

    /// A page of products with their stock.
    pub fn list(&self, conn: &mut PgConnection, page: List<Product>) -> Result<List<ProductResponse>, Abort> {
        let List { items, total, page, limit, pages } = page;
        let stocked = figures::with_stock(conn, self.store, items)?;
        let items = stocked.into_iter().map(|product| self.tell(product)).collect();
        Ok(List { items, total, page, limit, pages })
    }

    fn tell(&self, stocked: ProductWithStock) -> ProductResponse {
        let Stock { stock, reserved, available, sold: _ } = stocked.figures();
        let (stock_status, low_sizes) = (stocked.status(), stocked.low_sizes());
        let variants = stocked.variants.iter().map(|variant| self.tell_variant(&stocked, variant)).collect();
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

    fn tell_variant(&self, stocked: &ProductWithStock, variant: &VariantWithStock) -> VariantResponse {
        let product = &stocked.product;
        // A barcode is of one thing: the product's is its single variant's, and no size's.
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
