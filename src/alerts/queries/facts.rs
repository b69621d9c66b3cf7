//! The SQL that reads facts for alerts. The DSL has no LATERAL.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::db;
use crate::kernel::id::{CountId, LocationId, OrderId, StoreId, VariantId};

/// The orders whose payments and refunds are in these rows of the feed.
pub fn list_paid_orders(conn: &mut PgConnection, store: StoreId, (from, to): (i64, i64)) -> QueryResult<Vec<OrderId>> {
    let rows: Vec<(OrderId,)> = db::sql(
        "SELECT DISTINCT p.order_id FROM feed f CROSS JOIN LATERAL unnest(f.entries) AS e (id) \
         CROSS JOIN LATERAL (SELECT order_id FROM order_payments WHERE store_id = $1 AND id = e.id OFFSET 0) p \
         WHERE f.store_id = $1 AND f.position BETWEEN $2 AND $3",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .columns::<(BigInt,)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(order,)| order).collect())
}

/// A movement that changes the units of a variant at a place that buyers can get.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct PlaceMovement {
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = Text)]
    pub location_name: String,
    #[diesel(sql_type = BigInt)]
    pub before: i64,
    #[diesel(sql_type = BigInt)]
    pub after: i64,
}

/// The movements at places in these rows of the feed, in their order. The safety stock is today's.
pub fn list_place_movements(
    conn: &mut PgConnection,
    store: StoreId,
    (from, to): (i64, i64),
    locations: &[LocationId],
) -> QueryResult<Vec<PlaceMovement>> {
    db::sql(
        "SELECT f.position, m.variant_id, m.location_id, p.name AS location_name, \
                m.available - m.change - l.safety_quantity AS before, m.available - l.safety_quantity AS after \
         FROM feed f CROSS JOIN LATERAL unnest(f.movements) WITH ORDINALITY AS e (id, ordinal) \
         CROSS JOIN LATERAL (SELECT variant_id, location_id, stock_after - reserved_after AS available, \
                                    stock_delta - reserved_delta AS change \
              FROM stock_movements WHERE store_id = $1 AND id = e.id AND location_id = ANY ($4) OFFSET 0) m \
         CROSS JOIN LATERAL (SELECT safety_quantity FROM stock_levels \
              WHERE store_id = $1 AND variant_id = m.variant_id AND location_id = m.location_id OFFSET 0) l \
         CROSS JOIN LATERAL (SELECT name FROM locations WHERE store_id = $1 AND id = m.location_id OFFSET 0) p \
         WHERE f.store_id = $1 AND f.position BETWEEN $2 AND $3 AND m.change <> 0 ORDER BY f.position, e.ordinal",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(from)
    .bind::<BigInt, _>(to)
    .bind::<Array<BigInt>, _>(locations)
    .load(conn)
}

/// The differences of a count.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct CountVariance {
    #[diesel(sql_type = BigInt)]
    pub count_id: CountId,
    #[diesel(sql_type = Text)]
    pub count_number: String,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    /// The posted lines with a difference.
    #[diesel(sql_type = BigInt)]
    pub lines: i64,
    #[diesel(sql_type = BigInt)]
    pub missing: i64,
    #[diesel(sql_type = BigInt)]
    pub surplus: i64,
}

/// The differences of counts that have some.
pub fn list_variances(conn: &mut PgConnection, store: StoreId, counts: &[CountId]) -> QueryResult<Vec<CountVariance>> {
    db::sql(
        "SELECT c.id AS count_id, c.count_number, c.location_id, v.lines, v.missing, v.surplus \
         FROM counts c CROSS JOIN LATERAL ( \
             SELECT count(*) AS lines, \
                    COALESCE(SUM(GREATEST(l.expected_quantity - l.counted_quantity, 0)), 0)::int8 AS missing, \
                    COALESCE(SUM(GREATEST(l.counted_quantity - l.expected_quantity, 0)), 0)::int8 AS surplus \
             FROM count_lines l WHERE l.store_id = $1 AND l.count_id = c.id AND l.status = 'posted' \
               AND l.counted_quantity <> l.expected_quantity) v \
         WHERE c.store_id = $1 AND c.id = ANY ($2) AND v.lines > 0",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(counts)
    .load(conn)
}
