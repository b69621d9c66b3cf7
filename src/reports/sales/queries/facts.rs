//! The SQL of the facts of sales. The DSL has no WITH, no windows and no elements of arrays as rows.
//!
//! A *fact* is a sale, a credit or a refund. It is found by a row that the feed names: the step of the history that makes
//! the order pending, the credit, or the refund. Credits and refunds count from the sale on. So those that are older
//! count with it, and those of orders that were never sold do not count.

/// The facts of some rows of the feed, as CTEs. The last one is `facts`: a row for each fact, item of its order, and
/// place that sold units of the item.
///
/// Parameters: the store (`$1`), its time zone (`$2`), the rows of the feed after a position (`$3`) and up to another one
/// (`$4`; the largest number adds the rows of the outbox), and those that the roll-ups have kept: up to a position
/// (`$5`), before a day (`$6`).
///
/// Amounts of an order, such as its delivery, are divided over its items in proportion to their totals, and then over
/// the places in proportion to their units. Each part is the difference of two rounded sums, so the parts add up. The cost of
/// returned units is their share of the cost of the sale, as in the valuation.
macro_rules! facts {
    () => {
        concat!(
            "entries AS MATERIALIZED ( \
                  SELECT u.id, f.position FROM feed f CROSS JOIN LATERAL unnest(f.entries) AS u (id) \
                  WHERE f.store_id = $1 AND f.position > $3 AND f.position <= $4 \
                  UNION ALL \
                  SELECT u.id, 9223372036854775807 FROM outbox o CROSS JOIN LATERAL unnest(o.entries) AS u (id) \
                  WHERE o.store_id = $1 AND $4 = 9223372036854775807), \
             sold AS MATERIALIZED ( \
                  SELECT e.position, h.id, h.order_id, h.created_at AS at FROM entries e \
                  CROSS JOIN LATERAL (SELECT id, order_id, created_at FROM order_history \
                       WHERE store_id = $1 AND id = e.id AND to_status = 'pending' OFFSET 0) h), \
             credited AS ( \
                  SELECT e.position, s.at AS sold_at, c.* FROM entries e \
                  CROSS JOIN LATERAL (SELECT * FROM credits WHERE store_id = $1 AND id = e.id OFFSET 0) c \
                  CROSS JOIN LATERAL (SELECT created_at AS at FROM order_history \
                       WHERE store_id = $1 AND order_id = c.order_id AND to_status = 'pending' AND id < c.id OFFSET 0) s \
                  UNION ALL \
                  SELECT s.position, s.at, c.* FROM sold s \
                  CROSS JOIN LATERAL (SELECT * FROM credits \
                       WHERE store_id = $1 AND order_id = s.order_id AND id < s.id OFFSET 0) c), \
             refunded AS ( \
                  SELECT e.position, s.at AS sold_at, p.* FROM entries e \
                  CROSS JOIN LATERAL (SELECT * FROM order_payments \
                       WHERE store_id = $1 AND id = e.id AND kind = 'refund' OFFSET 0) p \
                  CROSS JOIN LATERAL (SELECT created_at AS at FROM order_history \
                       WHERE store_id = $1 AND order_id = p.order_id AND to_status = 'pending' AND id < p.id OFFSET 0) s \
                  UNION ALL \
                  SELECT s.position, s.at, p.* FROM sold s \
                  CROSS JOIN LATERAL (SELECT * FROM order_payments \
                       WHERE store_id = $1 AND order_id = s.order_id AND kind = 'refund' AND id < s.id OFFSET 0) p), \
             acts AS MATERIALIZED ( \
                  SELECT a.*, (a.at AT TIME ZONE $2)::date AS day FROM ( \
                      SELECT 'sale' AS kind, position, id, order_id, at AS sold_at, at, NULL::int8 AS credit_id, \
                             0::int8 AS refund, 0::int8 AS delivery, 0::int8 AS delivery_tax FROM sold \
                      UNION ALL \
                      SELECT 'credit', position, id, order_id, sold_at, GREATEST(created_at, sold_at), id, 0, \
                             shipping_included_tax_amount - shipping_amount, \
                             - shipping_tax_amount - shipping_included_tax_amount FROM credited \
                      UNION ALL \
                      SELECT 'refund', position, id, order_id, sold_at, GREATEST(created_at, sold_at), credit_id, \
                             amount - unapplied_amount, 0, 0 FROM refunded) a \
                  WHERE a.position > $5 OR (a.at AT TIME ZONE $2)::date >= $6), \
             places AS MATERIALIZED ( \
                  SELECT a.order_id, m.variant_id, COALESCE(l.parent_id, l.id) AS location_id, \
                         SUM(- m.stock_delta)::int8 AS units, MIN(m.id) AS movement_id \
                  FROM (SELECT DISTINCT order_id, sold_at FROM acts) a \
                  CROSS JOIN LATERAL (SELECT order_number FROM orders WHERE store_id = $1 AND id = a.order_id OFFSET 0) o \
                  CROSS JOIN LATERAL (SELECT id, variant_id, location_id, stock_delta FROM stock_movements \
                       WHERE store_id = $1 AND reference_id = o.order_number AND kind = 'fulfil' \
                         AND created_at = a.sold_at OFFSET 0) m \
                  CROSS JOIN LATERAL (SELECT id, parent_id FROM locations WHERE store_id = $1 AND id = m.location_id OFFSET 0) l \
                  GROUP BY a.order_id, m.variant_id, COALESCE(l.parent_id, l.id)), \
             items AS MATERIALIZED ( \
                  SELECT a.kind, a.id, a.order_id, a.sold_at, a.day, a.credit_id, a.refund, o.payment_method, \
                         COALESCE(o.user_id, 0) AS customer_id, i.variant_id, i.product_id, i.quantity, \
                         COALESCE(i.attributes ->> 'category', '') AS category, \
                         CASE WHEN a.kind = 'sale' THEN i.quantity ELSE 0 END AS units, \
                         CASE WHEN a.kind = 'sale' THEN i.total_price - i.included_tax_amount ELSE 0 END AS gross, \
                         CASE WHEN a.kind = 'sale' THEN i.discount_amount ELSE 0 END AS discounts, \
                         CASE a.kind WHEN 'sale' THEN i.tax_amount + i.included_tax_amount \
                                     WHEN 'credit' THEN - COALESCE(c.tax_amount + c.included_tax_amount, 0) ELSE 0 END AS tax, \
                         CASE WHEN a.kind = 'credit' THEN COALESCE(c.quantity, 0) ELSE 0 END AS credited_units, \
                         CASE WHEN a.kind = 'credit' THEN COALESCE( \
                              c.subtotal - c.included_tax_amount - c.discount_amount - c.fee, 0) ELSE 0 END AS credits, \
                         CASE WHEN a.kind = 'sale' THEN o.shipping_amount - o.included_tax_amount \
                              + SUM(i.included_tax_amount) OVER act ELSE a.delivery END AS delivery, \
                         CASE WHEN a.kind = 'sale' THEN o.tax_amount + o.included_tax_amount \
                              - SUM(i.tax_amount + i.included_tax_amount) OVER act ELSE a.delivery_tax END AS delivery_tax, \
                         CASE WHEN a.kind = 'refund' AND a.credit_id IS NOT NULL \
                              THEN COALESCE(c.subtotal - c.discount_amount + c.tax_amount - c.fee, 0) \
                              ELSE i.total_price - i.discount_amount + i.tax_amount END AS weight \
                  FROM acts a \
                  CROSS JOIN LATERAL (SELECT * FROM orders WHERE store_id = $1 AND id = a.order_id OFFSET 0) o \
                  CROSS JOIN LATERAL (SELECT * FROM order_items WHERE store_id = $1 AND order_id = a.order_id OFFSET 0) i \
                  LEFT JOIN LATERAL (SELECT * FROM credit_lines WHERE store_id = $1 AND credit_id = a.credit_id \
                                        AND variant_id = i.variant_id OFFSET 0) c ON true \
                  WINDOW act AS (PARTITION BY a.id)), \
             weighed AS ( \
                  SELECT w.*, SUM(w.part) OVER act AS whole, SUM(w.part) OVER (act ORDER BY w.variant_id) AS until FROM ( \
                      SELECT i.*, CASE WHEN SUM(i.weight) OVER (PARTITION BY i.id) = 0 THEN i.quantity ELSE i.weight END AS part \
                      FROM items i) w WINDOW act AS (PARTITION BY w.id)), \
             costed AS ( \
                  SELECT w.kind, w.id, w.order_id, w.day, w.payment_method, w.customer_id, w.variant_id, w.product_id, \
                         w.category, w.units, w.credited_units, w.gross, w.discounts, w.credits, \
                         w.tax + div(w.delivery_tax * w.until, w.whole) - div(w.delivery_tax * (w.until - w.part), w.whole) AS tax, \
                         div(w.delivery * w.until, w.whole) - div(w.delivery * (w.until - w.part), w.whole) AS shipping, \
                         div(w.refund * w.until, w.whole) - div(w.refund * (w.until - w.part), w.whole) AS refunds, \
                         CASE WHEN v.cost > 0 THEN w.gross - w.discounts - w.credits ELSE 0 END AS costed_net, \
                         CASE WHEN w.kind = 'sale' THEN COALESCE(v.cost, 0) \
                              WHEN w.credited_units = 0 OR v.cost IS NULL THEN 0 \
                              ELSE div(2 * v.cost * b.units + w.quantity, 2 * w.quantity) \
                                 - div(2 * v.cost * (b.units + w.credited_units) + w.quantity, 2 * w.quantity) END AS cost \
                  FROM weighed w \
                  LEFT JOIN (SELECT order_id, variant_id, MIN(movement_id) AS movement_id FROM places \
                             GROUP BY order_id, variant_id) m ON m.order_id = w.order_id AND m.variant_id = w.variant_id \
                  LEFT JOIN LATERAL (SELECT - average_value AS cost FROM valuation_rows \
                       WHERE store_id = $1 AND variant_id = w.variant_id AND posted_at >= w.sold_at \
                         AND movement_id = m.movement_id ORDER BY posted_at LIMIT 1) v ON true \
                  LEFT JOIN LATERAL (SELECT COALESCE(SUM(l.quantity), 0) AS units FROM credits c \
                       JOIN credit_lines l ON l.store_id = $1 AND l.credit_id = c.id AND l.variant_id = w.variant_id \
                       WHERE c.store_id = $1 AND c.order_id = w.order_id AND c.id < w.credit_id AND w.credited_units > 0) b \
                       ON true), \
             placed AS ( \
                  SELECT c.*, COALESCE(p.location_id, 0) AS location_id, COALESCE(p.units, 1) AS here, \
                         SUM(COALESCE(p.units, 1)) OVER item AS all_places, \
                         SUM(COALESCE(p.units, 1)) OVER (item ORDER BY p.location_id) AS until_here \
                  FROM costed c LEFT JOIN places p ON p.order_id = c.order_id AND p.variant_id = c.variant_id \
                  WINDOW item AS (PARTITION BY c.id, c.variant_id)), \
             facts AS MATERIALIZED ( \
                  SELECT kind, id, day, payment_method, customer_id, variant_id, product_id, category, location_id, \
                         (kind = 'sale' AND row_number() OVER (PARTITION BY id ORDER BY variant_id, location_id) = 1)::int AS orders, \
                         (kind = 'sale' AND row_number() OVER (PARTITION BY id, product_id ORDER BY variant_id, location_id) = 1)::int \
                         AS product_orders, \
                         (kind = 'sale' AND row_number() OVER (PARTITION BY id, category ORDER BY variant_id, location_id) = 1)::int \
                         AS category_orders, \
                         (kind = 'sale' AND row_number() OVER (PARTITION BY id, location_id ORDER BY variant_id) = 1)::int \
                         AS location_orders, ",
            part!("units"),
            ", ",
            part!("credited_units"),
            ", ",
            part!("gross"),
            ", ",
            part!("discounts"),
            ", ",
            part!("tax"),
            ", ",
            part!("shipping"),
            ", ",
            part!("refunds"),
            ", ",
            part!("credits"),
            ", ",
            part!("costed_net"),
            ", ",
            part!("cost"),
            " FROM placed) ",
        )
    };
}

/// The part of an amount that belongs to the place.
macro_rules! part {
    ($amount:literal) => {
        concat!(
            "(div(",
            $amount,
            "::numeric * until_here, all_places) - div(",
            $amount,
            "::numeric * (until_here - here), all_places))::int8 AS ",
            $amount
        )
    };
}

pub(super) use {facts, part};
