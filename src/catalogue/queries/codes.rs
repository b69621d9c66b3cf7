//! The SQL of the register of SKUs and barcodes. Sets of codes are bound as arrays, which the DSL cannot join.

use std::collections::HashMap;

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

/// The products with these SKUs, in their order. A variant's SKU names its product, too.
pub fn find_products(conn: &mut PgConnection, store: StoreId, skus: &[&str]) -> QueryResult<Vec<Option<ProductId>>> {
    let keys: Vec<_> = skus.iter().map(|sku| CodeKind::Sku.key(sku)).collect();
    let found: HashMap<String, ProductId> = product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::kind.eq(CodeKind::Sku))
        .filter(product_codes::code_key.eq_any(keys.iter().map(|key| &**key)))
        .select((product_codes::code_key, product_codes::product_id))
        .load::<(String, ProductId)>(conn)?
        .into_iter()
        .collect();
    Ok(keys.iter().map(|key| found.get(&**key).copied()).collect())
}

/// The registered codes of a product.
pub fn list(conn: &mut PgConnection, store: StoreId, product: ProductId) -> QueryResult<Vec<ProductCode>> {
    Ok(list_of_products(conn, store, &[product])?.into_iter().map(|(_, code)| code).collect())
}

type CodeRow = (ProductId, CodeKind, String, Option<VariantId>, i64, i64);

