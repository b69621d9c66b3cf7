//! The SQL of products. Sets of products are bound as arrays, which the DSL can neither insert nor join; it has no
//! nextval either.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use super::codes;
use crate::catalogue::codes::CodeKind;
use crate::catalogue::listing_keys::ListingKeys;
use crate::catalogue::product::{NewProduct, Product, ProductStatus};
use crate::db;
use crate::db::schema::products;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, ProductRef, StoreId};
use crate::kernel::money::Money;
use crate::kernel::text;

/// The product of that name, active or archived. A variant's SKU names its product, too.
pub fn find_product(conn: &mut PgConnection, store: StoreId, name: &ProductRef) -> QueryResult<Option<Product>> {
    let id = match name {
        ProductRef::Id(id) => Some(*id),
        // A path may have any characters. No SKU has control characters, and PostgreSQL does not accept NUL.
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

/// The 404 error for a product.
#[must_use]
pub fn not_found(name: &ProductRef) -> ApiError {
    ApiError::not_found(Code::ProductNotFound, format_args!("Product {name}"))
}

/// Inserts products and returns their ids, in the order of the products.
///
/// The ids are taken beforehand, so that they follow that order. The rows are inserted by SKU, so that two transactions
/// with the same SKUs wait for each other in one order.
pub fn insert_products(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[&NewProduct],
    at: DateTime<Utc>,
) -> Result<Vec<ProductId>, Abort> {
    let ids: Vec<ProductId> = db::sql("SELECT nextval('products_id_seq') FROM generate_series(1, $1)")
        .bind::<BigInt, _>(db::count(new.len()))
        .columns::<BigInt>()
        .load(conn)?;
    let texts = |pick: fn(&NewProduct) -> Option<&String>| new.iter().map(|new| pick(new)).collect::<Vec<_>>();
    let amounts = |pick: fn(&NewProduct) -> Option<Money>| new.iter().map(|new| pick(new)).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO products (store_id, id, sku, name, description, category, brand, barcode, price, mrp, cost_price, \
                unit, has_sizes, status, min_stock_level, max_stock_level, created_at, updated_at) \
         SELECT $1, n.id, n.sku, n.name, n.description, n.category, n.brand, n.barcode, n.price, n.mrp, n.cost_price, \
                n.unit, n.has_sizes, $3, n.min_stock_level, n.max_stock_level, $2, $2 \
         FROM unnest($4::int8[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], \
                     $11::int8[], $12::int8[], $13::int8[], $14::text[], $15::bool[], $16::int8[], $17::int8[]) \
              AS n (id, sku, name, description, category, brand, barcode, price, mrp, cost_price, unit, has_sizes, \
                    min_stock_level, max_stock_level) \
         ORDER BY n.sku",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Text, _>(ProductStatus::Active)
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Text>, _>(new.iter().map(|new| new.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|new| new.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.description.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.category.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.brand.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.barcode.as_ref()))
    .bind::<Array<BigInt>, _>(new.iter().map(|new| new.price).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(amounts(|new| new.mrp))
    .bind::<Array<Nullable<BigInt>>, _>(amounts(|new| new.cost_price))
    .bind::<Array<Nullable<Text>>, _>(texts(|new| new.unit.as_ref()))
    .bind::<Array<Bool>, _>(new.iter().map(|new| new.has_sizes()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(new.iter().map(|new| new.min_stock_level).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|new| new.max_stock_level).collect::<Vec<_>>())
    .execute(conn)
    .map_err(|error| Abort::or_refuse(error, "products_sku_key", || taken(new.iter().map(|new| new.sku.as_str()))))?;
    Ok(ids)
}

/// The 409 error for a SKU that is in use. If there are several, the failed constraint does not show which of them.
fn taken<'a>(mut skus: impl Iterator<Item = &'a str>) -> ApiError {
    match (skus.next(), skus.next()) {
        (Some(single), None) => CodeKind::Sku.taken(single),
        _ => ApiError::new(Code::Duplicate, "A SKU of the products is taken."),
    }
}

/// Keeps the cost prices that are about to be replaced, for the value of stock that came in before. The stock rows of
/// the variants of these products have been locked.
pub fn append_past_costs(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[&Product],
    until: DateTime<Utc>,
) -> QueryResult<()> {
    if products.is_empty() {
        return Ok(());
    }
    db::sql(
        "INSERT INTO product_costs (store_id, product_id, until, cost_price) \
         SELECT $1, n.id, $2, n.cost_price FROM unnest($3::int8[], $4::int8[]) AS n (id, cost_price)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(until)
    .bind::<Array<BigInt>, _>(products.iter().map(|product| product.id).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(products.iter().map(|product| product.cost_price).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Writes products as they are in memory. The stock rows of their variants must have been locked before: a checkout
/// that holds one of them sees either the old product or the new one.
pub fn update_products(
    conn: &mut PgConnection,
    store: StoreId,
    changed: &[&Product],
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let texts = |pick: fn(&Product) -> Option<&String>| changed.iter().map(|one| pick(one)).collect::<Vec<_>>();
    let amounts = |pick: fn(&Product) -> Option<Money>| changed.iter().map(|one| pick(one)).collect::<Vec<_>>();
    let updated = db::sql(
        "UPDATE products p SET sku = n.sku, name = n.name, description = n.description, category = n.category, \
                brand = n.brand, barcode = n.barcode, price = n.price, mrp = n.mrp, cost_price = n.cost_price, \
                unit = n.unit, status = n.status, min_stock_level = n.min_stock_level, \
                max_stock_level = n.max_stock_level, updated_at = $2 \
         FROM unnest($3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int8[], \
                     $11::int8[], $12::int8[], $13::text[], $14::text[], $15::int8[], $16::int8[]) \
              AS n (id, sku, name, description, category, brand, barcode, price, mrp, cost_price, unit, status, \
                    min_stock_level, max_stock_level) \
         WHERE p.store_id = $1 AND p.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(changed.iter().map(|product| product.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|product| product.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|product| product.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(|product| product.description.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|product| product.category.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|product| product.brand.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(|product| product.barcode.as_ref()))
    .bind::<Array<BigInt>, _>(changed.iter().map(|product| product.price).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(amounts(|product| product.mrp))
    .bind::<Array<Nullable<BigInt>>, _>(amounts(|product| product.cost_price))
    .bind::<Array<Nullable<Text>>, _>(texts(|product| product.unit.as_ref()))
    .bind::<Array<Text>, _>(changed.iter().map(|product| product.status).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(changed.iter().map(|product| product.min_stock_level).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(changed.iter().map(|product| product.max_stock_level).collect::<Vec<_>>())
    .execute(conn)
    .map_err(|error| {
        Abort::or_refuse(error, "products_sku_key", || taken(changed.iter().map(|product| product.sku.as_str())))
    })?;
    Ok(db::expect_rows(updated, changed.len(), "products were written")?)
}

/// Writes the keys by which lists find, filter and sort products. Their rows are locked, or have no keys yet.
pub fn write_listing_keys(
    conn: &mut PgConnection,
    store: StoreId,
    keys: &[(ProductId, ListingKeys)],
) -> QueryResult<usize> {
    let price = |pick: fn(&ListingKeys) -> Option<i64>| keys.iter().map(|(_, keys)| pick(keys)).collect::<Vec<_>>();
    // The DSL cannot join arrays.
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
