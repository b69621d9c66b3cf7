//! Variants as carts and orders need them. The DSL has no LATERAL.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};
use serde_json::Value;

use crate::catalogue::size;
use crate::db;
use crate::kernel::id::{ProductId, ProductRef, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::text::code_key;

/// The current name, price and status of a variant.
#[derive(Clone, Debug, QueryableByName)]
pub struct Sellable {
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub unit_price: Money,
    #[diesel(sql_type = Bool)]
    pub is_active: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub brand: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub category: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub unit: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub barcode: Option<String>,
}

impl Sellable {
    /// The properties that are kept with an order's item.
    #[must_use]
    pub fn attributes(&self) -> Value {
        let Self { brand, category, unit, barcode, .. } = self;
        let known = [("brand", brand), ("category", category), ("unit", unit), ("barcode", barcode)];
        known.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}

/// Loads variants by id. The locks of the stock rows protect price and status, because every change takes these locks
/// first. So a checkout reads them after the locks.
pub fn load(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<Sellable>> {
    db::sql(
        "SELECT v.id AS variant_id, p.id AS product_id, v.sku, p.name AS product_name, v.size, \
                COALESCE(v.price, p.price) AS unit_price, p.status = 'active' AND v.status = 'active' AS is_active, \
                p.brand, p.category, p.unit, COALESCE(v.barcode, p.barcode) AS barcode \
         FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = w.id OFFSET 0) v \
         CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)
}

/// The variant that the name of a product and a size stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolvedVariant {
    Variant(VariantId),
    NoProduct,
    NoSize,
    SizeMissing,
}

impl ResolvedVariant {
    #[must_use]
    pub fn variant(self) -> Option<VariantId> {
        match self {
            Self::Variant(variant) => Some(variant),
            Self::NoProduct | Self::NoSize | Self::SizeMissing => None,
        }
    }
}

#[derive(QueryableByName)]
struct NamedRow {
    #[diesel(sql_type = BigInt)]
    line: i64,
    #[diesel(sql_type = Bool)]
    has_sizes: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    variant_id: Option<VariantId>,
}

/// Finds the variants of products named by id or SKU, with or without a size, in the order asked. A variant's own SKU
/// needs no size, and no other size than its own goes with it.
pub fn resolve(
    conn: &mut PgConnection,
    store: StoreId,
    names: &[(&ProductRef, Option<&str>)],
) -> QueryResult<Vec<ResolvedVariant>> {
    let mut ids = Vec::with_capacity(names.len());
    let mut skus = Vec::with_capacity(names.len());
    for (product, _) in names {
        let (id, sku) = match product {
            ProductRef::Id(id) => (Some(*id), None),
            ProductRef::Sku(sku) => (None, Some(code_key(sku))),
        };
        ids.push(id);
        skus.push(sku);
    }
    // No size has the key ' ', so that a size without letters is not found.
    let key = |size: &str| Some(size::key(size)).filter(|key| !key.is_empty()).unwrap_or_else(|| " ".to_owned());
    let sizes: Vec<Option<String>> = names.iter().map(|(_, size)| size.map(key)).collect();
    let rows: Vec<NamedRow> = db::sql(
        "SELECT n.line, p.has_sizes, v.id AS variant_id \
         FROM unnest($2::int8[], $3::text[], $4::text[]) WITH ORDINALITY AS n (id, sku, size, line) \
         LEFT JOIN LATERAL (SELECT product_id, variant_id FROM product_codes \
              WHERE store_id = $1 AND kind = 'sku' AND code_key = n.sku OFFSET 0) c ON true \
         LEFT JOIN LATERAL (SELECT size_key FROM variants WHERE store_id = $1 AND id = c.variant_id OFFSET 0) o ON true \
         CROSS JOIN LATERAL (SELECT id, has_sizes FROM products \
              WHERE store_id = $1 AND id = COALESCE(n.id, c.product_id) OFFSET 0) p \
         LEFT JOIN variants v ON v.store_id = $1 AND v.product_id = p.id \
              AND v.size_key = COALESCE(n.size, o.size_key, '') AND (c.variant_id IS NULL OR v.id = c.variant_id) \
         ORDER BY n.line",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Nullable<BigInt>>, _>(ids)
    .bind::<Array<Nullable<Text>>, _>(skus)
    .bind::<Array<Nullable<Text>>, _>(sizes.clone())
    .load(conn)?;
    let mut found = vec![ResolvedVariant::NoProduct; names.len()];
    for row in rows {
        let index = usize::try_from(row.line).ok().and_then(|line| line.checked_sub(1));
        let Some((named, size)) = index.and_then(|index| Some((found.get_mut(index)?, sizes.get(index)?))) else {
            continue;
        };
        *named = match (row.variant_id, size) {
            (Some(variant), _) => ResolvedVariant::Variant(variant),
            (None, None) if row.has_sizes => ResolvedVariant::SizeMissing,
            (None, _) => ResolvedVariant::NoSize,
        };
    }
    Ok(found)
}
