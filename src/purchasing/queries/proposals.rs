//! The SQL of what to order. It uses the macros of `stock_by_variant.rs`.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::scarce_proposals;
use crate::db;
use crate::inventory::queries::stock_by_variant::{all_levels, level_columns, places, selling_places};
use crate::inventory::scarcity::queries::figures::units_over;
use crate::inventory::scarcity::queries::progress;
use crate::kernel::id::{LocationId, ProductId, StoreId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::page::Sort;
use crate::purchasing::proposal::{Offer, ReorderProposal, SALES_DAYS};

/// The supplier and the place whose proposals are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProposalFilter {
    /// Only what this supplier sells, on its terms.
    pub supplier: Option<SupplierId>,
    /// The figures of this place only.
    pub location: Option<LocationId>,
}

#[derive(QueryableByName)]
pub(super) struct Row {
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    product_id: ProductId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    size: Option<String>,
    #[diesel(sql_type = BigInt)]
    available: i64,
    #[diesel(sql_type = BigInt)]
    incoming: i64,
    #[diesel(sql_type = BigInt)]
    in_drafts: i64,
    #[diesel(sql_type = BigInt)]
    minimum: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    maximum: Option<i64>,
    #[diesel(sql_type = BigInt)]
    sold: i64,
    #[diesel(sql_type = BigInt)]
    needed: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    supplier_id: Option<SupplierId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    unit_cost: Option<Money>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pack_quantity: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    min_quantity: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    lead_time_days: Option<i64>,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

impl From<Row> for ReorderProposal {
    fn from(row: Row) -> Self {
        let Row { variant_id, product_id, sku, product_name, size, available, incoming, in_drafts, .. } = row;
        let Row { minimum, maximum, sold, needed, supplier_id, unit_cost, lead_time_days, .. } = row;
        let offer = supplier_id.zip(unit_cost).map(|(supplier, unit_cost)| Offer {
            supplier,
            unit_cost,
            pack_quantity: row.pack_quantity.unwrap_or(1),
            min_quantity: row.min_quantity.unwrap_or(1),
            lead_time_days,
        });
        Self {
            variant_id,
            product_id,
            sku,
            product_name,
            size,
            available,
            incoming,
            in_drafts,
            minimum,
            maximum,
            sold,
            needed,
            offer,
        }
    }
}

/// The variants on sale that need units, on the terms `o` of the supplier with the lowest cost, then the shortest lead
/// time. The demand is that of the forecast, or that of the last `$4` days if there is none. A place has the share of the
/// demand that it had of the sales of these days.
macro_rules! needs_by {
    ($order:literal) => {
        concat!(
            "SELECT n.*, COUNT(*) OVER () AS total FROM ( \
                 SELECT v.id AS variant_id, v.product_id, v.sku, p.name AS product_name, v.size, \
                        f.available, f.incoming, COALESCE(i.in_drafts, 0) AS in_drafts, f.minimum, \
                        p.max_stock_level AS maximum, f.sold, o.supplier_id, o.unit_cost, o.pack_quantity, \
                        o.min_quantity, o.lead_time_days, \
                        f.minimum + w.units + COALESCE(l.safety, 0) - f.available - f.incoming AS needed \
                 FROM variants v JOIN products p ON p.store_id = $1 AND p.id = v.product_id \
                 LEFT JOIN (SELECT variant_id, SUM(available_quantity)::int8 AS available, \
                                   SUM(safety_quantity)::int8 AS safety FROM ",
            all_levels!(),
            " r WHERE $2 IS NULL OR location_id = $2 GROUP BY variant_id) l ON l.variant_id = v.id \
                 LEFT JOIN (SELECT b.variant_id, \
                                   SUM(b.outstanding_quantity) FILTER (WHERE d.status <> 'draft')::int8 AS incoming, \
                                   SUM(b.outstanding_quantity) FILTER (WHERE d.status = 'draft')::int8 AS in_drafts \
                            FROM inbounds d JOIN inbound_lines b ON b.store_id = $1 AND b.inbound_id = d.id \
                            WHERE d.store_id = $1 AND b.outstanding_quantity > 0 \
                              AND ($2 IS NULL OR d.to_location_id = $2) GROUP BY b.variant_id) i ON i.variant_id = v.id \
                 LEFT JOIN (SELECT variant_id, SUM(sold_delta)::int8 AS sold_anywhere, \
                                   SUM(sold_delta) FILTER (WHERE $2 IS NULL OR location_id = $2)::int8 AS sold \
                            FROM stock_movements \
                            WHERE store_id = $1 AND created_at > $now - make_interval(days => $4::int4) \
                              AND sold_delta <> 0 GROUP BY variant_id) s ON s.variant_id = v.id \
                 LEFT JOIN forecasts d ON d.store_id = $1 AND d.variant_id = v.id \
                 CROSS JOIN LATERAL (SELECT COALESCE(l.available, 0) AS available, COALESCE(i.incoming, 0) AS incoming, \
                                            COALESCE(s.sold, 0) AS sold, \
                                            COALESCE(v.min_stock_level, p.min_stock_level) AS minimum) f \
                 LEFT JOIN (SELECT DISTINCT ON (t.variant_id) t.variant_id, t.supplier_id, t.unit_cost, \
                                   t.pack_quantity, t.min_quantity, \
                                   COALESCE(t.lead_time_days, u.lead_time_days) AS lead_time_days \
                            FROM supplier_items t JOIN suppliers u ON u.store_id = $1 AND u.id = t.supplier_id \
                            WHERE t.store_id = $1 AND u.active AND ($3 IS NULL OR u.id = $3) \
                            ORDER BY t.variant_id, t.unit_cost, COALESCE(t.lead_time_days, u.lead_time_days), \
                                     t.supplier_id) o ON o.variant_id = v.id \
                 CROSS JOIN LATERAL (SELECT CASE WHEN $2 IS NULL OR d.lead_time_units IS NULL THEN t.units \
                                                 WHEN f.sold <= 0 THEN 0 \
                                                 ELSE CEIL(t.units * f.sold::numeric / GREATEST(s.sold_anywhere, f.sold))::int8 \
                                            END AS units FROM (SELECT ",
            units_over!("d.lead_time_units", "f.sold", "COALESCE(o.lead_time_days, 0)"),
            " AS units) t) w \
                 WHERE v.store_id = $1 AND v.status = 'active' AND p.status = 'active' \
                   AND ($3 IS NULL OR o.supplier_id IS NOT NULL)) n \
             WHERE n.needed > 0 ORDER BY ",
            $order,
            " LIMIT $5 OFFSET $6"
        )
    };
}

/// The columns that proposals can be sorted by.
pub const SORTS: [&str; 3] = ["needed", "sku", "variant_id"];

fn text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("sku", false) => needs_by!("n.sku"),
        ("sku", true) => needs_by!("n.sku DESC"),
        ("variant_id", false) => needs_by!("n.variant_id"),
        ("variant_id", true) => needs_by!("n.variant_id DESC"),
        (_, false) => needs_by!("n.needed, n.variant_id"),
        (_, true) => needs_by!("n.needed DESC, n.variant_id DESC"),
    }
}

