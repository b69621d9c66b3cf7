//! The SQL of changes without a movement that may change which variants are scarce. The job `find_scarce_variants`
//! computes these variants again. Sets of variants are bound as arrays, which the DSL cannot insert.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::db;
use crate::db::schema::{scarcity_changes, variants};
use crate::kernel::id::{LocationId, ProductId, StoreId, SupplierId, VariantId};

/// A supplier or a location with more variants changes the whole store.
const MAX_VARIANTS: i64 = 10_000;

/// Notes that all variants of the store may have changed.
pub fn note_store(conn: &mut PgConnection, store: StoreId) -> QueryResult<()> {
    diesel::insert_into(scarcity_changes::table).values(scarcity_changes::store_id.eq(store)).execute(conn).map(drop)
}

pub fn note_variants(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<()> {
    db::sql("INSERT INTO scarcity_changes (store_id, variant_id) SELECT $1, unnest($2::int8[])")
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(variants)
        .execute(conn)
        .map(drop)
}

/// Notes the variants of a product.
pub fn note_product(conn: &mut PgConnection, store: StoreId, product: ProductId) -> QueryResult<()> {
    variants::table
        .filter(variants::store_id.eq(store))
        .filter(variants::product_id.eq(product))
        .select((variants::store_id, variants::id.nullable()))
        .insert_into(scarcity_changes::table)
        .into_columns((scarcity_changes::store_id, scarcity_changes::variant_id))
        .execute(conn)
        .map(drop)
}

/// Inserts the variants of a set with the column `variant_id`, or the whole store if they are too many.
macro_rules! note_set {
    ($variants:literal) => {
        concat!(
            "WITH set AS (",
            $variants,
            " LIMIT $3 + 1) INSERT INTO scarcity_changes (store_id, variant_id) \
             SELECT $1, variant_id FROM set WHERE (SELECT COUNT(*) FROM set) <= $3 \
             UNION ALL SELECT $1, NULL WHERE (SELECT COUNT(*) FROM set) > $3"
        )
    };
}

/// Notes the variants that suppliers sell.
pub fn note_suppliers(conn: &mut PgConnection, store: StoreId, suppliers: &[SupplierId]) -> QueryResult<()> {
    if suppliers.is_empty() {
        return Ok(());
    }
    db::sql(note_set!("SELECT DISTINCT variant_id FROM supplier_items WHERE store_id = $1 AND supplier_id = ANY($2)"))
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(suppliers)
        .bind::<BigInt, _>(MAX_VARIANTS)
        .execute(conn)
        .map(drop)
}

/// Notes the variants that have a stock row at a location.
pub fn note_location(conn: &mut PgConnection, store: StoreId, location: LocationId) -> QueryResult<()> {
    db::sql(note_set!("SELECT variant_id FROM stock_levels WHERE store_id = $1 AND location_id = $2"))
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(location)
        .bind::<BigInt, _>(MAX_VARIANTS)
        .execute(conn)
        .map(drop)
}

/// Deletes noted changes. Their variants have been computed by later statements than the one that found the changes.
pub fn delete(conn: &mut PgConnection, store: StoreId, changes: &[i64]) -> QueryResult<()> {
    let rows = scarcity_changes::table.filter(scarcity_changes::store_id.eq(store));
    diesel::delete(rows.filter(scarcity_changes::id.eq_any(changes))).execute(conn).map(drop)
}
