//! The SQL of open items: the units, holds and documents that keep a place from being closed.
//!
//! A new kind of document is one more query here.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::db;
use crate::error::OpenItem;
use crate::kernel::id::{LocationId, StoreId};

/// The maximal number of items of each kind in a refusal.
const MAX_ITEMS: i64 = 20;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

/// The units on the shelf and in quarantine that nobody has reserved or bought, by variant. Others are listed by their
/// holder, their order, or the transfer that they are in transit with.
const STOCK: &str = "
    SELECT CASE c.kind WHEN 'place' THEN 'stock' ELSE c.kind END AS kind, s.variant_id AS id,
           s.stock_quantity - s.reserved_quantity AS quantity
    FROM locations c JOIN stock_levels s ON s.store_id = $1 AND s.location_id = c.id
    WHERE c.store_id = $1 AND $2 IN (c.id, c.parent_id) AND c.kind <> 'transit'
      AND s.stock_quantity <> s.reserved_quantity
    ORDER BY 1, 2 LIMIT $3";

/// The units that holds keep, by holder.
const HOLDS: &str = "
    SELECT h.holder_kind AS kind, h.holder_id AS id, SUM(h.quantity)::int8 AS quantity
    FROM locations c JOIN stock_holds h ON h.store_id = $1 AND h.location_id = c.id
    WHERE c.store_id = $1 AND $2 IN (c.id, c.parent_id) AND h.state = 'active'
    GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $3";

/// The sold units that are not shipped, by order.
const ORDERS: &str = "
    SELECT 'order' AS kind, o.id, SUM(a.quantity - COALESCE(a.shipped_quantity, 0))::int8 AS quantity
    FROM orders o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id
    CROSS JOIN LATERAL jsonb_to_recordset(i.allocations) AS a (location_id int8, quantity int8, shipped_quantity int8)
    WHERE o.store_id = $1 AND o.status IN ('pending', 'processing') AND a.location_id = $2
    GROUP BY o.id HAVING SUM(a.quantity - COALESCE(a.shipped_quantity, 0)) > 0 ORDER BY o.id LIMIT $3";

/// The units that may still arrive at the place, or return to it, by transfer. Held units are among the holds.
const TRANSFERS: &str = "
    SELECT 'transfer' AS kind, i.id,
           SUM(CASE i.status WHEN 'ready' THEN n.quantity ELSE n.outstanding_quantity END)::int8 AS quantity
    FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id
    WHERE i.store_id = $1 AND i.kind = 'transfer'
      AND ((i.status IN ('ready', 'in_transit', 'partially_received') AND i.to_location_id = $2)
        OR (i.status IN ('in_transit', 'partially_received') AND i.from_location_id = $2))
    GROUP BY i.id ORDER BY i.id LIMIT $3";

/// The counts that have not ended, with their number of lines.
const COUNTS: &str = "
    SELECT 'count' AS kind, n.id, n.line_count AS quantity
    FROM locations c JOIN counts n ON n.store_id = $1 AND n.location_id = c.id
    WHERE c.store_id = $1 AND $2 IN (c.id, c.parent_id) AND n.status IN ('open', 'submitted')
    ORDER BY n.id LIMIT $3";

/// The units that may still arrive at the place from suppliers.
const PURCHASE_ORDERS: &str = "
    SELECT 'purchase_order' AS kind, i.id, SUM(n.outstanding_quantity)::int8 AS quantity
    FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id
    WHERE i.store_id = $1 AND i.kind = 'purchase' AND i.status IN ('ordered', 'partially_received')
      AND i.to_location_id = $2
    GROUP BY i.id ORDER BY i.id LIMIT $3";

/// Lists what keeps a place from being closed: units, holds and documents. The caller has locked the place, so that no
/// unit arrives there.
pub fn list_open(conn: &mut PgConnection, store: StoreId, place: LocationId) -> QueryResult<Vec<OpenItem>> {
    let mut open = Vec::new();
    for text in [STOCK, HOLDS, ORDERS, TRANSFERS, PURCHASE_ORDERS, COUNTS] {
        let rows: Vec<Row> =
            db::sql(text).bind::<BigInt, _>(store).bind::<BigInt, _>(place).bind::<BigInt, _>(MAX_ITEMS).load(conn)?;
        open.extend(rows.into_iter().map(|Row { kind, id, quantity }| OpenItem { kind, id, quantity }));
    }
    Ok(open)
}
