//! The SQL of the valuation's pages. The DSL has no LATERAL.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz};

use crate::catalogue::queries::variant_counts;
use crate::db;
use crate::db::schema::valuations;
use crate::inventory::valuation::row::UnitsByPlace;
use crate::inventory::valuation::value::share;
use crate::kernel::id::{ProductId, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::page::{List, PageQuery, Sort};
use crate::kernel::sum::Sum;

/// The columns that values can be sorted by.
pub const SORTS: [&str; 2] = ["variant_id", "sku"];

/// The units of a variant and their values.
#[derive(Clone, Debug, QueryableByName)]
pub struct VariantValue {
    #[diesel(sql_type = BigInt)]
    pub product_id: ProductId,
    #[diesel(sql_type = Text)]
    pub sku: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub size: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
    #[diesel(sql_type = Text)]
    pub average: Sum,
    #[diesel(sql_type = Text)]
    pub fifo: Sum,
    #[diesel(sql_type = Jsonb)]
    pub places: UnitsByPlace,
}

/// The variants of the page are found first, and valued then.
macro_rules! page_by {
    ($order:literal) => {
        concat!(
            "SELECT v.product_id, v.sku, v.size, COALESCE(r.quantity_after, 0) AS quantity, \
                    COALESCE(r.average_after, 0)::text AS average, COALESCE(r.fifo_after, 0)::text AS fifo, \
                    COALESCE(r.places, '{}') AS places \
             FROM (SELECT id, product_id, sku, size FROM variants WHERE store_id = $1 ORDER BY ",
            $order,
            " LIMIT $3 OFFSET $4) v \
             LEFT JOIN LATERAL (SELECT quantity_after, average_after, fifo_after, places FROM valuation_rows \
                  WHERE store_id = $1 AND variant_id = v.id AND posted_at <= COALESCE($2, 'infinity'::timestamptz) \
                  ORDER BY posted_at DESC LIMIT 1) r ON true ORDER BY v.",
            $order
        )
    };
}

/// A page of the variants, with their values now or at a time.
pub fn list_values(
    conn: &mut PgConnection,
    store: StoreId,
    as_of: Option<DateTime<Utc>>,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<VariantValue>> {
    let total = variant_counts::get(conn, store)?;
    let text = match (sort.column, sort.descending) {
        ("sku", false) => page_by!("sku"),
        ("sku", true) => page_by!("sku DESC"),
        (_, false) => page_by!("id"),
        (_, true) => page_by!("id DESC"),
    };
    let items = db::sql(text)
        .bind::<BigInt, _>(store)
        .bind::<Nullable<Timestamptz>, _>(as_of)
        .bind::<BigInt, _>(page.limit)
        .bind::<BigInt, _>(page.offset())
        .load(conn)?;
    Ok(page.list(items, total))
}

/// The average cost of a unit in stock, for the variants that have one now.
pub fn find_average_costs(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, Money>> {
    let rows: Vec<(VariantId, i64, Sum)> = db::sql(
        "SELECT n.id, r.quantity_after, r.average_after::text FROM unnest($2::int8[]) AS n (id) \
         CROSS JOIN LATERAL (SELECT quantity_after, average_after FROM valuation_rows \
              WHERE store_id = $1 AND variant_id = n.id ORDER BY posted_at DESC LIMIT 1) r \
         WHERE r.quantity_after > 0 AND r.average_after > 0",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .columns::<(BigInt, BigInt, Text)>()
    .load(conn)?;
    let cost = |(variant, quantity, value): (VariantId, i64, Sum)| {
        Some((variant, Money(i64::try_from(share(value.0, 1, quantity)).ok()?)))
    };
    Ok(rows.into_iter().filter_map(cost).collect())
}

/// The time up to which the ledger is valued. None before the first run of the job.
pub fn find_folded_until(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<DateTime<Utc>>> {
    valuations::table.find(store).select(valuations::folded_until).first(conn).optional()
}
