//! The invariants of values. Rows before `$3` are left out.

use super::Rule;

rules! {
VALUE_RULES:
    "stock 0 has value 0, and no value is negative": "
        SELECT format('variant %s at %s: %s units, average %s, fifo %s', variant_id, posted_at, quantity_after, average_after, fifo_after) AS row
        FROM valuation_rows
        WHERE store_id = $1 AND posted_at >= $3
          AND (LEAST(average_after, fifo_after) < 0
            OR (quantity_after <= 0 AND (average_after, fifo_after) <> (0, 0)))";
    "each value row starts from the values of the row before it": "
        SELECT format('variant %s at %s', r.variant_id, r.posted_at) AS row
        FROM valuation_rows r
        LEFT JOIN LATERAL (SELECT quantity_after, average_after, fifo_after FROM valuation_rows
                           WHERE store_id = $1 AND variant_id = r.variant_id AND posted_at < r.posted_at
                           ORDER BY posted_at DESC LIMIT 1) b ON true
        WHERE r.store_id = $1 AND r.posted_at >= $3
          AND (r.quantity_after, r.average_after, r.fifo_after) IS DISTINCT FROM (
               COALESCE(b.quantity_after, 0) + r.quantity, COALESCE(b.average_after, 0) + r.average_value,
               COALESCE(b.fifo_after, 0) + r.fifo_value)";
    "the valued units of a variant are those of the ledger, at each place": "
        SELECT format('variant %s: valued %s, in the ledger %s', c.variant_id, c.places, m.places) AS row
        FROM valuation_checkpoints c
        CROSS JOIN LATERAL (
            SELECT COALESCE(jsonb_object_agg(p.place_id, p.units) FILTER (WHERE p.units <> 0), '{}') AS places,
                   COALESCE(SUM(p.units), 0) AS units
            FROM (SELECT COALESCE(l.parent_id, l.id) AS place_id, SUM(s.stock_after) AS units
                  FROM jsonb_each_text(c.versions) f
                  JOIN stock_movements s ON s.store_id = $1 AND s.variant_id = c.variant_id
                                        AND s.location_id = f.key::int8 AND s.version = f.value::int8
                  JOIN locations l ON l.store_id = $1 AND l.id = s.location_id
                  GROUP BY 1) p) m
        WHERE c.store_id = $1 AND (c.places, (c.state ->> 'quantity')::numeric) IS DISTINCT FROM (m.places, m.units)";
    "a checkpoint has the values of its last value row": "
        SELECT format('variant %s: %s', c.variant_id, c.state) AS row
        FROM valuation_checkpoints c
        LEFT JOIN LATERAL (SELECT posted_at, quantity_after, average_after, fifo_after, places FROM valuation_rows
                           WHERE store_id = $1 AND variant_id = c.variant_id ORDER BY posted_at DESC LIMIT 1) r ON true
        WHERE c.store_id = $1 AND c.fold_again_from IS NULL
          AND (c.posted_at, (c.state ->> 'quantity')::int8, (c.state ->> 'average')::numeric, (c.state ->> 'fifo')::numeric, c.places)
              IS DISTINCT FROM (r.posted_at, COALESCE(r.quantity_after, 0), COALESCE(r.average_after, 0),
                                COALESCE(r.fifo_after, 0), COALESCE(r.places, '{}'))";
    "the sums of an hour are those of its value rows: paid is in stock, sold or written off": "
        SELECT format('hour %s', COALESCE(h.hour, r.hour)) AS row
        FROM (SELECT hour, paid, average_value, average_sold, fifo_value, fifo_sold FROM valuation_hours
              WHERE store_id = $1 AND hour >= $3) h
        FULL JOIN (SELECT date_trunc('hour', posted_at, 'UTC') AS hour, SUM(paid) AS paid,
                          SUM(average_value) AS average_value, SUM(fifo_value) AS fifo_value,
                          SUM(CASE WHEN kind IN ('sale', 'return') THEN paid - average_value ELSE 0 END) AS average_sold,
                          SUM(CASE WHEN kind IN ('sale', 'return') THEN paid - fifo_value ELSE 0 END) AS fifo_sold
                   FROM valuation_rows
                   WHERE store_id = $1 AND posted_at >= date_trunc('hour', $3 + interval '59 minutes 59.999999 seconds', 'UTC')
                   GROUP BY 1) r ON r.hour = h.hour
        WHERE (COALESCE(h.paid, 0), COALESCE(h.average_value, 0), COALESCE(h.average_sold, 0), COALESCE(h.fifo_value, 0), COALESCE(h.fifo_sold, 0))
              IS DISTINCT FROM (COALESCE(r.paid, 0), COALESCE(r.average_value, 0), COALESCE(r.average_sold, 0),
                                COALESCE(r.fifo_value, 0), COALESCE(r.fifo_sold, 0))";
    "a purchase is valued at the cost of its receipt": "
        SELECT format('variant %s at %s: paid %s for %s units at %s', r.variant_id, r.posted_at, r.paid, r.quantity, b.unit_cost) AS row
        FROM valuation_rows r
        JOIN valuation_checkpoints k ON k.store_id = $1 AND k.variant_id = r.variant_id AND k.fold_again_from IS NULL
        LEFT JOIN LATERAL (SELECT COALESCE((SELECT unit_cost FROM inbound_receipt_costs WHERE store_id = $1
                                              AND receipt_id = l.receipt_id AND line_id = l.line_id
                                            ORDER BY id DESC LIMIT 1), l.unit_cost) AS unit_cost
                           FROM inbound_receipt_lines l
                           JOIN inbound_lines n ON n.store_id = $1 AND n.id = l.line_id AND n.variant_id = r.variant_id
                           WHERE l.store_id = $1 AND l.receipt_id = r.receipt_id) b ON true
        WHERE r.store_id = $1 AND r.posted_at >= $3 AND r.receipt_id IS NOT NULL
          AND r.paid IS DISTINCT FROM r.quantity * b.unit_cost::numeric";
}
