//! The invariants of stock statuses and of the periods without stock. Variants with changes that wait for the relay or
//! the job are left out.

use super::Rule;

rules! {
STATE_RULES:
    "the stored stock status of a variant is that of its stock": "
        SELECT format('variant %s: %s instead of %s', COALESCE(w.id, s.variant_id), s.status, w.status) AS row
        FROM (SELECT v.id, CASE WHEN COALESCE(l.sellable, 0) <= 0 THEN 'out_of_stock'
                                WHEN l.sellable <= COALESCE(v.min_stock_level, p.min_stock_level) THEN 'low_stock' END AS status
              FROM variants v
              JOIN products p ON p.store_id = $1 AND p.id = v.product_id
              LEFT JOIN (SELECT variant_id, SUM(GREATEST(stock_quantity - reserved_quantity - safety_quantity, 0)) AS sellable
                         FROM stock_levels
                         WHERE store_id = $1 AND location_id IN (
                               SELECT id FROM locations
                               WHERE store_id = $1 AND kind = 'place' AND status = 'active' AND sells_online)
                         GROUP BY variant_id) l ON l.variant_id = v.id
              WHERE v.store_id = $1 AND v.status = 'active' AND p.status = 'active') w
        FULL JOIN (SELECT variant_id, status FROM stock_states WHERE store_id = $1) s ON s.variant_id = w.id
        WHERE s.status IS DISTINCT FROM w.status
          AND EXISTS (SELECT FROM scarcity_searches WHERE store_id = $1 AND is_complete)
          AND NOT EXISTS (SELECT FROM scarcity_changes
                          WHERE store_id = $1 AND (variant_id IS NULL OR variant_id = COALESCE(w.id, s.variant_id)))
          AND COALESCE(w.id, s.variant_id) NOT IN (
              SELECT m.variant_id
              FROM (SELECT unnest(movements) AS id FROM outbox WHERE store_id = $1) o
              JOIN stock_movements m ON m.store_id = $1 AND m.id = o.id
              UNION ALL SELECT unnest(variants) FROM outbox WHERE store_id = $1)";
    "a variant has an open period without stock exactly while its stored status is out of stock": "
        SELECT format('variant %s: %s, begun at %s', variant_id, s.status, o.started_at) AS row
        FROM (SELECT variant_id, status FROM stock_states WHERE store_id = $1 AND status = 'out_of_stock') s
        FULL JOIN (SELECT variant_id, started_at FROM stock_outs WHERE store_id = $1 AND ended_at IS NULL) o USING (variant_id)
        WHERE s.variant_id IS NULL OR o.variant_id IS NULL";
    "periods without stock of a variant do not overlap": "
        SELECT format('variant %s: %s to %s, then from %s', variant_id, started_at, ended_at, next) AS row
        FROM (SELECT variant_id, started_at, ended_at,
                     LEAD(started_at) OVER (PARTITION BY variant_id ORDER BY started_at) AS next
              FROM stock_outs WHERE store_id = $1) o
        WHERE next IS NOT NULL AND (ended_at IS NULL OR next < ended_at)";
    "periods without stock are those between the events of the feed": "
        SELECT format('variant %s at %s: %s', e.variant_id, e.at, e.type) AS row
        FROM (SELECT (c.event -> 'data' ->> 'variant_id')::int8 AS variant_id, c.event ->> 'type' AS type,
                     (c.event ->> 'at')::timestamptz AS at
              FROM feed f CROSS JOIN LATERAL jsonb_array_elements(f.status_events) AS c (event)
              WHERE f.store_id = $1 AND f.created_at >= $3 AND f.status_events IS NOT NULL) e
        WHERE (e.type = 'stock.out') <> EXISTS (
              SELECT FROM stock_outs
              WHERE store_id = $1 AND variant_id = e.variant_id
                AND CASE WHEN e.type = 'stock.out' THEN started_at <= e.at AND COALESCE(ended_at, 'infinity') >= e.at
                         ELSE started_at < e.at AND COALESCE(ended_at, 'infinity') > e.at END)";
}
