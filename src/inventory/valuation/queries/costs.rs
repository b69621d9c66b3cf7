//! The SQL of what events cost: their receipts, cost prices and sales. Events are bound as arrays, which the DSL does
//! not have. `n` is the position of an event in its array, from 1.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use crate::db;
use crate::inventory::valuation::stock_event::StockEvent;
use crate::inventory::valuation::value::SaleCost;
use crate::kernel::id::{MovementId, StoreId, VariantId};
use crate::kernel::sum::Sum;

/// The receipt of a purchase that an event belongs to.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct ReceiptCost {
    #[diesel(sql_type = BigInt)]
    n: i64,
    /// The receipt that brought the units in.
    #[diesel(sql_type = BigInt)]
    pub receipt_id: i64,
    #[diesel(sql_type = Bool)]
    pub is_reversal: bool,
    /// The last correction, or the cost that was entered at the receipt.
    #[diesel(sql_type = BigInt)]
    pub unit_cost: i64,
}

/// The receipts of the events that belong to one, by the position of the event.
pub fn find_receipts(
    conn: &mut PgConnection,
    store: StoreId,
    events: &[&StockEvent],
) -> QueryResult<BTreeMap<usize, ReceiptCost>> {
    if events.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<ReceiptCost> = db::sql(
        "SELECT k.n, b.receipt_id, r.reverses_id IS NOT NULL AS is_reversal, COALESCE(c.unit_cost, b.unit_cost) AS unit_cost \
         FROM unnest($2::int8[], $3::text[]) WITH ORDINALITY AS k (variant_id, reference, n) \
         CROSS JOIN LATERAL (SELECT id, reverses_id FROM inbound_receipts \
              WHERE store_id = $1 AND receipt_number = k.reference OFFSET 0) r \
         CROSS JOIN LATERAL (SELECT receipt_id, line_id, unit_cost FROM inbound_receipt_lines \
              WHERE store_id = $1 AND receipt_id = COALESCE(r.reverses_id, r.id) AND unit_cost IS NOT NULL OFFSET 0) b \
         JOIN inbound_lines l ON l.store_id = $1 AND l.id = b.line_id AND l.variant_id = k.variant_id \
         LEFT JOIN LATERAL (SELECT unit_cost FROM inbound_receipt_costs \
              WHERE store_id = $1 AND receipt_id = b.receipt_id AND line_id = b.line_id ORDER BY id DESC LIMIT 1) c ON true",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants(events))
    .bind::<Array<Nullable<Text>>, _>(references(events))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (index(row.n), row)).collect())
}

#[derive(QueryableByName)]
struct CostPriceRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    cost_price: Option<i64>,
}

/// The cost prices of the products at the times of the events, by the position of the event.
pub fn find_cost_prices(
    conn: &mut PgConnection,
    store: StoreId,
    events: &[&StockEvent],
) -> QueryResult<BTreeMap<usize, Option<i64>>> {
    if events.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<CostPriceRow> = db::sql(
        "SELECT k.n, CASE WHEN h.until IS NULL THEN p.cost_price ELSE h.cost_price END AS cost_price \
         FROM unnest($2::int8[], $3::timestamptz[]) WITH ORDINALITY AS k (variant_id, at, n) \
         CROSS JOIN LATERAL (SELECT product_id FROM variants WHERE store_id = $1 AND id = k.variant_id OFFSET 0) v \
         CROSS JOIN LATERAL (SELECT cost_price FROM products WHERE store_id = $1 AND id = v.product_id OFFSET 0) p \
         LEFT JOIN LATERAL (SELECT until, cost_price FROM product_costs \
              WHERE store_id = $1 AND product_id = v.product_id AND until > k.at ORDER BY until LIMIT 1) h ON true",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants(events))
    .bind::<Array<Timestamptz>, _>(times(events))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (index(row.n), row.cost_price)).collect())
}

/// The sale whose units came back by an event.
#[derive(Clone, Debug, QueryableByName)]
pub struct SaleOfReturn {
    #[diesel(sql_type = BigInt)]
    n: i64,
    /// The first movement of the sale.
    #[diesel(sql_type = BigInt)]
    pub movement_id: MovementId,
    /// The units of it that came back by earlier events.
    #[diesel(sql_type = BigInt)]
    pub returned_before: i64,
    /// None if the sale has no value row yet.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub posted_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = Text)]
    average: Sum,
    #[diesel(sql_type = Text)]
    fifo: Sum,
}

