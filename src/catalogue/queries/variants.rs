//! The SQL of variants. Sets of variants are bound as arrays, which the DSL can neither insert nor join; it has no
//! nextval either.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::catalogue::codes::CodeKind;
use crate::catalogue::product::{NewVariant, Variant};
use crate::catalogue::size;
use crate::db;
use crate::db::schema::variants;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, StoreId, VariantId};
use crate::kernel::money::Money;

/// The variants of a product, oldest first. There are at most as many as a product may have sizes.
pub fn list_variants(conn: &mut PgConnection, store: StoreId, product: ProductId) -> QueryResult<Vec<Variant>> {
    variants::table
        .filter(variants::store_id.eq(store))
        .filter(variants::product_id.eq(product))
        .order(variants::id)
        .select(Variant::as_select())
        .load(conn)
}

/// The variants of these products, oldest first, each with its product.
pub fn list_of_products(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[ProductId],
) -> QueryResult<Vec<(ProductId, Variant)>> {
    variants::table
        .filter(variants::store_id.eq(store))
        .filter(variants::product_id.eq_any(products))
        .order(variants::id)
        .select((variants::product_id, Variant::as_select()))
        .load(conn)
}

/// Inserts variants, each with its product, and returns their ids, in the order of the variants.
///
/// The ids are taken beforehand, so that they follow that order. The rows are inserted by SKU, so that two transactions
/// with the same SKUs wait for each other in one order.
pub fn insert_variants(
    conn: &mut PgConnection,
    store: StoreId,
    new: &[(ProductId, &NewVariant)],
    at: DateTime<Utc>,
) -> Result<Vec<VariantId>, Abort> {
    let ids: Vec<VariantId> = db::sql("SELECT nextval('variants_id_seq') FROM generate_series(1, $1)")
        .bind::<BigInt, _>(db::count(new.len()))
        .columns::<BigInt>()
        .load(conn)?;
    db::sql(
        "INSERT INTO variants (store_id, product_id, id, size, size_key, sku, barcode, price, min_stock_level, \
                created_at, updated_at) \
         SELECT $1, n.product_id, n.id, n.size, n.size_key, n.sku, n.barcode, n.price, n.min_stock_level, $3, $3 \
         FROM unnest($2::int8[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int8[], $10::int8[]) \
              AS n (product_id, id, size, size_key, sku, barcode, price, min_stock_level) \
         ORDER BY n.sku",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(new.iter().map(|(product, _)| *product).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|(_, new)| new.size.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(
        new.iter().map(|(_, new)| new.size.as_deref().map(size::key).unwrap_or_default()).collect::<Vec<_>>(),
    )
    .bind::<Array<Text>, _>(new.iter().map(|(_, new)| new.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|(_, new)| new.barcode.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|(_, new)| new.price).collect::<Vec<Option<Money>>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|(_, new)| new.min_stock_level).collect::<Vec<_>>())
    .execute(conn)
    .map_err(|error| {
        Abort::or_refuse(error, "variants_sku_key", || taken(new.iter().map(|(_, new)| new.sku.as_str())))
    })?;
    Ok(ids)
}

/// The 409 error for a SKU that is in use. If there are several, the failed constraint does not show which of them.
fn taken<'a>(mut skus: impl Iterator<Item = &'a str>) -> ApiError {
    match (skus.next(), skus.next()) {
        (Some(single), None) => CodeKind::Sku.taken(single),
        _ => ApiError::new(Code::Duplicate, "A SKU of the sizes is taken."),
    }
}

/// Gives a temporary SKU to variants, so that one statement can give their SKUs to others: the constraint is checked
/// row by row. The temporary SKU is the id, which no SKU can be.
pub fn free_skus(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> Result<(), Abort> {
    if variants.is_empty() {
        return Ok(());
    }
    let freed = db::sql("UPDATE variants SET sku = id::text WHERE store_id = $1 AND id = ANY ($2)")
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(variants)
        .execute(conn)?;
    Ok(db::expect_rows(freed, variants.len(), "SKUs were freed")?)
}

/// Writes variants as they are in memory, under the same lock as a product's. Sizes keep their names.
pub fn update_variants(
    conn: &mut PgConnection,
    store: StoreId,
    changed: &[Variant],
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    if changed.is_empty() {
        return Ok(());
    }
    let updated = db::sql(
        "UPDATE variants v SET sku = n.sku, barcode = n.barcode, price = n.price, \
                min_stock_level = n.min_stock_level, status = n.status, updated_at = $2 \
         FROM unnest($3::int8[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::text[]) \
              AS n (id, sku, barcode, price, min_stock_level, status) \
         WHERE v.store_id = $1 AND v.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(changed.iter().map(|variant| variant.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|variant| variant.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(changed.iter().map(|variant| variant.barcode.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(changed.iter().map(|variant| variant.price).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(changed.iter().map(|variant| variant.min_stock_level).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(changed.iter().map(|variant| variant.status).collect::<Vec<_>>())
    .execute(conn)
    .map_err(|error| Abort::or_refuse(error, "variants_sku_key", || taken(changed.iter().map(|v| v.sku.as_str()))))?;
    Ok(db::expect_rows(updated, changed.len(), "variants were written")?)
}

/// Sets the keys of sizes that have none yet, and returns their number. An older version accepted equal sizes of a
/// product: the oldest of them gets the key, and the others are found by their SKU only.
pub fn fill_size_keys(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<usize> {
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
