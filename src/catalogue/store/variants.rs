//! The SQL of variants.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use super::products;
use crate::catalogue::product::{NewVariant, Variant};
use crate::db::schema::variants;
use crate::db::{self, Failure};
use crate::error::{ApiError, Code, Halt};
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

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: VariantId,
}

/// Inserts variants and gives their ids, in the order of the variants.
///
/// The ids are taken beforehand, so that they follow that order; the rows go in by SKU, so that
/// two transactions which want the same SKUs wait for each other in one order.
pub fn insert_variants(
    conn: &mut PgConnection,
    store: StoreId,
    product: ProductId,
    new: &[NewVariant],
    at: DateTime<Utc>,
) -> Result<Vec<VariantId>, Halt> {
    let ids: Vec<VariantId> = db::sql("SELECT nextval('variants_id_seq') AS id FROM generate_series(1, $1)")
        .bind::<BigInt, _>(db::count(new.len()))
        .load::<IdRow>(conn)?
        .into_iter()
        .map(|row| row.id)
        .collect();
    db::sql(
        "INSERT INTO variants (store_id, product_id, id, size, sku, barcode, price, created_at, updated_at) \
         SELECT $1, $2, n.id, n.size, n.sku, n.barcode, n.price, $3, $3 \
         FROM unnest($4::int8[], $5::text[], $6::text[], $7::text[], $8::int8[]) AS n (id, size, sku, barcode, price) \
         ORDER BY n.sku",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(product)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(&ids)
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|variant| variant.size.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(new.iter().map(|variant| variant.sku.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(new.iter().map(|variant| variant.barcode.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(new.iter().map(|variant| variant.price).collect::<Vec<Option<Money>>>())
    .execute(conn)
    .map_err(|error| Halt::or_refuse(error, "variants_sku_key", || taken(new)))?;
    Ok(ids)
}

/// The constraint tells that one of several is taken, and not which.
fn taken(new: &[NewVariant]) -> ApiError {
    match new {
        [single] => products::taken(&single.sku),
        _ => ApiError::new(Code::Duplicate, "A SKU of the sizes is taken."),
    }
}

/// Writes price and barcode of variants as they are in memory, under the same lock as a product's.
pub fn update_variants(
    conn: &mut PgConnection,
    store: StoreId,
    changed: &[Variant],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let updated = db::sql(
        "UPDATE variants v SET barcode = n.barcode, price = n.price, updated_at = $2 \
         FROM unnest($3::int8[], $4::text[], $5::int8[]) AS n (id, barcode, price) \
         WHERE v.store_id = $1 AND v.id = n.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(changed.iter().map(|variant| variant.id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(changed.iter().map(|variant| variant.barcode.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(changed.iter().map(|variant| variant.price).collect::<Vec<_>>())
    .execute(conn)?;
    if updated == changed.len() {
        Ok(())
    } else {
        Err(Failure::Internal(format!("{updated} of {} variants were written", changed.len())))
    }
}
