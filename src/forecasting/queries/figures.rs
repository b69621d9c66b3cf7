//! The SQL of stored figures of sales. Sets of rows are bound as arrays, which the DSL does not have.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Double, Nullable};

use crate::db;
use crate::db::schema::stock_figures;
use crate::forecasting::figures::SalesFigures;
use crate::kernel::id::{StoreId, VariantId};

/// The figures of a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewFigures {
    pub variant: VariantId,
    pub sales: SalesFigures,
    /// The days without stock among the last 90 days.
    pub days_out_of_stock: i64,
}

/// Writes the figures, and deletes those of the other variants of the page.
pub fn replace(conn: &mut PgConnection, store: StoreId, page: &[VariantId], rows: &[NewFigures]) -> QueryResult<()> {
    let kept: Vec<VariantId> = rows.iter().map(|row| row.variant).collect();
    let ended: Vec<VariantId> = page.iter().copied().filter(|id| !kept.contains(id)).collect();
    let of_store = stock_figures::table.filter(stock_figures::store_id.eq(store));
    diesel::delete(of_store.filter(stock_figures::variant_id.eq_any(&ended))).execute(conn)?;
    if rows.is_empty() {
        return Ok(());
    }
    let number = |value: fn(&SalesFigures) -> Option<f64>| rows.iter().map(|row| value(&row.sales)).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO stock_figures (store_id, variant_id, velocity_7, velocity_30, velocity_90, variation, \
                days_out_of_stock, sold_quantity, revenue) \
         SELECT $1, unnest($2::int8[]), unnest($3::float8[]), unnest($4::float8[]), unnest($5::float8[]), \
                unnest($6::float8[]), unnest($7::int8[]), 0, 0 \
         ON CONFLICT (store_id, variant_id) DO UPDATE SET velocity_7 = EXCLUDED.velocity_7, \
                velocity_30 = EXCLUDED.velocity_30, velocity_90 = EXCLUDED.velocity_90, \
                variation = EXCLUDED.variation, days_out_of_stock = EXCLUDED.days_out_of_stock",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(&kept)
    .bind::<Array<Nullable<Double>>, _>(number(|sales| sales.velocity_7))
    .bind::<Array<Nullable<Double>>, _>(number(|sales| sales.velocity_30))
    .bind::<Array<Nullable<Double>>, _>(number(|sales| sales.velocity_90))
    .bind::<Array<Nullable<Double>>, _>(number(|sales| sales.variation))
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.days_out_of_stock).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Adds up the units and the revenue of the days from `since` to before `today`, and finds the classes: the variants with
/// the highest revenues, which together have the first 80 percent, are in the class A, those with the next 15 percent in
/// B, and all others in C. Only rows that change are written.
pub fn classify(conn: &mut PgConnection, store: StoreId, (since, today): (NaiveDate, NaiveDate)) -> QueryResult<usize> {
    db::sql(
        "WITH sold AS MATERIALIZED ( \
             SELECT variant_id, SUM(units)::int8 AS units, SUM(gross - discounts - credits)::int8 AS revenue \
             FROM sales_by_variant WHERE store_id = $1 AND day >= $2 AND day < $3 GROUP BY variant_id), \
         ranked AS ( \
             SELECT f.variant_id, COALESCE(s.units, 0) AS units, COALESCE(s.revenue, 0) AS revenue, \
                    SUM(GREATEST(s.revenue, 0)) OVER (ORDER BY s.revenue DESC NULLS LAST, f.variant_id) \
                        - GREATEST(s.revenue, 0) AS before, \
                    SUM(GREATEST(s.revenue, 0)) OVER () AS total \
             FROM stock_figures f LEFT JOIN sold s ON s.variant_id = f.variant_id WHERE f.store_id = $1), \
         classed AS ( \
             SELECT variant_id, units, revenue, \
                    CASE WHEN revenue <= 0 THEN 'C' WHEN before * 100 < total * 80 THEN 'A' \
                         WHEN before * 100 < total * 95 THEN 'B' ELSE 'C' END AS abc FROM ranked) \
         UPDATE stock_figures f SET sold_quantity = c.units, revenue = c.revenue, abc = c.abc FROM classed c \
         WHERE f.store_id = $1 AND f.variant_id = c.variant_id \
           AND (f.sold_quantity, f.revenue, f.abc) IS DISTINCT FROM (c.units, c.revenue, c.abc)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Date, _>(since)
    .bind::<Date, _>(today)
    .execute(conn)
}
