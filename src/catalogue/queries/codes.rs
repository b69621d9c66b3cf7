//! The SQL of the register of SKUs and barcodes. Sets of codes come in as arrays, which the DSL can not join.

use std::borrow::Cow;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::catalogue::codes::{CodeChange, CodeKind, ProductCode};
use crate::db;
use crate::db::schema::product_codes;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, ProductRef, StoreId};
use crate::kernel::text::code_key;

/// The product with this SKU. A variant's SKU names its product, too.
pub fn find_product(conn: &mut PgConnection, store: StoreId, sku: &str) -> QueryResult<Option<ProductId>> {
    product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::kind.eq(CodeKind::Sku))
        .filter(product_codes::code_key.eq(code_key(sku)))
        .select(product_codes::product_id)
        .first(conn)
        .optional()
}

/// The product or size that a barcode names, and the units of one scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedCode {
    pub product: ProductRef,
    pub units: i64,
}

/// The products and sizes that these barcodes name, in their order.
pub fn resolve_barcodes(
    conn: &mut PgConnection,
    store: StoreId,
    barcodes: &[&str],
) -> QueryResult<Vec<Option<ScannedCode>>> {
    let skus: Vec<Option<String>> = db::sql(
        "SELECT COALESCE(v.sku, p.sku) FROM unnest($2::text[]) WITH ORDINALITY AS n (code_key, place) \
         LEFT JOIN LATERAL (SELECT product_id, variant_id FROM product_codes \
              WHERE store_id = $1 AND kind = 'barcode' AND code_key = n.code_key OFFSET 0) c ON true \
         LEFT JOIN LATERAL (SELECT sku FROM variants WHERE store_id = $1 AND id = c.variant_id OFFSET 0) v ON true \
         LEFT JOIN LATERAL (SELECT sku FROM products WHERE store_id = $1 AND id = c.product_id OFFSET 0) p ON true \
         ORDER BY n.place",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(barcodes.iter().map(|code| code_key(code)).collect::<Vec<_>>())
    .columns::<Nullable<Text>>()
    .load(conn)?;
    let scanned = |sku: Option<String>| sku.map(|sku| ScannedCode { product: ProductRef::Sku(sku), units: 1 });
    Ok(skus.into_iter().map(scanned).collect())
}

/// Asks first, so that the refusal can name the code. The primary key decides when two come at once.
pub fn refuse_taken(
    conn: &mut PgConnection,
    store: StoreId,
    codes: &[(CodeKind, &str)],
    by_others_than: Option<ProductId>,
) -> Result<(), Abort> {
    let taken: Option<(CodeKind, String)> = db::sql(
        "SELECT c.kind, c.code FROM unnest($2::text[], $3::text[]) AS n (kind, code_key) JOIN product_codes c \
              ON c.store_id = $1 AND c.kind = n.kind AND c.code_key = n.code_key \
         WHERE $4 IS NULL OR c.product_id <> $4 ORDER BY c.kind DESC, c.code LIMIT 1",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(codes.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(codes.iter().map(|(_, code)| code_key(code)).collect::<Vec<_>>())
    .bind::<Nullable<BigInt>, _>(by_others_than)
    .columns::<(Text, Text)>()
    .get_result(conn)
    .optional()?;
    match taken {
        None => Ok(()),
        Some((kind, code)) => Err(kind.taken(&code).into()),
    }
}

/// Gives up the codes that a product has no more, and takes those that it has got, in one order for everyone.
pub fn apply(conn: &mut PgConnection, store: StoreId, product: ProductId, change: &CodeChange) -> Result<(), Abort> {
    let CodeChange { removed, added } = change;
    if !removed.is_empty() {
        db::sql(
            "DELETE FROM product_codes c USING unnest($3::text[], $4::text[]) AS n (kind, code_key) \
             WHERE c.store_id = $1 AND c.product_id = $2 AND c.kind = n.kind AND c.code_key = n.code_key",
        )
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(product)
        .bind::<Array<Text>, _>(kinds(removed))
        .bind::<Array<Text>, _>(keys(removed))
        .execute(conn)?;
    }
    if added.is_empty() {
        return Ok(());
    }
    db::sql(
        "INSERT INTO product_codes (store_id, product_id, kind, code_key, code, variant_id) \
         SELECT $1, $2, n.kind, n.code_key, n.code, n.variant_id \
         FROM unnest($3::text[], $4::text[], $5::text[], $6::int8[]) AS n (kind, code_key, code, variant_id) \
         ORDER BY n.kind, n.code_key",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(product)
    .bind::<Array<Text>, _>(kinds(added))
    .bind::<Array<Text>, _>(keys(added))
    .bind::<Array<Text>, _>(added.iter().map(|code| code.code.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(added.iter().map(|code| code.variant).collect::<Vec<_>>())
    .execute(conn)
    .map_err(|error| Abort::or_refuse(error, "product_codes_pkey", taken_meanwhile))?;
    Ok(())
}

fn kinds(codes: &[ProductCode]) -> Vec<CodeKind> {
    codes.iter().map(|code| code.kind).collect()
}

fn keys(codes: &[ProductCode]) -> Vec<Cow<'_, str>> {
    codes.iter().map(ProductCode::key).collect()
}

/// The constraint does not name the one of several that is taken.
fn taken_meanwhile() -> ApiError {
    ApiError::new(Code::Duplicate, "A SKU or a barcode of the product is taken.")
}
