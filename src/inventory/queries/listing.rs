//! The SQL that finds products by their properties and by their stock. It is composed of the texts of
//! `stock_by_variant.rs`.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use serde::{Deserialize, Serialize};

use super::stock_by_variant::{
    available_of_product, available_of_variant, highest_minimum, level_columns, levels, places, scarce_products,
    scarce_variants, selling_places, stock_status,
};
use crate::catalogue::product::{Product, ProductStatus};
use crate::db;
use crate::inventory::product_with_stock::StockStatus;
use crate::kernel::id::{ProductId, StoreId};
use crate::kernel::money::{Money, minor_units};
use crate::kernel::page::{List, PageQuery, Sort};

/// The conditions of a list of products; `None` is no condition.
#[derive(Clone, Debug, Default)]
pub struct ProductFilter {
    /// LIKE patterns that the search text fits, all of them.
    pub patterns: Vec<String>,
    pub category: Option<String>,
    pub brand: Option<String>,
    pub status: Option<ProductStatus>,
    pub stock_status: Option<StockStatus>,
    /// Some size on sale costs that much, or no more than that.
    pub min_price: Option<Money>,
    pub max_price: Option<Money>,
}

/// The columns of a product `p`.
macro_rules! product_columns {
    () => {
        "p.id, p.sku, p.name, p.description, p.category, p.brand, p.barcode, p.price, p.mrp, p.cost_price, p.unit, \
         p.has_sizes, p.status, p.min_stock_level, p.max_stock_level, p.created_at, p.updated_at"
    };
}

pub(super) use product_columns;

/// Products `p` of the filter that is bound to `$1` to `$10`. A trigram index finds the two longest words of a search.
/// It cannot find `LIKE ALL`. Without further words, that condition is left out of the plan, so that an index alone can count
/// the rows.
macro_rules! matching {
    () => {
        concat!(
            "FROM products p WHERE p.store_id = $1 AND ($8 IS NULL OR $8 = 'in_stock' OR p.id IN ",
            scarce_products!(),
            ") \
             AND ($9 IS NULL OR p.search_text LIKE $9) AND ($10 IS NULL OR p.search_text LIKE $10) \
             AND (cardinality($2::text[]) = 0 OR p.search_text LIKE ALL ($2)) \
             AND ($3 IS NULL OR p.category = $3) AND ($4 IS NULL OR p.brand = $4) AND ($5 IS NULL OR p.status = $5) \
             AND ($6 IS NULL OR COALESCE(p.highest_price, p.price) >= $6) \
             AND ($7 IS NULL OR COALESCE(p.lowest_price, p.price) <= $7) \
             AND ($6 IS NULL OR $7 IS NULL OR p.lowest_price IS NULL OR EXISTS ( \
                  SELECT FROM variants v WHERE v.store_id = $1 AND v.product_id = p.id AND v.status = 'active' \
                    AND COALESCE(v.price, p.price) BETWEEN $6 AND $7)) \
             AND ($8 IS NULL OR $8 = ",
            stock_status!(),
            ")"
        )
    };
}

macro_rules! page_by {
    ($($order:tt)+) => {
        concat!("SELECT ", product_columns!(), " ", matching!(), " ORDER BY ", $($order)+, " LIMIT $11 OFFSET $12")
    };
}

/// The columns that products can be sorted by. By price, a product stands where its cheapest size does, or its dearest
/// when the dearest come first.
pub const SORTS: [&str; 6] = ["id", "name", "sku", "price", "created_at", "stock"];

/// The whole text of a page, so that nothing of the request gets into the SQL.
fn page_text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("name", false) => page_by!("p.name_key, p.id"),
        ("name", true) => page_by!("p.name_key DESC, p.id DESC"),
        ("sku", false) => page_by!("p.sku"),
        ("sku", true) => page_by!("p.sku DESC"),
        ("price", false) => page_by!("COALESCE(p.lowest_price, p.price), p.id"),
        ("price", true) => page_by!("COALESCE(p.highest_price, p.price) DESC, p.id DESC"),
        ("created_at", false) => page_by!("p.created_at, p.id"),
        ("created_at", true) => page_by!("p.created_at DESC, p.id DESC"),
        ("stock", false) => page_by!(available_of_product!(), ", p.id"),
        ("stock", true) => page_by!(available_of_product!(), " DESC, p.id DESC"),
        (_, false) => page_by!("p.id"),
        (_, true) => page_by!("p.id DESC"),
    }
}

