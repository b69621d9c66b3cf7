//! The SQL of stock as it was, from the ledger. The DSL has neither LATERAL nor WITH RECURSIVE.
//!
//! The ids and times of a row's movements go up with its versions. So the last version at a time is found by a binary
//! search, in a few look-ups of a row with any number of movements.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Timestamptz};

use super::stock_by_variant::places;
use crate::db;
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// The last version of each row of `stock` at each of the times `points.at`, which ascend: as `found`, with the number of
/// the time. A time at which a row has the same version as at the time before is left out.
///
/// The newest movement is read first, because most rows have not changed since a recent time. A search for a time
/// ends where `low` equals `high`. The next movement then shows the next time at which the row has changed.
macro_rules! found {
    () => {
        "walk AS ( \
             SELECT s.variant_id, s.location_id, s.version AS top, 1 AS point, \
                    CASE WHEN m.created_at <= p.at[1] THEN s.version ELSE 0 END AS low, \
                    CASE WHEN m.created_at > p.at[1] THEN s.version - 1 ELSE s.version END AS high \
             FROM stock s CROSS JOIN points p LEFT JOIN LATERAL ( \
                  SELECT created_at FROM stock_movements WHERE store_id = $1 AND variant_id = s.variant_id \
                     AND location_id = s.location_id AND version = s.version OFFSET 0) m ON true \
             UNION ALL \
             SELECT w.variant_id, w.location_id, w.top, n.point, n.low, n.high FROM walk w CROSS JOIN points p \
             CROSS JOIN LATERAL ( \
                  SELECT version, created_at FROM stock_movements WHERE store_id = $1 AND variant_id = w.variant_id \
                     AND location_id = w.location_id \
                     AND version = CASE WHEN w.low < w.high THEN (w.low + w.high + 1) / 2 ELSE w.low + 1 END OFFSET 0) m \
             CROSS JOIN LATERAL (SELECT \
                  CASE WHEN w.low < w.high THEN w.point \
                       ELSE 1 + width_bucket(m.created_at - interval '1 microsecond', p.at) END AS point, \
                  CASE WHEN w.low = w.high OR m.created_at <= p.at[w.point] THEN m.version ELSE w.low END AS low, \
                  CASE WHEN w.low = w.high THEN w.top WHEN m.created_at <= p.at[w.point] THEN w.high \
                       ELSE m.version - 1 END AS high) n \
             WHERE w.low < w.top AND n.point <= cardinality(p.at)), \
         found AS (SELECT variant_id, location_id, point, low AS version FROM walk WHERE low = high)"
    };
}

/// The movement `m` that led to the version `f`. No row if the version is 0.
macro_rules! movement_of_version {
    () => {
        "LEFT JOIN LATERAL (SELECT stock_after, reserved_after, sold_after, committed_after, created_at \
              FROM stock_movements WHERE store_id = $1 AND variant_id = f.variant_id AND location_id = f.location_id \
                AND version = f.version OFFSET 0) m ON true"
    };
}

pub(super) use {found, movement_of_version};

/// The changes of the sums of some rows, up to one of the given times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct PastChange {
    /// The number of the time, from 1.
    #[diesel(sql_type = Integer)]
    pub point: i32,
    #[diesel(sql_type = BigInt)]
    pub stock: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved: i64,
    #[diesel(sql_type = BigInt)]
    pub committed: i64,
}

/// The changes of the stock of variants at a place, or at all places, between the times, which ascend. Times without
/// a change are left out. The first change is that from nothing.
///
/// Holds that are overdue and have not been ended count as available from their deadline on, as in every figure.
pub fn list_changes(
    conn: &mut PgConnection,
    store: StoreId,
    (variants, location): (&[VariantId], Option<LocationId>),
    times: &[DateTime<Utc>],
) -> QueryResult<Vec<PastChange>> {
    db::sql(concat!(
        "WITH RECURSIVE points AS (SELECT $2::timestamptz[] AS at), \
         stock AS (SELECT l.* FROM unnest($3::int8[]) AS v (id) CROSS JOIN LATERAL ( \
              SELECT variant_id, location_id, version FROM stock_levels \
              WHERE store_id = $1 AND variant_id = v.id AND location_id = ",
        places!(),
        " AND ($4 IS NULL OR location_id = $4) OFFSET 0) l), ",
        found!(),
        ", changes AS ( \
             SELECT f.point, COALESCE(m.stock_after, 0) - LAG(COALESCE(m.stock_after, 0), 1, 0::int8) OVER w AS stock, \
                    COALESCE(m.reserved_after, 0) - LAG(COALESCE(m.reserved_after, 0), 1, 0::int8) OVER w AS reserved, \
                    COALESCE(m.committed_after, 0) - LAG(COALESCE(m.committed_after, 0), 1, 0::int8) OVER w AS committed \
             FROM found f ",
        movement_of_version!(),
        " WINDOW w AS (PARTITION BY f.variant_id, f.location_id ORDER BY f.point) \
             UNION ALL \
             SELECT 1 + width_bucket(h.expires_at - interval '1 microsecond', p.at), 0, -h.quantity, 0 \
             FROM stock s CROSS JOIN points p CROSS JOIN LATERAL ( \
                  SELECT quantity, expires_at FROM stock_holds WHERE store_id = $1 AND variant_id = s.variant_id \
                     AND location_id = s.location_id AND state = 'active' AND expires_at <= p.at[cardinality(p.at)] \
                  OFFSET 0) h) \
         SELECT point, SUM(stock)::int8 AS stock, SUM(reserved)::int8 AS reserved, SUM(committed)::int8 AS committed \
         FROM changes GROUP BY point ORDER BY point"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<Timestamptz>, _>(times)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Nullable<BigInt>, _>(location)
    .load(conn)
}
