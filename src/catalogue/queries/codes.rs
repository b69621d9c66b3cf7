//! The SQL of the register of SKUs and barcodes. Sets of codes come in as arrays, which the DSL can not join.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::catalogue::codes::{CodeChange, CodeKind, ProductCode};
use crate::db;
use crate::db::schema::product_codes;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductId, StoreId, VariantId};

/// The product with this SKU. A variant's SKU names its product, too.
pub fn find_product(conn: &mut PgConnection, store: StoreId, sku: &str) -> QueryResult<Option<ProductId>> {
    product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::kind.eq(CodeKind::Sku))
        .filter(product_codes::code_key.eq(CodeKind::Sku.key(sku)))
        .select(product_codes::product_id)
        .first(conn)
        .optional()
}

/// The registered codes of a product.
pub fn list(conn: &mut PgConnection, store: StoreId, product: ProductId) -> QueryResult<Vec<ProductCode>> {
    let rows: Vec<(CodeKind, String, Option<VariantId>, i64, i64)> = product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::product_id.eq(product))
        .order((product_codes::kind, product_codes::code_key))
        .select((
            product_codes::kind,
            product_codes::code,
            product_codes::variant_id,
            product_codes::units,
            product_codes::position,
        ))
        .load(conn)?;
    let code = |(kind, code, variant, units, position)| ProductCode { kind, code, variant, units, position };
    Ok(rows.into_iter().map(code).collect())
}

/// The barcodes of products besides those in their columns.
pub fn list_further_barcodes(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[ProductId],
) -> QueryResult<Vec<(ProductId, String)>> {
    product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::product_id.eq_any(products))
        .filter(product_codes::position.gt(0))
        .order((product_codes::position, product_codes::code_key))
        .select((product_codes::product_id, product_codes::code))
        .load(conn)
}

/// Refuses codes that other products have. The refusal names the code and its owner.
pub fn refuse_taken(
    conn: &mut PgConnection,
    store: StoreId,
    codes: &[(CodeKind, &str)],
    by_others_than: Option<ProductId>,
) -> Result<(), Abort> {
    let taken: Option<(CodeKind, String, String)> = db::sql(
        "SELECT c.kind, c.code, COALESCE(v.sku, p.sku) \
         FROM unnest($2::text[], $3::text[]) AS n (kind, code_key) JOIN product_codes c \
              ON c.store_id = $1 AND c.kind = n.kind AND c.code_key = n.code_key \
         JOIN products p ON p.store_id = $1 AND p.id = c.product_id \
         LEFT JOIN variants v ON v.store_id = $1 AND v.id = c.variant_id \
         WHERE $4 IS NULL OR c.product_id <> $4 ORDER BY c.kind DESC, c.code LIMIT 1",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(codes.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(codes.iter().map(|(kind, code)| kind.key(code)).collect::<Vec<_>>())
    .bind::<Nullable<BigInt>, _>(by_others_than)
    .columns::<(Text, Text, Text)>()
    .get_result(conn)
    .optional()?;
    match taken {
        None => Ok(()),
        Some((kind, code, owner)) => Err(kind.taken_by(&code, &owner).into()),
    }
}

/// Gives up the codes that a product has no more, and takes those that it has got, in one order for everyone. If
/// another transaction has taken one of them meanwhile, this waits for it, and is refused.
pub fn apply(conn: &mut PgConnection, store: StoreId, product: ProductId, change: &CodeChange) -> Result<(), Abort> {
    let CodeChange { removed, added } = change;
    if !removed.is_empty() {
        // An old spelling of a GTIN may have an old key, so the text counts.
        db::sql(
            "DELETE FROM product_codes c USING unnest($3::text[], $4::text[]) AS n (kind, code) \
             WHERE c.store_id = $1 AND c.product_id = $2 AND c.kind = n.kind AND c.code = n.code",
        )
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(product)
        .bind::<Array<Text>, _>(kinds(removed))
        .bind::<Array<Text>, _>(texts(removed))
        .execute(conn)?;
    }
    if added.is_empty() {
        return Ok(());
    }
    let taken = db::sql(
        "INSERT INTO product_codes (store_id, product_id, kind, code_key, code, variant_id, units, position) \
         SELECT $1, $2, n.kind, n.code_key, n.code, n.variant_id, n.units, n.position \
         FROM unnest($3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[]) \
              AS n (kind, code_key, code, variant_id, units, position) \
         ORDER BY n.kind, n.code_key ON CONFLICT ON CONSTRAINT product_codes_pkey DO NOTHING",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(product)
    .bind::<Array<Text>, _>(kinds(added))
    .bind::<Array<Text>, _>(added.iter().map(ProductCode::key).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(added))
    .bind::<Array<Nullable<BigInt>>, _>(added.iter().map(|code| code.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(added.iter().map(|code| code.units).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(added.iter().map(|code| code.position).collect::<Vec<_>>())
    .execute(conn)?;
    if taken == added.len() {
        return Ok(());
    }
    let wanted: Vec<_> = added.iter().map(|code| (code.kind, code.code.as_str())).collect();
    refuse_taken(conn, store, &wanted, Some(product))?;
    Err(taken_meanwhile().into())
}

fn kinds(codes: &[ProductCode]) -> Vec<CodeKind> {
    codes.iter().map(|code| code.kind).collect()
}

fn texts(codes: &[ProductCode]) -> Vec<&str> {
    codes.iter().map(|code| code.code.as_str()).collect()
}

/// The owner has given the code up since, or it is the product itself.
fn taken_meanwhile() -> ApiError {
    ApiError::new(Code::Duplicate, "A SKU or a barcode of the product is taken.")
}
