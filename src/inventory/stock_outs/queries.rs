//! The SQL of periods without stock. Sets of rows are bound as arrays, which the DSL does not have.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz};

use super::period::{StockOut, StockOutChanges};
use crate::db;
use crate::kernel::id::{StoreId, VariantId};

/// Writes the changes. The feed of the store must have been locked, so that they are written in its order.
pub fn write(conn: &mut PgConnection, store: StoreId, changes: &StockOutChanges) -> QueryResult<()> {
    end(conn, store, changes)?;
    begin(conn, store, &changes.begun)
}

fn end(conn: &mut PgConnection, store: StoreId, StockOutChanges { ends, .. }: &StockOutChanges) -> QueryResult<()> {
    if ends.is_empty() {
        return Ok(());
    }
    db::sql(
        "UPDATE stock_outs o SET ended_at = GREATEST(o.started_at, n.at) \
         FROM (SELECT unnest($2::int8[]) AS variant_id, unnest($3::timestamptz[]) AS at) n \
         WHERE o.store_id = $1 AND o.variant_id = n.variant_id AND o.ended_at IS NULL",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ends.keys().copied().collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(ends.values().copied().collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// A period that begins at the end of an earlier one, or before it, continues that one.
fn begin(conn: &mut PgConnection, store: StoreId, begun: &[(VariantId, StockOut)]) -> QueryResult<()> {
    if begun.is_empty() {
        return Ok(());
    }
    db::sql(
        "INSERT INTO stock_outs (store_id, variant_id, started_at, ended_at) \
         SELECT $1, n.variant_id, CASE WHEN l.ended_at >= n.started_at THEN l.started_at ELSE n.started_at END, \
                GREATEST(n.ended_at, CASE WHEN n.ended_at IS NOT NULL THEN l.ended_at END) \
         FROM (SELECT unnest($2::int8[]) AS variant_id, unnest($3::timestamptz[]) AS started_at, \
                      unnest($4::timestamptz[]) AS ended_at) n \
         LEFT JOIN LATERAL (SELECT started_at, ended_at FROM stock_outs \
              WHERE store_id = $1 AND variant_id = n.variant_id ORDER BY started_at DESC LIMIT 1) l ON true \
         ON CONFLICT (store_id, variant_id, started_at) DO UPDATE SET ended_at = EXCLUDED.ended_at",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(begun.iter().map(|(variant, _)| *variant).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(begun.iter().map(|(_, one)| one.started_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(begun.iter().map(|(_, one)| one.ended_at).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// The periods of some variants that continued after a time, in their order.
pub fn list_since(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    since: DateTime<Utc>,
) -> QueryResult<HashMap<VariantId, Vec<StockOut>>> {
    let rows: Vec<(VariantId, DateTime<Utc>, Option<DateTime<Utc>>)> = db::sql(
        "SELECT o.* FROM unnest($2::int8[]) AS v (id) CROSS JOIN LATERAL \
              (SELECT variant_id, started_at, ended_at FROM stock_outs WHERE store_id = $1 AND variant_id = v.id \
                  AND COALESCE(ended_at, 'infinity'::timestamptz) > $3 OFFSET 0) o ORDER BY o.variant_id, o.started_at",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Timestamptz, _>(since)
    .columns::<(BigInt, Timestamptz, Nullable<Timestamptz>)>()
    .load(conn)?;
    let mut periods: HashMap<VariantId, Vec<StockOut>> = HashMap::new();
    for (variant, started_at, ended_at) in rows {
        periods.entry(variant).or_default().push(StockOut { started_at, ended_at });
    }
    Ok(periods)
}
