//! The SQL of stock by place and by category. It is composed of the texts of `stock_by_variant.rs`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};

use super::levels;
use super::stock_by_variant::{
    all_levels, available_of_variant, beside_level, highest_minimum, level_columns, levels, low_variants, places,
    scarce_variants, selling_places,
};
use crate::db;
use crate::kernel::id::{LocationId, ProductId, StoreId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};
use crate::kernel::sum::Sum;

/// The stock of a variant at a place, with the units in its quarantine and transit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct LevelQuantities {
    #[diesel(sql_type = BigInt)]
    pub stock_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub available_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub safety_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub committed_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub sold_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub quarantined_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub in_transit_quantity: i64,
    /// The units that are expected from suppliers.
    #[diesel(sql_type = BigInt)]
    pub ordered_quantity: i64,
}

impl LevelQuantities {
    /// The units on the shelf: for sale and sold.
    #[must_use]
    pub fn on_hand(&self) -> i64 {
        self.stock_quantity.saturating_add(self.committed_quantity)
    }

    /// The units that are expected at the place.
    #[must_use]
    pub fn incoming(&self) -> i64 {
        self.in_transit_quantity.saturating_add(self.ordered_quantity)
    }
}

/// A stock row with the names of its variant and its location.
#[derive(Clone, Debug, QueryableByName)]
pub struct StockAtLocation {
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
    pub location_id: LocationId,
    #[diesel(sql_type = Text)]
    pub location_code: String,
    #[diesel(embed)]
    pub quantities: LevelQuantities,
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
}

/// The columns that stock rows can be sorted by. Ties are broken by variant and location.
pub const SORTS: [&str; 8] = [
    "variant_id",
    "sku",
    "product_name",
    "stock_quantity",
    "reserved_quantity",
    "available_quantity",
    "sold_quantity",
    "updated_at",
];

/// The rows of the page are found first, and named then.
macro_rules! page_by {
    ($direction:literal, $key:literal, $($rows:tt)+) => {
        concat!(
            "SELECT l.variant_id, v.product_id, v.sku, p.name AS product_name, v.size, l.location_id, \
                    o.code AS location_code, l.stock_quantity, l.reserved_quantity, l.available_quantity, \
                    l.safety_quantity, l.committed_quantity, l.sold_quantity, b.quarantined_quantity, \
                    b.in_transit_quantity, b.ordered_quantity, l.updated_at FROM (SELECT x.*, ",
            $key,
            " AS key FROM ",
            $($rows)+,
            " ORDER BY key ", $direction, ", x.variant_id ", $direction, ", x.location_id ", $direction,
            " LIMIT $2 OFFSET $3) l \
              CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = l.variant_id OFFSET 0) v \
              CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
              CROSS JOIN LATERAL ",
            beside_level!(),
            " b JOIN locations o ON o.store_id = $1 AND o.id = l.location_id ORDER BY l.key ",
            $direction, ", l.variant_id ", $direction, ", l.location_id ", $direction
        )
    };
}

/// All stock rows with their variants and products, for orders by these.
macro_rules! named_levels {
    () => {
        concat!(
            all_levels!(),
            " x JOIN variants w ON w.store_id = $1 AND w.id = x.variant_id \
                JOIN products q ON q.store_id = $1 AND q.id = w.product_id"
        )
    };
}

fn page_text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("sku", false) => page_by!("", "w.sku", named_levels!()),
        ("sku", true) => page_by!("DESC", "w.sku", named_levels!()),
        ("product_name", false) => page_by!("", "q.name_key", named_levels!()),
        ("product_name", true) => page_by!("DESC", "q.name_key", named_levels!()),
        ("stock_quantity", false) => page_by!("", "x.stock_quantity", all_levels!(), " x"),
        ("stock_quantity", true) => page_by!("DESC", "x.stock_quantity", all_levels!(), " x"),
        ("reserved_quantity", false) => page_by!("", "x.reserved_quantity", all_levels!(), " x"),
        ("reserved_quantity", true) => page_by!("DESC", "x.reserved_quantity", all_levels!(), " x"),
        ("available_quantity", false) => page_by!("", "x.available_quantity", all_levels!(), " x"),
        ("available_quantity", true) => page_by!("DESC", "x.available_quantity", all_levels!(), " x"),
        ("sold_quantity", false) => page_by!("", "x.sold_quantity", all_levels!(), " x"),
        ("sold_quantity", true) => page_by!("DESC", "x.sold_quantity", all_levels!(), " x"),
        ("updated_at", false) => page_by!("", "x.updated_at", all_levels!(), " x"),
        ("updated_at", true) => page_by!("DESC", "x.updated_at", all_levels!(), " x"),
        (_, false) => page_by!("", "x.variant_id", levels!(), " x"),
        (_, true) => page_by!("DESC", "x.variant_id", levels!(), " x"),
    }
}

/// One page of the store's stock rows.
pub fn list_levels(
    conn: &mut PgConnection,
    store: StoreId,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<StockAtLocation>> {
    let total = levels::count(conn, store)?;
    let items = db::sql(page_text(sort))
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(page.limit)
        .bind::<BigInt, _>(page.offset())
        .load(conn)?;
    Ok(page.list(items, total))
}

/// The stock of some variants at one location.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct LocationStock {
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(embed)]
    pub quantities: LevelQuantities,
}