/// The registered codes of these products, each with its product.
pub fn list_of_products(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[ProductId],
) -> QueryResult<Vec<(ProductId, ProductCode)>> {
    let rows: Vec<CodeRow> = product_codes::table
        .filter(product_codes::store_id.eq(store))
        .filter(product_codes::product_id.eq_any(products))
        .order((product_codes::product_id, product_codes::kind, product_codes::code_key))
        .select((
            product_codes::product_id,
            product_codes::kind,
            product_codes::code,
            product_codes::variant_id,
            product_codes::units,
            product_codes::position,
        ))
        .load(conn)?;
    let code = |(product, kind, code, variant, units, position)| {
        (product, ProductCode { kind, code, variant, units, position })
    };
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

/// The codes of the kinds `$2` and the keys `$3` that are in use, with their owners. The planner believes that the tables of
/// a new shop are empty, so it would begin with all products of the store. LATERAL makes it begin with the codes.
macro_rules! owned_codes {
    () => {
        "unnest($2::text[], $3::text[]) AS n (kind, code_key) CROSS JOIN LATERAL ( \
              SELECT * FROM product_codes WHERE store_id = $1 AND kind = n.kind AND code_key = n.code_key OFFSET 0) c \
         CROSS JOIN LATERAL (SELECT sku FROM products WHERE store_id = $1 AND id = c.product_id OFFSET 0) p \
         LEFT JOIN LATERAL (SELECT sku FROM variants WHERE store_id = $1 AND id = c.variant_id OFFSET 0) v ON true"
    };
}

/// Refuses codes that other products have. The refusal names the code and its owner.
pub fn refuse_taken(
    conn: &mut PgConnection,
    store: StoreId,
    codes: &[(CodeKind, &str)],
    by_others_than: Option<ProductId>,
) -> Result<(), Abort> {
    let taken: Option<(CodeKind, String, String)> = db::sql(concat!(
        "SELECT c.kind, c.code, COALESCE(v.sku, p.sku) \
         FROM ",
        owned_codes!(),
        " WHERE $4 IS NULL OR c.product_id <> $4 ORDER BY c.kind DESC, c.code LIMIT 1"
    ))
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

/// A code that is in use, with the SKU of its owner.
#[derive(Clone, Debug)]
pub struct OwnedCode {
    pub kind: CodeKind,
    pub key: String,
    pub code: String,
    pub product: ProductId,
    pub owner: String,
}

/// The codes among these that are in use, with their owners.
pub fn list_owners(conn: &mut PgConnection, store: StoreId, codes: &[(CodeKind, &str)]) -> QueryResult<Vec<OwnedCode>> {
    let rows: Vec<(CodeKind, String, String, ProductId, String)> = db::sql(concat!(
        "SELECT c.kind, c.code_key, c.code, c.product_id, COALESCE(v.sku, p.sku) \
         FROM ",
        owned_codes!()
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(codes.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(codes.iter().map(|(kind, code)| kind.key(code)).collect::<Vec<_>>())
    .columns::<(Text, Text, Text, BigInt, Text)>()
    .load(conn)?;
    let owned = |(kind, key, code, product, owner)| OwnedCode { kind, key, code, product, owner };
    Ok(rows.into_iter().map(owned).collect())
}

/// Deletes the codes that products no longer have, and inserts their new ones, always in the same order. If another
/// transaction has inserted one of them meanwhile, the insert waits for it, and the change is refused.
pub fn apply(conn: &mut PgConnection, store: StoreId, changes: &[(ProductId, CodeChange)]) -> Result<(), Abort> {
    let removed: Vec<_> = flat(changes, |change| &change.removed);
    if !removed.is_empty() {
        // An old spelling of a GTIN may have an old key, so the text counts.
        db::sql(
            "DELETE FROM product_codes c USING unnest($2::int8[], $3::text[], $4::text[]) AS n (product_id, kind, code) \
             WHERE c.store_id = $1 AND c.product_id = n.product_id AND c.kind = n.kind AND c.code = n.code",
        )
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(products(&removed))
        .bind::<Array<Text>, _>(kinds(&removed))
        .bind::<Array<Text>, _>(texts(&removed))
        .execute(conn)?;
    }
    let added: Vec<_> = flat(changes, |change| &change.added);
    if added.is_empty() || insert(conn, store, &added)? == added.len() {
        return Ok(());
    }
    let [(product, change)] = changes else { return Err(taken_meanwhile().into()) };
    let wanted: Vec<_> = change.added.iter().map(|code| (code.kind, code.code.as_str())).collect();
    refuse_taken(conn, store, &wanted, Some(*product))?;
    Err(taken_meanwhile().into())
}

/// Inserts codes that nobody has. Returns their number.
fn insert(conn: &mut PgConnection, store: StoreId, added: &[(ProductId, &ProductCode)]) -> QueryResult<usize> {
    db::sql(
        "INSERT INTO product_codes (store_id, product_id, kind, code_key, code, variant_id, units, position) \
         SELECT $1, n.product_id, n.kind, n.code_key, n.code, n.variant_id, n.units, n.position \
         FROM unnest($2::int8[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[]) \
              AS n (product_id, kind, code_key, code, variant_id, units, position) \
         ORDER BY n.kind, n.code_key ON CONFLICT ON CONSTRAINT product_codes_pkey DO NOTHING",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(products(added))
    .bind::<Array<Text>, _>(kinds(added))
    .bind::<Array<Text>, _>(added.iter().map(|(_, code)| code.key()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(added))
    .bind::<Array<Nullable<BigInt>>, _>(added.iter().map(|(_, code)| code.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(added.iter().map(|(_, code)| code.units).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(added.iter().map(|(_, code)| code.position).collect::<Vec<_>>())
    .execute(conn)
}

fn flat(
    changes: &[(ProductId, CodeChange)],
    pick: fn(&CodeChange) -> &Vec<ProductCode>,
) -> Vec<(ProductId, &ProductCode)> {
    changes.iter().flat_map(|(product, change)| pick(change).iter().map(|code| (*product, code))).collect()
}

fn products(codes: &[(ProductId, &ProductCode)]) -> Vec<ProductId> {
    codes.iter().map(|(product, _)| *product).collect()
}

fn kinds(codes: &[(ProductId, &ProductCode)]) -> Vec<CodeKind> {
    codes.iter().map(|(_, code)| code.kind).collect()
}

fn texts<'a>(codes: &[(ProductId, &'a ProductCode)]) -> Vec<&'a str> {
    codes.iter().map(|(_, code)| code.code.as_str()).collect()
}

/// The owner no longer has the code, or the owner is the product itself.
fn taken_meanwhile() -> ApiError {
    ApiError::new(Code::Duplicate, "A SKU or a barcode of the product is taken.")
}
