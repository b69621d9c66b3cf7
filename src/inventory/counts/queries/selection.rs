//! The SQL that finds the variants of a new count. The DSL has no LATERAL.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text};

use crate::db;
use crate::inventory::counts::selection::CountSelection;
use crate::inventory::queries::low_stock;
use crate::kernel::id::{LocationId, ProductId, ProductRef, StoreId, VariantId};
use crate::kernel::text::code_key;

/// The products of these names, in their order. The SKU of a size names its product.
pub fn find_products(
    conn: &mut PgConnection,
    store: StoreId,
    names: &[ProductRef],
) -> QueryResult<Vec<Option<ProductId>>> {
    let by_id = |name: &ProductRef| if let ProductRef::Id(id) = name { Some(*id) } else { None };
    let by_sku =
        |name: &ProductRef| if let ProductRef::Sku(sku) = name { Some(code_key(sku).into_owned()) } else { None };
    db::sql(
        "SELECT p.id FROM unnest($2::int8[], $3::text[]) WITH ORDINALITY AS n (id, sku, line) \
         LEFT JOIN LATERAL (SELECT product_id FROM product_codes \
              WHERE store_id = $1 AND kind = 'sku' AND code_key = n.sku OFFSET 0) c ON true \
         LEFT JOIN LATERAL (SELECT id FROM products \
              WHERE store_id = $1 AND id = COALESCE(n.id, c.product_id) OFFSET 0) p ON true ORDER BY n.line",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Nullable<BigInt>>, _>(names.iter().map(by_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(names.iter().map(by_sku).collect::<Vec<_>>())
    .columns::<Nullable<BigInt>>()
    .load(conn)
}

/// The variants in the order of their SKUs, at most `limit`.
pub fn list_variants(
    conn: &mut PgConnection,
    store: StoreId,
    location: LocationId,
    scope: &CountSelection,
    limit: i64,
) -> QueryResult<Vec<VariantId>> {
    let CountSelection { all: _, category, products, under_minimum, not_counted_since } = scope;
    match (products, under_minimum) {
        (Some(products), _) => list_of_products(conn, store, products, limit),
        (None, Some(_)) => low_stock::list_at(conn, store, location, limit),
        (None, None) => list_at(conn, store, location, (category.as_deref(), *not_counted_since), limit),
    }
}

/// All sizes of products, whether or not they have a stock row.
fn list_of_products(
    conn: &mut PgConnection,
    store: StoreId,
    products: &[ProductId],
    limit: i64,
) -> QueryResult<Vec<VariantId>> {
    db::sql("SELECT id FROM variants WHERE store_id = $1 AND product_id = ANY($2) ORDER BY sku, id LIMIT $3")
        .bind::<BigInt, _>(store)
        .bind::<Array<BigInt>, _>(products)
        .bind::<BigInt, _>(limit)
        .columns::<BigInt>()
        .load(conn)
}

/// The variants of a location that are on sale or have units there: all, those of a category, or those whose last
/// posted count is before a day. The rows of the location are read in turn, and no more of them if there are too many.
fn list_at(
    conn: &mut PgConnection,
    store: StoreId,
    location: LocationId,
    (category, not_counted_since): (Option<&str>, Option<NaiveDate>),
    limit: i64,
) -> QueryResult<Vec<VariantId>> {
    db::sql(
        "SELECT f.id FROM ( \
              SELECT v.id, v.sku FROM (SELECT variant_id, stock_quantity + committed_quantity AS on_hand \
                   FROM stock_levels WHERE store_id = $1 AND location_id = $2 ORDER BY variant_id OFFSET 0) s \
              CROSS JOIN LATERAL (SELECT id, sku, product_id, status FROM variants \
                   WHERE store_id = $1 AND id = s.variant_id OFFSET 0) v \
              CROSS JOIN LATERAL (SELECT category, status FROM products \
                   WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
              WHERE (s.on_hand <> 0 OR (v.status = 'active' AND p.status = 'active')) \
                AND ($4 IS NULL OR p.category = $4) \
                AND ($5 IS NULL OR NOT EXISTS (SELECT FROM stock_movements m WHERE m.store_id = $1 \
                     AND m.variant_id = s.variant_id AND m.location_id = $2 AND m.effective_at IS NOT NULL \
                     AND m.effective_at >= $5::date::timestamp AT TIME ZONE 'UTC')) LIMIT $3) f \
         ORDER BY f.sku, f.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(location)
    .bind::<BigInt, _>(limit)
    .bind::<Nullable<Text>, _>(category)
    .bind::<Nullable<Date>, _>(not_counted_since)
    .columns::<BigInt>()
    .load(conn)
}
