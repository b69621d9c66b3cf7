//! The SQL of the stock report. The DSL cannot sort by computed columns of joined tables.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Double, Nullable, Text, Timestamptz};

use super::class::AbcClass;
use crate::db;
use crate::inventory::queries::stock_by_variant::places;
use crate::kernel::id::{ProductId, StoreId};
use crate::kernel::page::Sort;

/// The columns that the report can be sorted by.
pub const SORTS: [&str; 10] = [
    "variant_id",
    "sku",
    "velocity_7",
    "velocity_30",
    "velocity_90",
    "days_of_cover",
    "sell_through",
    "days_out_of_stock",
    "lost_units",
    "revenue",
];

/// A variant with its figures.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct StockRow {
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = Nullable<Double>)]
    pub velocity_7: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub velocity_30: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub velocity_90: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub days_of_cover: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub sell_through: Option<f64>,
    #[diesel(sql_type = Text)]
    pub abc: AbcClass,
    #[diesel(sql_type = Nullable<Double>)]
    pub variation: Option<f64>,
    #[diesel(sql_type = BigInt)]
    pub days_out_of_stock: i64,
    #[diesel(sql_type = Nullable<Double>)]
    pub lost_units: Option<f64>,
    #[diesel(sql_type = Bool)]
    pub dead: bool,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// The variants on sale. Those without a row of figures have sold nothing and were in stock.
macro_rules! page_by {
    ($order:expr) => {
        concat!(
            "SELECT t.*, COUNT(*) OVER () AS total FROM ( \
                 SELECT v.id AS variant_id, v.product_id, v.sku, v.size, f.variation, l.available, \
                        CASE WHEN f.variant_id IS NULL THEN 0 ELSE f.velocity_7 END AS velocity_7, \
                        CASE WHEN f.variant_id IS NULL THEN 0 ELSE f.velocity_30 END AS velocity_30, \
                        CASE WHEN f.variant_id IS NULL THEN 0 ELSE f.velocity_90 END AS velocity_90, \
                        CASE WHEN f.velocity_30 > 0 THEN GREATEST(l.available, 0) / f.velocity_30 END AS days_of_cover, \
                        CASE WHEN l.sold + GREATEST(l.available, 0) > 0 \
                             THEN l.sold::float8 / (l.sold + GREATEST(l.available, 0)) END AS sell_through, \
                        COALESCE(f.abc, 'C') AS abc, COALESCE(f.revenue, 0) AS revenue, \
                        COALESCE(f.days_out_of_stock, 0) AS days_out_of_stock, \
                        CASE WHEN f.variant_id IS NULL THEN 0 ELSE f.days_out_of_stock * f.velocity_90 END AS lost_units, \
                        l.available > 0 AND l.sold = 0 AND v.created_at < $2 AS dead \
                 FROM variants v JOIN products p ON p.store_id = $1 AND p.id = v.product_id \
                 LEFT JOIN stock_figures f ON f.store_id = $1 AND f.variant_id = v.id \
                 LEFT JOIN (SELECT variant_id, SUM(stock_quantity - reserved_quantity)::int8 AS units FROM stock_levels \
                            WHERE store_id = $1 AND location_id = ",
            places!(),
            " GROUP BY variant_id) s ON s.variant_id = v.id \
                 LEFT JOIN (SELECT variant_id, SUM(units)::int8 AS units FROM sales_by_variant \
                            WHERE store_id = $1 AND day >= $5 GROUP BY variant_id) n ON n.variant_id = v.id \
                 CROSS JOIN LATERAL (SELECT COALESCE(s.units, 0) AS available, \
                                            COALESCE(f.sold_quantity, 0) + COALESCE(n.units, 0) AS sold) l \
                 WHERE v.store_id = $1 AND v.status = 'active' AND p.status = 'active') t \
             ORDER BY ",
            $order,
            " LIMIT $3 OFFSET $4"
        )
    };
}

macro_rules! by_figure {
    ($sort:ident, $column:literal) => {
        match $sort.descending {
            false => page_by!(concat!("t.", $column, ", t.variant_id")),
            true => page_by!(concat!("t.", $column, " DESC, t.variant_id DESC")),
        }
    };
}

fn text(sort: Sort) -> &'static str {
    match sort.column {
        "sku" if sort.descending => page_by!("t.sku DESC"),
        "sku" => page_by!("t.sku"),
        "velocity_7" => by_figure!(sort, "velocity_7"),
        "velocity_30" => by_figure!(sort, "velocity_30"),
        "velocity_90" => by_figure!(sort, "velocity_90"),
        "days_of_cover" => by_figure!(sort, "days_of_cover"),
        "sell_through" => by_figure!(sort, "sell_through"),
        "days_out_of_stock" => by_figure!(sort, "days_out_of_stock"),
        "lost_units" => by_figure!(sort, "lost_units"),
        "revenue" => by_figure!(sort, "revenue"),
        _ if sort.descending => page_by!("t.variant_id DESC"),
        _ => page_by!("t.variant_id"),
    }
}

/// A part of the variants on sale, and the number of all. Variants that were created at `since` or later are not dead.
/// The sales from the open day on are added to the stored figures, which do not have them.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    (since, open_day): (DateTime<Utc>, NaiveDate),
    sort: Sort,
    (limit, offset): (i64, i64),
) -> QueryResult<(Vec<StockRow>, i64)> {
    let rows: Vec<StockRow> = db::sql(text(sort))
        .bind::<BigInt, _>(store)
        .bind::<Timestamptz, _>(since)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(offset)
        .bind::<Date, _>(open_day)
        .load(conn)?;
    let total = match rows.first() {
        Some(row) => row.total,
        // The page is after the last one.
        None if offset > 0 => list(conn, store, (since, open_day), sort, (1, 0))?.1,
        None => 0,
    };
    Ok((rows, total))
}
