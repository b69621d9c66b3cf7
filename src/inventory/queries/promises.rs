//! The SQL of promised units: those that holds keep, and sold units that are not shipped. The DSL has no WITH RECURSIVE.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::db;
use crate::error::OpenItem;
use crate::kernel::id::{LocationId, StoreId, VariantId};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

/// The promised units of variants at a location, by their holder: at most 20 of each stock row.
///
/// No index leads from a variant to its open orders, because checkout would have to maintain it. So the movements of each
/// stock row are read from the newest one back, in pieces, until their orders have all committed units or are 20.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    location: LocationId,
    variants: &[VariantId],
) -> QueryResult<HashMap<VariantId, Vec<OpenItem>>> {
    let mut promises: HashMap<VariantId, Vec<OpenItem>> = HashMap::new();
    if variants.is_empty() {
        return Ok(promises);
    }
    let rows: Vec<Row> = db::sql(
        "WITH RECURSIVE stock AS ( \
             SELECT l.* FROM unnest($3::int8[]) AS k (id) CROSS JOIN LATERAL \
                  (SELECT variant_id, version, committed_quantity FROM stock_levels \
                   WHERE store_id = $1 AND variant_id = k.id AND location_id = $2 OFFSET 0) l), \
         walk AS ( \
             SELECT variant_id, version + 1 AS before, committed_quantity AS missing, \
                    '{}'::int8[] AS orders, '{}'::int8[] AS quantities FROM stock \
             UNION ALL \
             SELECT w.variant_id, w.before - 64, w.missing - n.quantity, w.orders || n.orders, w.quantities || n.quantities \
             FROM walk w CROSS JOIN LATERAL ( \
                 SELECT COALESCE(array_agg(d.id), '{}') AS orders, COALESCE(array_agg(d.quantity), '{}') AS quantities, \
                        COALESCE(SUM(d.quantity), 0)::int8 AS quantity \
                 FROM (SELECT DISTINCT o.id, i.quantity \
                       FROM (SELECT reference_id FROM stock_movements \
                             WHERE store_id = $1 AND variant_id = w.variant_id AND location_id = $2 \
                               AND version >= w.before - 64 AND version < w.before AND sold_delta > 0 OFFSET 0) m \
                       CROSS JOIN LATERAL (SELECT id FROM orders WHERE store_id = $1 AND order_number = m.reference_id \
                             AND status IN ('pending', 'processing') AND id <> ALL (w.orders) OFFSET 0) o \
                       CROSS JOIN LATERAL (SELECT SUM(a.quantity - COALESCE(a.shipped_quantity, 0))::int8 AS quantity \
                             FROM order_items i CROSS JOIN LATERAL jsonb_to_recordset(i.allocations) \
                                  AS a (location_id int8, quantity int8, shipped_quantity int8) \
                             WHERE i.store_id = $1 AND i.order_id = o.id AND i.variant_id = w.variant_id \
                               AND a.location_id = $2) i \
                       WHERE i.quantity > 0) d) n \
             WHERE w.missing > 0 AND w.before > 1 AND cardinality(w.orders) < 20) \
         SELECT p.variant_id, p.kind, p.id, p.quantity FROM ( \
             SELECT u.*, row_number() OVER (PARTITION BY u.variant_id ORDER BY u.kind, u.id) AS ordinal FROM ( \
                 SELECT s.variant_id, h.holder_kind AS kind, h.holder_id AS id, SUM(h.quantity)::int8 AS quantity \
                 FROM stock s CROSS JOIN LATERAL (SELECT holder_kind, holder_id, quantity FROM stock_holds \
                      WHERE store_id = $1 AND variant_id = s.variant_id AND state = 'active' AND location_id = $2 OFFSET 0) h \
                 GROUP BY s.variant_id, h.holder_kind, h.holder_id \
                 UNION ALL \
                 SELECT e.variant_id, 'order', o.id, o.quantity \
                 FROM (SELECT DISTINCT ON (variant_id) * FROM walk ORDER BY variant_id, before) e \
                 CROSS JOIN LATERAL unnest(e.orders, e.quantities) AS o (id, quantity)) u) p \
         WHERE p.ordinal <= 20 ORDER BY p.variant_id, p.ordinal",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(location)
    .bind::<Array<BigInt>, _>(variants)
    .load(conn)?;
    for Row { variant_id, kind, id, quantity } in rows {
        promises.entry(variant_id).or_default().push(OpenItem { kind, id, quantity });
    }
    Ok(promises)
}
