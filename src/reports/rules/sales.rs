//! The invariants of the daily roll-ups of sales. They are compared with orders, credits, payments, the ledger and the
//! valuation. These queries share no SQL with the job that adds to the roll-ups. Facts that are not added yet
//! are left out, and so is a store whose roll-ups are being computed again.

use super::Rule;

/// The facts since the ledger row `$2` that were added, each once, as `facts`. Days from `first` on have all of theirs.
macro_rules! sources {
    () => {
        "WITH fold AS (SELECT time_zone, position, ($3 AT TIME ZONE time_zone)::date + 1 AS first FROM sales_folds \
                       WHERE store_id = $1 AND is_emptied AND position >= kept_position), \
         unfolded AS MATERIALIZED ( \
              SELECT unnest(f.entries) AS id FROM feed f, fold WHERE f.store_id = $1 AND f.position > fold.position \
              UNION ALL SELECT unnest(entries) FROM outbox WHERE store_id = $1), \
         sales AS MATERIALIZED (SELECT order_id, id, created_at AS at FROM order_history \
              WHERE store_id = $1 AND to_status = 'pending'), \
         facts AS MATERIALIZED ( \
              SELECT f.*, (f.at AT TIME ZONE fold.time_zone)::date AS day FROM ( \
                  SELECT 'sale' AS kind, id, order_id, at, id AS source_id FROM sales \
                  UNION ALL \
                  SELECT 'credit', GREATEST(c.id, s.id), c.order_id, GREATEST(c.created_at, s.at), c.id \
                  FROM credits c JOIN sales s ON s.order_id = c.order_id WHERE c.store_id = $1 \
                  UNION ALL \
                  SELECT 'refund', GREATEST(p.id, s.id), p.order_id, GREATEST(p.created_at, s.at), p.id \
                  FROM order_payments p JOIN sales s ON s.order_id = p.order_id \
                  WHERE p.store_id = $1 AND p.kind = 'refund') f, fold \
              WHERE f.id > $2 AND f.id NOT IN (SELECT id FROM unfolded) \
                AND (f.at AT TIME ZONE fold.time_zone)::date >= fold.first), \
         amounts AS MATERIALIZED ( \
              SELECT f.day, o.payment_method, COALESCE(o.user_id, 0) AS customer_id, 1 AS orders, o.total_items AS units, \
                     0 AS credited_units, o.subtotal - i.included AS gross, o.discount_amount AS discounts, \
                     o.tax_amount + o.included_tax_amount AS tax, \
                     o.total_amount - (o.subtotal - i.included - o.discount_amount + o.tax_amount + o.included_tax_amount) \
                     AS shipping, 0 AS credits, 0 AS refunds \
              FROM facts f JOIN orders o ON o.store_id = $1 AND o.id = f.order_id \
              CROSS JOIN LATERAL (SELECT SUM(included_tax_amount) AS included FROM order_items \
                   WHERE store_id = $1 AND order_id = f.order_id) i \
              WHERE f.kind = 'sale' \
              UNION ALL \
              SELECT f.day, o.payment_method, COALESCE(o.user_id, 0), 0, 0, COALESCE(l.units, 0), 0, 0, \
                     - c.tax_amount - c.included_tax_amount, - c.shipping_amount + c.shipping_included_tax_amount, \
                     c.total_amount - c.tax_amount - c.included_tax_amount - c.shipping_amount \
                     + c.shipping_included_tax_amount, 0 \
              FROM facts f JOIN orders o ON o.store_id = $1 AND o.id = f.order_id \
              JOIN credits c ON c.store_id = $1 AND c.id = f.source_id \
              CROSS JOIN LATERAL (SELECT SUM(quantity) AS units FROM credit_lines \
                   WHERE store_id = $1 AND credit_id = c.id) l \
              WHERE f.kind = 'credit' \
              UNION ALL \
              SELECT f.day, o.payment_method, COALESCE(o.user_id, 0), 0, 0, 0, 0, 0, 0, 0, 0, p.amount - p.unapplied_amount \
              FROM facts f JOIN orders o ON o.store_id = $1 AND o.id = f.order_id \
              JOIN order_payments p ON p.store_id = $1 AND p.id = f.source_id \
              WHERE f.kind = 'refund') "
    };
}

/// Compares the sums of a roll-up by this key with the facts.
macro_rules! same_sums {
    ($rollup:literal, $key:literal) => {
        concat!(
            sources!(),
            "SELECT format('",
            $key,
            " %s on %s: %s instead of %s', key, day, kept, expected) AS row FROM ( \
              SELECT day, key, r.sums AS kept, COALESCE(s.sums, '(0,0,0,0,0,0,0,0,0)') AS expected FROM ( \
                  SELECT day, ",
            $key,
            "::text AS key, (SUM(orders), SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(tax), \
                         SUM(shipping), SUM(credits), SUM(refunds))::text AS sums \
                  FROM ",
            $rollup,
            ", fold WHERE store_id = $1 AND day >= fold.first GROUP BY day, ",
            $key,
            ") r FULL JOIN ( \
                  SELECT day, ",
            $key,
            "::text AS key, (SUM(orders), SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(tax), \
                         SUM(shipping), SUM(credits), SUM(refunds))::text AS sums \
                  FROM amounts GROUP BY day, ",
            $key,
            ") s USING (day, key)) t WHERE kept IS DISTINCT FROM expected ORDER BY 1 LIMIT 20"
        )
    };
}

