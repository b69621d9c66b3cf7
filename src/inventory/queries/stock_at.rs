//! The SQL that reads stock rows as they were. The DSL has neither LATERAL nor WITH RECURSIVE.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Timestamptz};

use crate::db;
use crate::inventory::locked_stock::StockKey;
use crate::inventory::observation::StockAtObservation;
use crate::kernel::id::{LocationId, StoreId, VariantId};

/// The stock rows at these times, in their order. If the rows are locked, the result is final: later movements are
/// created after any time up to now.
///
/// The ids and times of a row's movements go up with its versions. So the last version at a time is found by a binary
/// search, in a few look-ups of a row with any number of movements. That version has the units on hand. Counts that
/// were posted later, but are effective at that time, are added.
pub fn read(
    conn: &mut PgConnection,
    store: StoreId,
    observations: &[(StockKey, DateTime<Utc>)],
) -> QueryResult<Vec<StockAtObservation>> {
    let rows: Vec<(i64, i64, Option<DateTime<Utc>>, bool)> = db::sql(
        "WITH RECURSIVE search AS ( \
             SELECT n.observation, n.variant_id, n.location_id, n.at, g.gap, 0::int8 AS low, l.version AS high \
             FROM unnest($2::int8[], $3::int8[], $4::timestamptz[]) WITH ORDINALITY \
                  AS n (variant_id, location_id, at, observation) \
             CROSS JOIN LATERAL (SELECT version FROM stock_levels WHERE store_id = $1 \
                  AND variant_id = n.variant_id AND location_id = n.location_id OFFSET 0) l \
             CROSS JOIN unnest('{-10, 0, 10}'::int8[]) AS g (gap) \
             UNION ALL \
             SELECT s.observation, s.variant_id, s.location_id, s.at, s.gap, \
                    CASE WHEN m.is_before THEN m.version ELSE s.low END, \
                    CASE WHEN m.is_before THEN s.high ELSE m.version - 1 END \
             FROM search s CROSS JOIN LATERAL ( \
                  SELECT version, created_at <= s.at + s.gap * interval '1 minute' AS is_before \
                  FROM stock_movements WHERE store_id = $1 AND variant_id = s.variant_id \
                   AND location_id = s.location_id AND version = (s.low + s.high + 1) / 2 OFFSET 0) m \
             WHERE s.low < s.high), \
         found AS ( \
             SELECT observation, variant_id, location_id, at, MAX(low) FILTER (WHERE gap = -10) AS earlier, \
                    MAX(low) FILTER (WHERE gap = 0) AS version, MAX(low) FILTER (WHERE gap = 10) AS later \
             FROM search WHERE low = high GROUP BY observation, variant_id, location_id, at) \
         SELECT f.observation, COALESCE(m.on_hand, 0) + COALESCE(c.units, 0), c.newest, t.touched FROM found f \
         LEFT JOIN LATERAL (SELECT stock_after + committed_after AS on_hand FROM stock_movements \
              WHERE store_id = $1 AND variant_id = f.variant_id AND location_id = f.location_id \
                AND version = f.version OFFSET 0) m ON true \
         CROSS JOIN LATERAL (SELECT MAX(effective_at) AS newest, SUM(stock_delta + committed_delta) \
                     FILTER (WHERE version > f.version AND effective_at <= f.at)::int8 AS units FROM stock_movements \
              WHERE store_id = $1 AND variant_id = f.variant_id AND location_id = f.location_id \
                AND effective_at IS NOT NULL OFFSET 0) c \
         CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM stock_movements \
              WHERE store_id = $1 AND variant_id = f.variant_id AND location_id = f.location_id \
                AND version > f.earlier AND version <= f.later AND kind NOT IN ('reserve', 'release')) AS touched) t",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(observations.iter().map(|((variant, _), _)| *variant).collect::<Vec<VariantId>>())
    .bind::<Array<BigInt>, _>(observations.iter().map(|((_, location), _)| *location).collect::<Vec<LocationId>>())
    .bind::<Array<Timestamptz>, _>(observations.iter().map(|(_, at)| *at).collect::<Vec<_>>())
    .columns::<(BigInt, BigInt, Nullable<Timestamptz>, Bool)>()
    .load(conn)?;
    // A row that does not exist has no units.
    let mut past = vec![StockAtObservation::default(); observations.len()];
    for (observation, on_hand, newest_observation, touched) in rows {
        let index = usize::try_from(observation).ok().and_then(|observation| observation.checked_sub(1));
        if let Some(found) = index.and_then(|index| past.get_mut(index)) {
            *found = StockAtObservation { on_hand, newest_observation, touched };
        }
    }
    Ok(past)
}
