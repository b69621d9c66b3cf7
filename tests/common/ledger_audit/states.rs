//! The audit of stock statuses, of the events about their changes, and of the periods without stock.

pub const CHECKS: [(&str, &str); 5] = [
    (
        "each change of a stock status starts from the status of the change before it",
        "SELECT format('variant %s at %s: %s after %s', variant, position, data, before) AS finding FROM ( \
             SELECT f.store_id, f.position, c.event->'data' AS data, c.event->'data'->>'variant_id' AS variant, \
                    lag(c.event->'data'->>'stock_status') OVER ( \
                        PARTITION BY f.store_id, c.event->'data'->>'variant_id' ORDER BY f.position, c.ordinal) AS before \
             FROM feed f CROSS JOIN LATERAL jsonb_array_elements(f.status_events) WITH ORDINALITY AS c (event, ordinal)) e \
         WHERE data->>'previous_stock_status' = data->>'stock_status' \
            OR data->>'previous_stock_status' NOT IN (before, 'in_stock')",
    ),
    (
        "the last change of a stock status led to the stored one",
        "SELECT format('variant %s: %s instead of %s', s.variant_id, s.status, e.status) AS finding \
         FROM stock_states s JOIN ( \
             SELECT DISTINCT ON (f.store_id, variant_id) f.store_id, (c.event->'data'->>'variant_id')::int8 AS variant_id, \
                    c.event->'data'->>'stock_status' AS status \
             FROM feed f CROSS JOIN LATERAL jsonb_array_elements(f.status_events) WITH ORDINALITY AS c (event, ordinal) \
             ORDER BY f.store_id, variant_id, f.position DESC, c.ordinal DESC) e USING (store_id, variant_id) \
         WHERE s.status <> e.status",
    ),
    (
        "the low and sold-out variants on sale are those of the stored statuses, in stores without later changes",
        "SELECT format('variant %s: %s, sellable %s', v.id, k.status, s.sellable) AS finding FROM scarcity_searches g \
         JOIN variants v ON v.store_id = g.store_id JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id \
         CROSS JOIN LATERAL (SELECT coalesce(sum(greatest(l.stock_quantity - l.reserved_quantity - l.safety_quantity, 0)), 0) \
                AS sellable FROM stock_levels l JOIN locations o ON o.store_id = l.store_id AND o.id = l.location_id \
             WHERE l.store_id = v.store_id AND l.variant_id = v.id \
               AND o.kind = 'place' AND o.status = 'active' AND o.sells_online) s \
         LEFT JOIN stock_states k ON k.store_id = v.store_id AND k.variant_id = v.id \
         WHERE g.is_complete AND NOT EXISTS (SELECT FROM scarcity_changes c WHERE c.store_id = g.store_id) \
           AND NOT EXISTS (SELECT FROM outbox b WHERE b.store_id = g.store_id) \
           AND coalesce(k.status, 'in_stock') <> CASE WHEN v.status <> 'active' OR p.status <> 'active' THEN 'in_stock' \
                WHEN s.sellable = 0 THEN 'out_of_stock' \
                WHEN s.sellable > coalesce(v.min_stock_level, p.min_stock_level) THEN 'in_stock' ELSE 'low_stock' END",
    ),
    (
        "the periods without stock begin with the events of a sell-out, each once",
        "SELECT format('variant %s: %s events, %s periods', variant_id, e.n, o.n) AS finding FROM ( \
             SELECT f.store_id, (c.event->'data'->>'variant_id')::int8 AS variant_id, \
                    count(DISTINCT c.event->>'at') AS n \
             FROM feed f CROSS JOIN LATERAL jsonb_array_elements(f.status_events) AS c (event) \
             WHERE c.event->>'type' = 'stock.out' GROUP BY 1, 2) e \
         FULL JOIN (SELECT store_id, variant_id, count(*) AS n FROM stock_outs GROUP BY 1, 2) o \
              USING (store_id, variant_id) \
         WHERE coalesce(o.n, 0) > coalesce(e.n, 0) OR (coalesce(o.n, 0) = 0) <> (coalesce(e.n, 0) = 0)",
    ),
    (
        "exactly the sold-out variants have a period without an end",
        "SELECT format('variant %s: %s periods', variant_id, o.n) AS finding \
         FROM (SELECT store_id, variant_id FROM stock_states WHERE status = 'out_of_stock') s \
         FULL JOIN (SELECT store_id, variant_id, count(*) FILTER (WHERE ended_at IS NULL) AS n FROM stock_outs \
                    GROUP BY 1, 2) o USING (store_id, variant_id) \
         LEFT JOIN stock_states k USING (store_id, variant_id) \
         WHERE coalesce(o.n, 0) <> CASE WHEN k.status = 'out_of_stock' THEN 1 ELSE 0 END",
    ),
];