/// The stock of a product, or of one size of it, at each location.
pub fn list_by_location(
    conn: &mut PgConnection,
    store: StoreId,
    product: ProductId,
    variant: Option<VariantId>,
) -> QueryResult<Vec<LocationStock>> {
    db::sql(concat!(
        "SELECT o.id AS location_id, o.code, o.name, \
                SUM(l.stock_quantity)::int8 AS stock_quantity, SUM(l.reserved_quantity)::int8 AS reserved_quantity, \
                SUM(l.available_quantity)::int8 AS available_quantity, SUM(l.safety_quantity)::int8 AS safety_quantity, \
                SUM(l.committed_quantity)::int8 AS committed_quantity, SUM(l.sold_quantity)::int8 AS sold_quantity, \
                SUM(b.quarantined_quantity)::int8 AS quarantined_quantity, \
                SUM(b.in_transit_quantity)::int8 AS in_transit_quantity, \
                SUM(b.ordered_quantity)::int8 AS ordered_quantity \
         FROM variants v JOIN ",
        levels!(),
        " l ON l.variant_id = v.id CROSS JOIN LATERAL ",
        beside_level!(),
        " b JOIN locations o ON o.store_id = $1 AND o.id = l.location_id \
         WHERE v.store_id = $1 AND v.product_id = $2 AND ($3 IS NULL OR v.id = $3) \
         GROUP BY o.store_id, o.id ORDER BY o.id"
    ))
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(product)
    .bind::<Nullable<BigInt>, _>(variant)
    .load(conn)
}

/// The sums of a category.
#[derive(Clone, Debug, QueryableByName)]
pub struct CategoryRow {
    #[diesel(sql_type = Nullable<Text>)]
    pub category: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub products: i64,
    #[diesel(sql_type = BigInt)]
    pub total_units: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_units: i64,
    #[diesel(sql_type = BigInt)]
    pub in_stock: i64,
    #[diesel(sql_type = BigInt)]
    pub low_stock: i64,
    #[diesel(sql_type = BigInt)]
    pub out_of_stock: i64,
    #[diesel(sql_type = Text)]
    pub stock_value: Sum,
    #[diesel(sql_type = Text)]
    pub retail_value: Sum,
}

/// The active products by category, those without one last. Only variants that are scarce are added up one by one,
/// for the status of their product; the sums are of the stock rows of a category at once. A product without a size on
/// sale is out of stock.
pub fn sum_by_category(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<CategoryRow>> {
    db::sql(concat!(
        "WITH counted AS ( \
              SELECT category, count(*) AS products FROM products \
              WHERE store_id = $1 AND status = 'active' GROUP BY category), \
         summed AS ( \
              SELECT p.category, SUM(l.stock_quantity) AS stock, SUM(l.reserved_quantity) AS reserved, \
                     SUM(l.stock_quantity::numeric * p.cost_price) AS stock_value, \
                     SUM(l.stock_quantity::numeric * COALESCE(v.price, p.price)) AS retail_value \
              FROM products p JOIN variants v ON v.store_id = $1 AND v.product_id = p.id JOIN ",
        all_levels!(),
        " l ON l.variant_id = v.id WHERE p.store_id = $1 AND p.status = 'active' GROUP BY p.category), \
         scarce AS ( \
              SELECT d.category, count(*) AS products, count(*) FILTER (WHERE d.is_out) AS out_of_stock FROM ( \
                  SELECT v.product_id, p.category, bool_or(s.available <= 0) AS is_out ",
        low_variants!(),
        "         GROUP BY v.product_id, p.category \
                  UNION ALL SELECT p.id, p.category, true FROM \
                      (SELECT DISTINCT y.product_id FROM variants y WHERE y.store_id = $1 AND y.status = 'archived' \
                         AND NOT EXISTS (SELECT FROM variants z WHERE z.store_id = $1 AND z.product_id = y.product_id \
                                         AND z.status = 'active')) o \
                      CROSS JOIN LATERAL (SELECT id, category, status FROM products \
                           WHERE store_id = $1 AND id = o.product_id OFFSET 0) p WHERE p.status = 'active') d \
              GROUP BY d.category) \
         SELECT c.category, c.products, COALESCE(t.stock, 0)::int8 AS total_units, \
                COALESCE(t.reserved, 0)::int8 AS reserved_units, \
                c.products - COALESCE(s.products, 0) AS in_stock, \
                COALESCE(s.products - s.out_of_stock, 0) AS low_stock, COALESCE(s.out_of_stock, 0) AS out_of_stock, \
                COALESCE(t.stock_value, 0)::text AS stock_value, COALESCE(t.retail_value, 0)::text AS retail_value \
         FROM counted c LEFT JOIN summed t ON t.category IS NOT DISTINCT FROM c.category \
         LEFT JOIN scarce s ON s.category IS NOT DISTINCT FROM c.category ORDER BY c.category NULLS LAST"
    ))
    .bind::<BigInt, _>(store)
    .load(conn)
}

/// A variant at or under its minimum.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct LowVariant {
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Text)]
    pub product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub available_quantity: i64,
    #[diesel(sql_type = BigInt)]
    pub min_stock_level: i64,
}

/// The variants on sale that are at or under their minimum, worst first.
pub fn list_low_variants(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<Vec<LowVariant>> {
    db::sql(concat!(
        "SELECT v.product_id, v.id AS variant_id, v.sku, p.name AS product_name, v.size, \
                s.available AS available_quantity, m.least AS min_stock_level ",
        low_variants!(),
        " ORDER BY s.available - m.least, v.id LIMIT $2"
    ))
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(limit)
    .load(conn)
}
