//! The SQL of promised units: those that holds keep, and sold units that are not shipped.

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
        "SELECT p.variant_id, p.kind, p.id, p.quantity FROM ( \
             SELECT u.*, row_number() OVER (PARTITION BY u.variant_id ORDER BY u.kind, u.id) AS place FROM ( \
                 SELECT variant_id, kind, id, SUM(quantity)::int8 AS quantity FROM ( \
                     SELECT h.variant_id, h.holder_kind AS kind, h.holder_id AS id, h.quantity FROM stock_holds h \
                     WHERE h.store_id = $1 AND h.variant_id = ANY($3) AND h.location_id = $2 AND h.state = 'active' \
                     UNION ALL \
                     SELECT i.variant_id, 'order', i.order_id, a.quantity - COALESCE(a.shipped_quantity, 0) \
                     FROM orders o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id \
                                                     AND i.variant_id = ANY($3) \
                     CROSS JOIN LATERAL jsonb_to_recordset(i.allocations) \
                                AS a (location_id int8, quantity int8, shipped_quantity int8) \
                     WHERE o.store_id = $1 AND o.status IN ('pending', 'processing') AND a.location_id = $2) e \
                 WHERE quantity > 0 GROUP BY variant_id, kind, id) u) p \
         WHERE p.place <= 20 ORDER BY p.variant_id, p.place",
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
