//! The SQL of products.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::codes;
use crate::catalogue::codes::CodeKind;
use crate::catalogue::listing_keys::ListingKeys;
use crate::catalogue::product::{NewProduct, Product, ProductStatus};
use crate::db;
use crate::db::schema::{product_costs, products};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, ProductRef, StoreId};
use crate::kernel::text;

/// The product of that name, active or archived. A variant's SKU names its product, too.
pub fn find_product(conn: &mut PgConnection, store: StoreId, name: &ProductRef) -> QueryResult<Option<Product>> {
    let id = match name {
        ProductRef::Id(id) => Some(*id),
        // A path may hold anything; no SKU has control characters, and PostgreSQL takes no NUL.
        ProductRef::Sku(sku) if text::has_control(sku) => None,
        ProductRef::Sku(sku) => codes::find_product(conn, store, sku)?,
    };
    let Some(id) = id else { return Ok(None) };
    let query = products::table.filter(products::store_id.eq(store)).filter(products::id.eq(id));
    query.select(Product::as_select()).first(conn).optional()
}

/// The product of that name, or 404.
pub fn get_product(conn: &mut PgConnection, store: StoreId, name: &ProductRef) -> Result<Product, Abort> {
    find_product(conn, store, name)?.ok_or_else(|| not_found(name).into())
}

/// The products with these ids, in no order.
pub fn list(conn: &mut PgConnection, store: StoreId, ids: &BTreeSet<ProductId>) -> QueryResult<Vec<Product>> {
    products::table
        .filter(products::store_id.eq(store))
        .filter(products::id.eq_any(ids))
        .select(Product::as_select())
        .load(conn)
}

/// 404 of a product.
#[must_use]
pub fn not_found(name: &ProductRef) -> ApiError {
    ApiError::not_found(Code::ProductNotFound, format_args!("Product {name}"))
}

pub fn insert_product(
    conn: &mut PgConnection,
    store: StoreId,
    new: &NewProduct,
    at: DateTime<Utc>,
) -> Result<ProductId, Abort> {
    diesel::insert_into(products::table)
        .values((
            products::store_id.eq(store),
            products::sku.eq(&new.sku),
            products::name.eq(&new.name),
            products::description.eq(&new.description),
            products::category.eq(&new.category),
            products::brand.eq(&new.brand),
            products::barcode.eq(&new.barcode),
            products::price.eq(new.price),
            products::mrp.eq(new.mrp),
            products::cost_price.eq(new.cost_price),
            products::unit.eq(&new.unit),
            products::has_sizes.eq(new.has_sizes()),
            products::status.eq(ProductStatus::Active),
            products::min_stock_level.eq(new.min_stock_level),
            products::max_stock_level.eq(new.max_stock_level),
            products::created_at.eq(at),
            products::updated_at.eq(at),
        ))
        .returning(products::id)
        .get_result(conn)
        .map_err(|error| Abort::or_refuse(error, "products_sku_key", || CodeKind::Sku.taken(&new.sku)))
}

/// Keeps the cost price that is about to be replaced, for the value of stock that came in before. The stock rows of the
/// product's variants have been locked.
pub fn append_past_cost(
    conn: &mut PgConnection,
    store: StoreId,
    product: &Product,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    let past = (
        product_costs::store_id.eq(store),
        product_costs::product_id.eq(product.id),
        product_costs::until.eq(until),
        product_costs::cost_price.eq(product.cost_price),
    );
    diesel::insert_into(product_costs::table).values(past).execute(conn).map(drop)
}

/// Writes the product as it is in memory. The stock rows of its variants must have been locked
/// before: a checkout that holds one of them sees either the old product or the new one.
pub fn update_product(
    conn: &mut PgConnection,
    store: StoreId,
    product: &Product,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let updated = diesel::update(products::table)
        .filter(products::store_id.eq(store))
        .filter(products::id.eq(product.id))
        .set((
            products::sku.eq(&product.sku),
            products::name.eq(&product.name),
            products::description.eq(&product.description),
            products::category.eq(&product.category),
            products::brand.eq(&product.brand),
            products::barcode.eq(&product.barcode),
            products::price.eq(product.price),
            products::mrp.eq(product.mrp),
            products::cost_price.eq(product.cost_price),
            products::unit.eq(&product.unit),
            products::status.eq(product.status),
            products::min_stock_level.eq(product.min_stock_level),
            products::max_stock_level.eq(product.max_stock_level),
            products::updated_at.eq(at),
        ))
        .execute(conn)
        .map_err(|error| Abort::or_refuse(error, "products_sku_key", || CodeKind::Sku.taken(&product.sku)))?;
    Ok(db::expect_rows(updated, 1, "products were written")?)
}

/// Writes the keys by which lists find, filter and sort products. Their rows are locked, or have no keys yet.
pub fn write_listing_keys(
    conn: &mut PgConnection,
    store: StoreId,
    keys: &[(ProductId, ListingKeys)],
) -> QueryResult<usize> {
    let price = |pick: fn(&ListingKeys) -> Option<i64>| keys.iter().map(|(_, keys)| pick(keys)).collect::<Vec<_>>();
    // The DSL can not join arrays.
    db::sql(
        "UPDATE products p SET name_key = n.name_key, search_text = n.search_text, \
                lowest_price = n.lowest_price, highest_price = n.highest_price \
         FROM unnest($2::int8[], $3::text[], $4::text[], $5::int8[], $6::int8[]) \
              AS n (id, name_key, search_text, lowest_price, highest_price) \
         WHERE p.store_id = $1 AND p.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(keys.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys.iter().map(|(_, keys)| keys.name_key.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys.iter().map(|(_, keys)| keys.search_text.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(price(|keys| keys.prices.map(|(lowest, _)| lowest.0)))
    .bind::<Array<Nullable<BigInt>>, _>(price(|keys| keys.prices.map(|(_, highest)| highest.0)))
    .execute(conn)
}
