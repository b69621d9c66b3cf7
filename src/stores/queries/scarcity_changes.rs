//! The SQL of changes without a movement that may change which variants are scarce. The job `find_scarce_variants`
//! computes these variants again. Sets of variants come in as arrays, which the DSL cannot insert.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};

use crate::db;
use crate::db::schema::scarcity_changes;
use crate::kernel::id::{ProductId, StoreId, SupplierId, VariantId};

/// A supplier with more items changes the whole store.
const MAX_ITEMS: i64 = 10_000;

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
    db::sql(
        "INSERT INTO scarcity_changes (store_id, variant_id) \
         SELECT store_id, id FROM variants WHERE store_id = $1 AND product_id = $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(product)
    .execute(conn)
    .map(drop)
}

/// Notes the variants that a supplier sells.
pub fn note_supplier(conn: &mut PgConnection, store: StoreId, supplier: SupplierId) -> QueryResult<()> {
    db::sql(
        "WITH sold AS (SELECT variant_id FROM supplier_items WHERE store_id = $1 AND supplier_id = $2 LIMIT $3 + 1) \
         INSERT INTO scarcity_changes (store_id, variant_id) \
         SELECT $1, variant_id FROM sold WHERE (SELECT COUNT(*) FROM sold) <= $3 \
         UNION ALL SELECT $1, NULL WHERE (SELECT COUNT(*) FROM sold) > $3",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(supplier)
    .bind::<BigInt, _>(MAX_ITEMS)
    .execute(conn)
    .map(drop)
}
