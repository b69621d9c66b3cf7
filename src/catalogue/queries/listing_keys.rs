//! The SQL of what lists find, filter and sort products by.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::catalogue::listing_keys::ListingKeys;
use crate::catalogue::product::{Product, Variant};
use crate::catalogue::size;
use crate::db;
use crate::db::schema::{products, variants};
use crate::kernel::id::{ProductId, StoreId, VariantId};

/// Writes the keys of products, whose rows are locked or have none yet.
pub fn write(conn: &mut PgConnection, store: StoreId, keys: &[(ProductId, ListingKeys)]) -> QueryResult<usize> {
    let price = |pick: fn(&ListingKeys) -> Option<i64>| keys.iter().map(|(_, keys)| pick(keys)).collect::<Vec<_>>();
    db::sql(
        "UPDATE products p SET folded_name = n.folded_name, search_text = n.search_text, \
                lowest_price = n.lowest_price, highest_price = n.highest_price \
         FROM unnest($2::int8[], $3::text[], $4::text[], $5::int8[], $6::int8[]) \
              AS n (id, folded_name, search_text, lowest_price, highest_price) \
         WHERE p.store_id = $1 AND p.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(keys.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys.iter().map(|(_, keys)| keys.folded_name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys.iter().map(|(_, keys)| keys.search_text.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(price(|keys| keys.prices.map(|(lowest, _)| lowest.0)))
    .bind::<Array<Nullable<BigInt>>, _>(price(|keys| keys.prices.map(|(_, highest)| highest.0)))
    .execute(conn)
}

/// Gives keys to products that have none yet, and returns how many. Their rows are locked, so that a change of a
/// product is strictly before or after.
pub fn fill(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<usize> {
    let found: Vec<Product> = products::table
        .filter(products::store_id.eq(store))
        .filter(products::search_text.is_null())
        .order(products::id)
        .limit(limit)
        .select(Product::as_select())
        .for_update()
        .load(conn)?;
    let ids: Vec<ProductId> = found.iter().map(|product| product.id).collect();
    let mut of_products = list_by_product(conn, store, &ids)?;
    let keys: Vec<(ProductId, ListingKeys)> = found
        .iter()
        .map(|product| (product.id, ListingKeys::new(product, &of_products.remove(&product.id).unwrap_or_default())))
        .collect();
    write(conn, store, &keys)
}

fn list_by_product(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[ProductId],
) -> QueryResult<HashMap<ProductId, Vec<Variant>>> {
    let rows: Vec<(ProductId, Variant)> = variants::table
        .filter(variants::store_id.eq(store))
        .filter(variants::product_id.eq_any(ids))
        .order(variants::id)
        .select((variants::product_id, Variant::as_select()))
        .load(conn)?;
    let mut by_product: HashMap<ProductId, Vec<Variant>> = HashMap::new();
    for (product, variant) in rows {
        by_product.entry(product).or_default().push(variant);
    }
    Ok(by_product)
}

/// Gives keys to sizes that have none yet, and returns how many. Of sizes that are the same, as they could be given
/// before, the oldest gets the key; the others are named by their SKU only.
pub fn fill_sizes(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<usize> {
    let found: Vec<(VariantId, ProductId, Option<String>)> = variants::table
        .filter(variants::store_id.eq(store))
        .filter(variants::size_key.is_null())
        .order(variants::id)
        .limit(limit)
        .select((variants::id, variants::product_id, variants::size))
        .load(conn)?;
    let keys: Vec<String> =
        found.iter().map(|(_, _, size)| size.as_deref().map(size::key).unwrap_or_default()).collect();
    db::sql(
        "UPDATE variants v SET size_key = CASE \
                WHEN n.nth = 1 AND NOT EXISTS (SELECT FROM variants o WHERE o.store_id = $1 \
                     AND o.product_id = n.product_id AND o.size_key = n.size_key) THEN n.size_key \
                ELSE n.size_key || '#' || n.id END \
         FROM (SELECT u.*, row_number() OVER (PARTITION BY u.product_id, u.size_key ORDER BY u.id) AS nth \
               FROM unnest($2::int8[], $3::int8[], $4::text[]) AS u (id, product_id, size_key)) n \
         WHERE v.store_id = $1 AND v.id = n.id AND v.size_key IS NULL",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(found.iter().map(|(id, _, _)| *id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(found.iter().map(|(_, product, _)| *product).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys)
    .execute(conn)
}