pub const SALES_RULES: &[Rule] = &[
    Rule {
        name: "the daily sales by payment method are those of the orders, credits and refunds",
        sql: same_sums!("sales_by_payment_method", "payment_method"),
    },
    Rule {
        name: "the daily sales by customer are those of the orders, credits and refunds",
        sql: same_sums!("sales_by_customer", "customer_id"),
    },
    Rule {
        name: "the daily sales by variant are those of the order items and credits",
        sql: concat!(
            sources!(),
            ", items AS ( \
                  SELECT f.day, i.variant_id, i.quantity AS units, 0 AS credited_units, \
                         i.total_price - i.included_tax_amount AS gross, i.discount_amount AS discounts, 0 AS credits \
                  FROM facts f JOIN order_items i ON i.store_id = $1 AND i.order_id = f.order_id WHERE f.kind = 'sale' \
                  UNION ALL \
                  SELECT f.day, l.variant_id, 0, l.quantity, 0, 0, \
                         l.subtotal - l.included_tax_amount - l.discount_amount - l.fee \
                  FROM facts f JOIN credit_lines l ON l.store_id = $1 AND l.credit_id = f.source_id WHERE f.kind = 'credit') \
             SELECT format('variant %s on %s: %s instead of %s', variant_id, day, r.sums, s.sums) AS row FROM ( \
                  SELECT day, variant_id, (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(credits))::text AS sums \
                  FROM sales_by_variant, fold WHERE store_id = $1 AND day >= fold.first GROUP BY day, variant_id \
                  HAVING (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(credits)) <> (0, 0, 0, 0, 0)) r \
             FULL JOIN ( \
                  SELECT day, variant_id, (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(credits))::text AS sums \
                  FROM items GROUP BY day, variant_id \
                  HAVING (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(credits)) <> (0, 0, 0, 0, 0)) s \
             USING (day, variant_id) WHERE r.sums IS DISTINCT FROM s.sums ORDER BY 1 LIMIT 20"
        ),
    },
    Rule {
        name: "the sold units of each place are those of the ledger",
        sql: concat!(
            sources!(),
            ", sold AS ( \
                  SELECT f.day, m.variant_id, COALESCE(l.parent_id, l.id) AS location_id, SUM(m.sold_delta) AS units \
                  FROM facts f JOIN orders o ON o.store_id = $1 AND o.id = f.order_id \
                  JOIN stock_movements m ON m.store_id = $1 AND m.reference_id = o.order_number AND m.kind = 'fulfil' \
                                        AND m.created_at = f.at \
                  JOIN locations l ON l.store_id = $1 AND l.id = m.location_id \
                  WHERE f.kind = 'sale' GROUP BY f.day, m.variant_id, COALESCE(l.parent_id, l.id)), \
             kept AS ( \
                  SELECT day, variant_id, location_id, SUM(units) AS units FROM sales_by_variant, fold \
                  WHERE store_id = $1 AND day >= fold.first GROUP BY day, variant_id, location_id) \
             SELECT format('variant %s at %s on %s: %s instead of %s', variant_id, location_id, day, k.units, s.units) AS row \
             FROM kept k FULL JOIN sold s USING (day, variant_id, location_id) \
             WHERE COALESCE(k.units, 0) <> COALESCE(s.units, 0) ORDER BY 1 LIMIT 20"
        ),
    },
    Rule {
        name: "the roll-ups of sales of a day have the same sums",
        sql: "SELECT format('%s: %s, %s and %s', COALESCE(v.day, m.day, c.day), v.sums, m.sums, c.sums) AS row \
              FROM (SELECT day, (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(tax), SUM(shipping), \
                            SUM(refunds), SUM(credits), SUM(costed_net), SUM(cost))::text AS sums \
                    FROM sales_by_variant WHERE store_id = $1 AND day > ($3 AT TIME ZONE 'UTC')::date GROUP BY day) v \
              FULL JOIN (SELECT day, (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(tax), SUM(shipping), \
                            SUM(refunds), SUM(credits), SUM(costed_net), SUM(cost))::text AS sums \
                    FROM sales_by_payment_method WHERE store_id = $1 AND day > ($3 AT TIME ZONE 'UTC')::date GROUP BY day) m \
                    ON m.day = v.day \
              FULL JOIN (SELECT day, (SUM(units), SUM(credited_units), SUM(gross), SUM(discounts), SUM(tax), SUM(shipping), \
                            SUM(refunds), SUM(credits), SUM(costed_net), SUM(cost))::text AS sums \
                    FROM sales_by_customer WHERE store_id = $1 AND day > ($3 AT TIME ZONE 'UTC')::date GROUP BY day) c \
                    ON c.day = v.day \
              WHERE (v.sums IS DISTINCT FROM m.sums OR v.sums IS DISTINCT FROM c.sums) \
                AND EXISTS (SELECT FROM sales_folds WHERE store_id = $1 AND is_emptied) ORDER BY 1 LIMIT 20",
    },
    Rule {
        name: "the orders of a day by product, category and place are those with such items",
        sql: concat!(
            sources!(),
            ", sold AS ( \
                  SELECT f.day, COUNT(DISTINCT (f.order_id, i.product_id)) AS products, \
                         COUNT(DISTINCT (f.order_id, COALESCE(i.attributes ->> 'category', ''))) AS categories \
                  FROM facts f JOIN order_items i ON i.store_id = $1 AND i.order_id = f.order_id \
                  WHERE f.kind = 'sale' GROUP BY f.day), \
             kept AS ( \
                  SELECT day, SUM(product_orders) AS products, SUM(category_orders) AS categories \
                  FROM sales_by_variant, fold WHERE store_id = $1 AND day >= fold.first GROUP BY day) \
             SELECT format('%s: %s, %s instead of %s, %s', day, k.products, k.categories, s.products, s.categories) AS row \
             FROM kept k FULL JOIN sold s USING (day) \
             WHERE (COALESCE(k.products, 0), COALESCE(k.categories, 0)) <> (COALESCE(s.products, 0), COALESCE(s.categories, 0)) \
             ORDER BY 1 LIMIT 20"
        ),
    },
    Rule {
        name: "each day of a customer's sales follows the one before it",
        sql: "SELECT format('customer %s on %s: %s instead of %s', customer_id, day, previous_day, expected) AS row \
              FROM (SELECT customer_id, day, previous_day, LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS expected \
                    FROM sales_by_customer WHERE store_id = $1 AND customer_id > 0 AND orders > 0) d \
              WHERE previous_day IS DISTINCT FROM expected \
                AND EXISTS (SELECT FROM sales_folds WHERE store_id = $1 AND is_emptied) ORDER BY 1 LIMIT 20",
    },
    Rule {
        // Costs are compared if nothing of the variant is unfolded or unvalued, and only for all of its days together.
        name: "the cost of the sales of a variant is that of the valuation",
        sql: "WITH sales AS MATERIALIZED ( \
                  SELECT r.variant_id, r.posted_at, - r.average_value AS cost FROM valuation_rows r \
                  JOIN stock_movements m ON m.store_id = $1 AND m.id = r.movement_id \
                  JOIN orders o ON o.store_id = $1 AND o.order_number = m.reference_id \
                  WHERE r.store_id = $1 AND r.kind = 'sale'), \
              valued AS ( \
                  SELECT variant_id, SUM(cost) AS cost FROM ( \
                      SELECT variant_id, cost FROM sales UNION ALL \
                      SELECT r.variant_id, - r.average_value FROM valuation_rows r \
                      JOIN sales s ON s.variant_id = r.variant_id AND s.posted_at = r.sale_at \
                      WHERE r.store_id = $1 AND r.kind = 'return') v GROUP BY variant_id), \
              kept AS (SELECT variant_id, SUM(cost) AS cost FROM sales_by_variant WHERE store_id = $1 GROUP BY variant_id) \
              SELECT format('variant %s: %s instead of %s', variant_id, k.cost, v.cost) AS row \
              FROM kept k FULL JOIN valued v USING (variant_id) \
              WHERE $2 = 0 AND COALESCE(k.cost, 0) <> COALESCE(v.cost, 0) \
                AND NOT EXISTS (SELECT FROM revaluations WHERE store_id = $1) \
                AND NOT EXISTS (SELECT FROM outbox WHERE store_id = $1) \
                AND EXISTS (SELECT FROM sales_folds f JOIN feed_positions p ON p.store_id = $1 AND p.position = f.position \
                            WHERE f.store_id = $1 AND f.is_emptied) \
                AND NOT EXISTS (SELECT FROM stock_levels l LEFT JOIN valuation_checkpoints c \
                                     ON c.store_id = $1 AND c.variant_id = l.variant_id \
                                WHERE l.store_id = $1 AND l.variant_id = COALESCE(k.variant_id, v.variant_id) \
                                  AND (c.fold_again_from IS NOT NULL \
                                       OR l.version > COALESCE((c.versions ->> l.location_id::text)::int8, 0))) \
              ORDER BY 1 LIMIT 20",
    },
];
