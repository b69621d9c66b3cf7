//! The SQL of products and variants that are low on stock. It is composed of texts of `stock_by_variant.rs` and of
//! `scarcity/`.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use super::listing::product_columns;
use super::stock_by_variant::{
    available_of_product, available_of_variant, highest_minimum, level_columns, levels, low_variants, places,
    scarce_variants, selling_places,
};
use crate::catalogue::product::Product;
use crate::db;
use crate::inventory::scarcity::queries::figures::{
    current_figures, figures, outdated_variants, sold_of_variant, with_outdated,
};
use crate::inventory::scarcity::queries::progress;
use crate::kernel::id::{LocationId, StoreId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};

/// The low variants of the store, from the stock of all variants.
macro_rules! low_of_all {
    () => {
        concat!(
            "(SELECT v.id AS variant_id, v.product_id, v.sku, p.sku AS product_sku, p.name_key, \
                     s.available AS sellable_quantity, m.least AS minimum, ",
            available_of_product!(),
            " AS product_quantity ",
            low_variants!(),
            ")"
        )
    };
}

/// The same from stored figures, which are complete until `$4`.
macro_rules! low_of_stored {
    () => {
        concat!("(SELECT f.* FROM ", current_figures!(), " f WHERE f.sellable_quantity <= f.minimum)")
    };
}

/// The columns that low stock can be sorted by. `above_minimum` is what is available less the minimum, of
/// the lowest size.
pub const SORTS: [&str; 5] = ["above_minimum", "id", "name", "sku", "stock"];

/// The keys of the page are found before the rest of its products is read, and counted at the same time.
macro_rules! page_of {
    ($with:expr, $low:ident, $direction:literal, $key:literal) => {
        concat!(
            $with,
            "SELECT w.total, ",
            product_columns!(),
            " FROM (SELECT x.product_id AS id, COUNT(*) OVER () AS total, ",
            $key,
            " AS key FROM ",
            $low!(),
            " x GROUP BY x.product_id ORDER BY key ",
            $direction,
            ", x.product_id ",
            $direction,
            " LIMIT $2 OFFSET $3) w \
              CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = w.id OFFSET 0) p \
              ORDER BY w.key ",
            $direction,
            ", p.id ",
            $direction
        )
    };
}

macro_rules! page_by {
    ($is_kept:ident, $direction:literal, $key:literal) => {
        match $is_kept {
            true => page_of!(with_outdated!("$4"), low_of_stored, $direction, $key),
            false => page_of!("", low_of_all, $direction, $key),
        }
    };
}

fn page_text(sort: Sort, is_kept: bool) -> &'static str {
    match (sort.column, sort.descending) {
        ("id", false) => page_by!(is_kept, "", "x.product_id"),
        ("id", true) => page_by!(is_kept, "DESC", "x.product_id"),
        ("name", false) => page_by!(is_kept, "", "MIN(x.name_key)"),
        ("name", true) => page_by!(is_kept, "DESC", "MIN(x.name_key)"),
        ("sku", false) => page_by!(is_kept, "", "MIN(x.product_sku)"),
        ("sku", true) => page_by!(is_kept, "DESC", "MIN(x.product_sku)"),
        ("stock", false) => page_by!(is_kept, "", "MIN(x.product_quantity)"),
        ("stock", true) => page_by!(is_kept, "DESC", "MIN(x.product_quantity)"),
        (_, false) => page_by!(is_kept, "", "MIN(x.sellable_quantity - x.minimum)"),
        (_, true) => page_by!(is_kept, "DESC", "MIN(x.sellable_quantity - x.minimum)"),
    }
}

#[derive(QueryableByName)]
struct LowProduct {
    #[diesel(embed)]
    product: Product,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// Products on sale of which some variant on sale is at or under its minimum.
pub fn list(conn: &mut PgConnection, store: StoreId, sort: Sort, page: &PageQuery) -> QueryResult<List<Product>> {
    let complete_until = progress::find_complete(conn, store)?;
    let mut load = |limit: i64, offset: i64| {
        db::sql(page_text(sort, complete_until.is_some()))
            .bind::<BigInt, _>(store)
            .bind::<BigInt, _>(limit)
            .bind::<BigInt, _>(offset)
            .bind::<Nullable<Timestamptz>, _>(complete_until)
            .load::<LowProduct>(conn)
    };
    let rows = load(page.limit, page.offset())?;
    let mut total = rows.first().map_or(0, |row| row.total);
    if rows.is_empty() && page.offset() > 0 {
        // The page is after the last one.
        total = load(1, 0)?.first().map_or(0, |row| row.total);
    }
    Ok(page.list(rows.into_iter().map(|row| row.product).collect(), total))
}

macro_rules! low_at {
    ($with:expr, $low:ident) => {
        concat!(
            $with,
            "SELECT x.variant_id FROM ",
            $low!(),
            " x CROSS JOIN LATERAL (SELECT FROM stock_levels \
                   WHERE store_id = $1 AND variant_id = x.variant_id AND location_id = $2 OFFSET 0) r \
              ORDER BY x.sku, x.variant_id LIMIT $3"
        )
    };
}

/// The variants at or under their minimum that have a stock row at the location, in the order of their SKUs.
pub fn list_at(
    conn: &mut PgConnection,
    store: StoreId,
    location: LocationId,
    limit: i64,
) -> QueryResult<Vec<VariantId>> {
    let complete_until = progress::find_complete(conn, store)?;
    let text = match complete_until {
        Some(_) => low_at!(with_outdated!("$4"), low_of_stored),
        None => low_at!("", low_of_all),
    };
    db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(location)
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<Timestamptz>, _>(complete_until)
        .columns::<BigInt>()
        .load(conn)
}