/// A part of the variants that need units, and the number of all.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    filter: ProposalFilter,
    sort: Sort,
    (limit, offset): (i64, i64),
) -> QueryResult<(Vec<ReorderProposal>, i64)> {
    let complete_until = match filter.location {
        None => progress::find_complete(conn, store)?,
        Some(_) => None,
    };
    let rows = match complete_until {
        Some(until) => scarce_proposals::list(conn, store, (filter.supplier, until), sort, (limit, offset))?,
        None => list_of_all(conn, store, filter, sort, (limit, offset))?,
    };
    let total = match rows.first() {
        Some(row) => row.total,
        // The page is after the last one.
        None if offset > 0 => list(conn, store, filter, sort, (1, 0))?.1,
        None => 0,
    };
    Ok((rows.into_iter().map(ReorderProposal::from).collect(), total))
}

/// The same from the stock, the sales and the documents of the whole store.
fn list_of_all(
    conn: &mut PgConnection,
    store: StoreId,
    ProposalFilter { supplier, location }: ProposalFilter,
    sort: Sort,
    (limit, offset): (i64, i64),
) -> QueryResult<Vec<Row>> {
    db::sql(text(sort))
        .bind::<BigInt, _>(store)
        .bind::<Nullable<BigInt>, _>(location)
        .bind::<Nullable<BigInt>, _>(supplier)
        .bind::<BigInt, _>(SALES_DAYS)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(offset)
        .load(conn)
}