impl SaleOfReturn {
    #[must_use]
    pub fn cost(&self) -> SaleCost {
        SaleCost { quantity: self.quantity, average: self.average.0, fifo: self.fifo.0 }
    }
}

/// The sales of the events that bring units back, by the position of the event. The reference of the event is that of
/// the sale, or the receipt of a return of its order.
///
/// The movements of each order are read once, however many of the events are of that order.
pub fn find_sales(
    conn: &mut PgConnection,
    store: StoreId,
    events: &[&StockEvent],
) -> QueryResult<BTreeMap<usize, SaleOfReturn>> {
    if events.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<SaleOfReturn> = db::sql(
        "WITH events AS ( \
             SELECT k.n, k.variant_id, k.at, COALESCE(o.order_number, k.reference) AS number, COALESCE(t.order_id, 0) AS order_id \
             FROM unnest($2::int8[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS k (variant_id, reference, at, n) \
             LEFT JOIN LATERAL (SELECT order_id FROM return_receipts \
                  WHERE store_id = $1 AND receipt_number = k.reference OFFSET 0) t ON true \
             LEFT JOIN LATERAL (SELECT order_number FROM orders WHERE store_id = $1 AND id = t.order_id OFFSET 0) o ON true), \
         moved AS ( \
             SELECT r.number, r.order_id, m.variant_id, m.created_at AS at, MIN(m.id) AS movement_id, \
                    SUM(m.stock_delta)::int8 AS quantity \
             FROM (SELECT DISTINCT number, order_id FROM events) r \
             CROSS JOIN LATERAL (SELECT id, created_at, stock_delta, variant_id, kind FROM stock_movements \
                  WHERE store_id = $1 AND reference_id = ANY (r.number || ARRAY( \
                        SELECT receipt_number FROM return_receipts WHERE store_id = $1 AND order_id = r.order_id)) OFFSET 0) m \
             WHERE m.kind IN ('fulfil', 'restore', 'return') \
             GROUP BY r.number, r.order_id, m.variant_id, m.created_at), \
         ordered AS ( \
             SELECT n, number, order_id, variant_id, at, \
                    COALESCE(SUM(quantity) FILTER (WHERE quantity > 0) OVER earlier, 0)::int8 AS returned_before, \
                    MIN(at) FILTER (WHERE quantity < 0) OVER earlier AS sold_at \
             FROM (SELECT NULL AS n, number, order_id, variant_id, at, quantity FROM moved \
                   UNION ALL SELECT n, number, order_id, variant_id, at, 0 FROM events) e \
             WINDOW earlier AS (PARTITION BY number, order_id, variant_id ORDER BY at \
                                GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) \
         SELECT s.n, f.movement_id, s.returned_before, r.posted_at, COALESCE(-r.quantity, 0) AS quantity, \
                COALESCE(-r.average_value, 0)::text AS average, COALESCE(-r.fifo_value, 0)::text AS fifo \
         FROM ordered s \
         JOIN moved f ON f.number = s.number AND f.order_id = s.order_id AND f.variant_id = s.variant_id AND f.at = s.sold_at \
         LEFT JOIN LATERAL (SELECT posted_at, quantity, average_value, fifo_value FROM valuation_rows \
              WHERE store_id = $1 AND variant_id = s.variant_id AND posted_at >= s.sold_at \
                AND movement_id = f.movement_id ORDER BY posted_at LIMIT 1) r ON true \
         WHERE s.n IS NOT NULL",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants(events))
    .bind::<Array<Nullable<Text>>, _>(references(events))
    .bind::<Array<Timestamptz>, _>(times(events))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (index(row.n), row)).collect())
}

fn variants(events: &[&StockEvent]) -> Vec<VariantId> {
    events.iter().map(|event| event.variant).collect()
}

fn references<'a>(events: &[&'a StockEvent]) -> Vec<Option<&'a str>> {
    events.iter().map(|event| event.reference.as_deref()).collect()
}

fn times(events: &[&StockEvent]) -> Vec<DateTime<Utc>> {
    events.iter().map(|event| event.at).collect()
}

fn index(n: i64) -> usize {
    usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX)
}
