//! The SQL of the parts of today's figures of a product: its levels, holds, sold units and incoming lines. The DSL has
//! neither LATERAL nor WITH RECURSIVE.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Nullable, Text, Timestamptz};

use super::stock_by_variant::{beside_level, level_columns, places, selling_places};
use super::summary::StockAtLocation;
use crate::db;
use crate::inventory::hold::HolderKind;
use crate::inventory::inbounds::origin::InboundKind;
use crate::kernel::id::{InboundId, InboundLineId, LocationId, OrderId, StoreId, SupplierId, VariantId};

/// The stock rows of variants at places, by variant and place. Units of holds that are overdue at this time are available.
pub fn list_levels(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    at: DateTime<Utc>,
) -> QueryResult<Vec<StockAtLocation>> {
    db::sql(concat!(
        "SELECT l.variant_id, v.product_id, v.sku, p.name AS product_name, v.size, l.location_id, \
                o.code AS location_code, l.stock_quantity, l.reserved_quantity, l.available_quantity, l.safety_quantity, \
                l.committed_quantity, l.sold_quantity, b.quarantined_quantity, b.in_transit_quantity, b.ordered_quantity, \
                l.updated_at \
         FROM unnest($2::int8[]) AS n (id) CROSS JOIN LATERAL (SELECT ",
        level_columns!(),
        " FROM stock_levels r LEFT JOIN LATERAL (SELECT SUM(h.quantity)::int8 AS quantity FROM stock_holds h \
               WHERE h.store_id = $1 AND h.variant_id = r.variant_id AND h.location_id = r.location_id \
                 AND h.state = 'active' AND h.expires_at <= $3) e ON true \
          WHERE r.store_id = $1 AND r.variant_id = n.id AND r.location_id = ",
        places!(),
        " OFFSET 0) l \
         CROSS JOIN LATERAL (SELECT * FROM variants WHERE store_id = $1 AND id = l.variant_id OFFSET 0) v \
         CROSS JOIN LATERAL (SELECT * FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
         CROSS JOIN LATERAL ",
        beside_level!(),
        " b JOIN locations o ON o.store_id = $1 AND o.id = l.location_id ORDER BY l.variant_id, l.location_id"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Timestamptz, _>(at)
    .load(conn)
}

/// Units that are reserved for a holder.
#[derive(Clone, Debug, QueryableByName)]
pub struct HoldPart {
    #[diesel(sql_type = Text)]
    pub kind: HolderKind,
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub reference_id: String,
    #[diesel(sql_type = Text)]
    pub actor: String,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// The number of all holds.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// The holds of variants that are not overdue at this time, newest first.
pub fn list_holds(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    at: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<HoldPart>> {
    db::sql(
        "SELECT h.holder_kind AS kind, h.holder_id AS id, r.reference_id, r.actor, h.variant_id, h.location_id, h.quantity, \
                h.expires_at, h.created_at, h.total \
         FROM (SELECT s.*, count(*) OVER () AS total FROM unnest($2::int8[]) AS n (id) CROSS JOIN LATERAL ( \
                   SELECT id, holder_kind, holder_id, variant_id, location_id, quantity, expires_at, created_at \
                   FROM stock_holds WHERE store_id = $1 AND variant_id = n.id AND state = 'active' \
                     AND (expires_at IS NULL OR expires_at > $3) OFFSET 0) s \
               ORDER BY s.created_at DESC, s.id DESC LIMIT $4) h \
         CROSS JOIN LATERAL ( \
              SELECT 'cart:' || id AS reference_id, 'user:' || user_id AS actor FROM carts \
              WHERE store_id = $1 AND id = h.holder_id AND h.holder_kind = 'cart' \
              UNION ALL \
              SELECT order_number, COALESCE('user:' || created_by, 'guest') FROM orders \
              WHERE store_id = $1 AND id = h.holder_id AND h.holder_kind = 'order' \
              UNION ALL \
              SELECT reference_id, 'user:' || created_by FROM reservations \
              WHERE store_id = $1 AND id = h.holder_id AND h.holder_kind = 'reservation' \
              UNION ALL \
              SELECT inbound_number, actor FROM inbounds \
              WHERE store_id = $1 AND id = h.holder_id AND h.holder_kind = 'transfer') r \
         ORDER BY h.created_at DESC, h.id DESC",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<Timestamptz, _>(at)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// Units of an order that are sold and not shipped, at one place.
#[derive(Clone, Debug, QueryableByName)]
pub struct AllocationPart {
    #[diesel(sql_type = BigInt)]
    pub order_id: OrderId,
    #[diesel(sql_type = Text)]
    pub order_number: String,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// The number of all allocations that were found.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
    /// True if there are more.
    #[diesel(sql_type = Bool)]
    pub has_more: bool,
}

/// The sold units of variants that are not shipped, newest orders first.
///
/// As in `promises.rs`, the movements of each stock row are read from the newest one back, in pieces, until their orders
/// have all committed units or are more than the limit.
pub fn list_allocations(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    limit: i64,
) -> QueryResult<Vec<AllocationPart>> {
    db::sql(concat!(
        "WITH RECURSIVE walk AS ( \
             SELECT l.variant_id, l.location_id, l.version + 1 AS before, l.committed_quantity AS missing, \
                    '{}'::int8[] AS orders, '{}'::int8[] AS quantities \
             FROM unnest($2::int8[]) AS k (id) CROSS JOIN LATERAL ( \
                  SELECT variant_id, location_id, version, committed_quantity FROM stock_levels \
                  WHERE store_id = $1 AND variant_id = k.id AND committed_quantity > 0 AND location_id = ",
        places!(),
        " OFFSET 0) l \
             UNION ALL \
             SELECT w.variant_id, w.location_id, w.before - 64, w.missing - n.quantity, w.orders || n.orders, \
                    w.quantities || n.quantities \
             FROM walk w CROSS JOIN LATERAL ( \
                 SELECT COALESCE(array_agg(d.id), '{}') AS orders, COALESCE(array_agg(d.quantity), '{}') AS quantities, \
                        COALESCE(SUM(d.quantity), 0)::int8 AS quantity \
                 FROM (SELECT DISTINCT o.id, i.quantity \
                       FROM (SELECT reference_id FROM stock_movements \
                             WHERE store_id = $1 AND variant_id = w.variant_id AND location_id = w.location_id \
                               AND version >= w.before - 64 AND version < w.before AND sold_delta > 0 OFFSET 0) m \
                       CROSS JOIN LATERAL (SELECT id FROM orders WHERE store_id = $1 AND order_number = m.reference_id \
                             AND status IN ('pending', 'processing') AND id <> ALL (w.orders) OFFSET 0) o \
                       CROSS JOIN LATERAL (SELECT SUM(a.quantity - COALESCE(a.shipped_quantity, 0))::int8 AS quantity \
                             FROM order_items i CROSS JOIN LATERAL jsonb_to_recordset(i.allocations) \
                                  AS a (location_id int8, quantity int8, shipped_quantity int8) \
                             WHERE i.store_id = $1 AND i.order_id = o.id AND i.variant_id = w.variant_id \
                               AND a.location_id = w.location_id) i \
                       WHERE i.quantity > 0) d) n \
             WHERE w.missing > 0 AND w.before > 1 AND cardinality(w.orders) <= $3), \
         ended AS (SELECT DISTINCT ON (variant_id, location_id) variant_id, location_id, missing, orders, quantities \
                   FROM walk ORDER BY variant_id, location_id, before) \
         SELECT a.order_id, o.order_number, a.variant_id, a.location_id, a.quantity, o.created_at, a.total, a.has_more \
         FROM (SELECT e.variant_id, e.location_id, s.id AS order_id, s.quantity, count(*) OVER () AS total, \
                      bool_or(e.missing > 0) OVER () AS has_more \
               FROM ended e CROSS JOIN LATERAL unnest(e.orders, e.quantities) AS s (id, quantity) \
               ORDER BY s.id DESC, e.variant_id, e.location_id LIMIT $3) a \
         CROSS JOIN LATERAL (SELECT order_number, created_at FROM orders \
              WHERE store_id = $1 AND id = a.order_id OFFSET 0) o \
         ORDER BY a.order_id DESC, a.variant_id, a.location_id"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// A line of a transfer or a purchase of which units may still arrive.
#[derive(Clone, Debug, QueryableByName)]
pub struct InboundPart {
    #[diesel(sql_type = Text)]
    pub kind: InboundKind,
    #[diesel(sql_type = BigInt)]
    pub id: InboundId,
    #[diesel(sql_type = Text)]
    pub number: String,
    #[diesel(sql_type = BigInt)]
    pub line_id: InboundLineId,
    #[diesel(sql_type = BigInt)]
    pub variant_id: VariantId,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub from_location_id: Option<LocationId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub supplier_id: Option<SupplierId>,
    #[diesel(sql_type = BigInt)]
    pub location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    pub quantity: i64,
    #[diesel(sql_type = Nullable<Date>)]
    pub expected_on: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    pub actor: String,
    /// The number of all lines.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// The lines of open documents with units of variants that may still arrive, soonest first.
pub fn list_inbound(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
    limit: i64,
) -> QueryResult<Vec<InboundPart>> {
    db::sql(
        "SELECT i.kind, i.id, i.inbound_number AS number, n.id AS line_id, n.variant_id, i.from_location_id, i.supplier_id, \
                i.to_location_id AS location_id, n.outstanding_quantity AS quantity, \
                COALESCE(n.expected_on, i.expected_on) AS expected_on, i.actor, count(*) OVER () AS total \
         FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT id, inbound_id, variant_id, outstanding_quantity, expected_on FROM inbound_lines \
              WHERE store_id = $1 AND variant_id = w.id AND outstanding_quantity > 0 OFFSET 0) n \
         CROSS JOIN LATERAL (SELECT * FROM inbounds WHERE store_id = $1 AND id = n.inbound_id OFFSET 0) i \
         WHERE i.status IN ('ordered', 'in_transit', 'partially_received') \
         ORDER BY expected_on NULLS LAST, n.id LIMIT $3",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .bind::<BigInt, _>(limit)
    .load(conn)
}