fn bind_filter<'a>(text: &'static str, store: StoreId, filter: &'a ProductFilter) -> db::sql::Sql<'a> {
    let mut patterns: Vec<&str> = filter.patterns.iter().map(String::as_str).collect();
    patterns.sort_by_key(|pattern| Reverse(pattern.len()));
    let mut patterns = patterns.into_iter();
    let (first, second) = (patterns.next(), patterns.next());
    db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<Array<Text>, _>(patterns.collect::<Vec<_>>())
        .bind::<Nullable<Text>, _>(filter.category.as_deref())
        .bind::<Nullable<Text>, _>(filter.brand.as_deref())
        .bind::<Nullable<Text>, _>(filter.status)
        .bind::<Nullable<BigInt>, _>(filter.min_price)
        .bind::<Nullable<BigInt>, _>(filter.max_price)
        .bind::<Nullable<Text>, _>(filter.stock_status)
        .bind::<Nullable<Text>, _>(first)
        .bind::<Nullable<Text>, _>(second)
}

/// One page of the products that the filter leaves.
pub fn list_products(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &ProductFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Product>> {
    let counted = bind_filter(concat!("SELECT count(*) ", matching!()), store, filter);
    let total = counted.columns::<BigInt>().get_result(conn)?;
    let items = bind_filter(page_text(sort), store, filter)
        .bind::<BigInt, _>(page.limit)
        .bind::<BigInt, _>(page.offset())
        .load(conn)?;
    Ok(page.list(items, total))
}

/// A product to offer instead of another one of its category. Orders store it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, QueryableByName)]
pub struct Alternative {
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub category: String,
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub product_name: String,
    #[diesel(sql_type = BigInt)]
    #[serde(with = "minor_units")]
    pub price: Money,
    #[diesel(sql_type = BigInt)]
    pub available_quantity: i64,
}

/// Some products of each category that are in stock, most units first. Only the products of the first 50 variants on
/// sale are read, so that the cost does not grow with the category. A caller who needs five beside the product
/// itself gets six.
pub fn list_alternatives(
    conn: &mut PgConnection,
    store: StoreId,
    categories: &BTreeSet<&str>,
) -> QueryResult<Vec<Alternative>> {
    db::sql(concat!(
        "SELECT c.category, a.id AS product_id, a.sku, a.name AS product_name, a.price, \
                a.available AS available_quantity \
         FROM unnest($2::text[]) AS c (category) CROSS JOIN LATERAL ( \
              SELECT p.id, p.sku, p.name, p.price, s.available \
              FROM (SELECT DISTINCT f.id FROM ( \
                    SELECT p.id FROM (SELECT id FROM products \
                         WHERE store_id = $1 AND category = c.category AND status = 'active' ORDER BY id LIMIT 50) p \
                    CROSS JOIN LATERAL (SELECT FROM variants v \
                         WHERE v.store_id = $1 AND v.product_id = p.id AND v.status = 'active' OFFSET 0) v \
                    ORDER BY p.id LIMIT 50) f) k \
              CROSS JOIN LATERAL (SELECT id, sku, name, price FROM products \
                    WHERE store_id = $1 AND id = k.id OFFSET 0) p \
              CROSS JOIN LATERAL (SELECT COALESCE(SUM(a.available), 0)::int8 AS available \
                   FROM variants v CROSS JOIN LATERAL (SELECT ",
        available_of_variant!(),
        " AS available) a WHERE v.store_id = $1 AND v.product_id = p.id AND v.status = 'active') s \
              WHERE s.available > 0 ORDER BY s.available DESC, p.id LIMIT 6) a \
         ORDER BY c.category, a.available DESC, a.id"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(categories.iter().copied().collect::<Vec<_>>())
    .load(conn)
}
