//! The invariants of counts.

/// Queries by the name of their invariant.
pub const CHECKS: [(&str, &str); 3] = [
    (
        "every posted line of a count moved its difference once, from the stock at its look",
        "SELECT format('count %s line %s', c.count_number, l.line) AS finding \
         FROM counts c JOIN count_lines l ON l.store_id = c.store_id AND l.count_id = c.id \
         CROSS JOIN LATERAL (SELECT count(*) AS n, sum(stock_delta) AS units, max(version) AS version, \
                bool_and(kind = 'adjust' AND effective_at = l.counted_at AND (reserved_delta, sold_delta, \
                    committed_delta) = (0, 0, 0)) AS plain FROM stock_movements m \
             WHERE m.store_id = c.store_id AND m.reference_id = c.count_number AND m.variant_id = l.variant_id \
               AND m.location_id = c.location_id AND m.reason IS NULL) m \
         CROSS JOIN LATERAL (SELECT coalesce(sum(stock_delta + committed_delta), 0) AS units FROM stock_movements b \
             WHERE b.store_id = c.store_id AND b.variant_id = l.variant_id AND b.location_id = c.location_id \
               AND b.version < l.movement_version AND coalesce(b.effective_at, b.created_at) <= l.counted_at) p \
         WHERE m.n <> CASE l.status WHEN 'posted' THEN 1 ELSE 0 END OR (l.status = 'posted' AND NOT (m.plain \
               AND m.version = l.movement_version AND p.units = l.expected_quantity \
               AND m.units = l.counted_quantity - p.units)) \
         UNION ALL SELECT format('movement %s of %s', m.id, m.reference_id) FROM stock_movements m \
             JOIN counts c ON c.store_id = m.store_id AND c.count_number = m.reference_id AND m.reason IS NULL \
             LEFT JOIN count_lines l ON l.store_id = c.store_id AND l.count_id = c.id AND l.variant_id = m.variant_id \
             WHERE l.line IS NULL OR m.location_id <> c.location_id",
    ),
    (
        "the looks at a row are posted in their order",
        "SELECT format('movement %s', m.id) AS finding FROM stock_movements m JOIN stock_movements e \
             USING (store_id, variant_id, location_id) \
         WHERE m.effective_at IS NOT NULL AND e.effective_at IS NOT NULL AND m.version > e.version \
           AND m.effective_at < e.effective_at",
    ),
    (
        "every count has the status, the history and the figures of its lines and entries",
        "SELECT format('count %s (%s): %s', c.count_number, c.status, h.steps) AS finding FROM counts c \
         LEFT JOIN (SELECT store_id, count_id, count(*) AS lines, array_agg(DISTINCT status) AS statuses \
                    FROM count_lines GROUP BY 1, 2) l ON l.store_id = c.store_id AND l.count_id = c.id \
         LEFT JOIN (SELECT store_id, count_id, string_agg(to_status, '>' ORDER BY id) AS steps, \
                           string_agg(coalesce(from_status, '') || '>', '' ORDER BY id) AS begins, \
                           (array_agg(to_status ORDER BY id DESC))[1] AS last \
                    FROM count_history GROUP BY 1, 2) h ON h.store_id = c.store_id AND h.count_id = c.id \
         WHERE l.lines IS DISTINCT FROM c.line_count OR h.last IS DISTINCT FROM c.status \
            OR h.begins || h.last IS DISTINCT FROM '>' || h.steps OR h.steps NOT LIKE 'open%' \
            OR CASE c.status WHEN 'cancelled' THEN 'cancelled' = ANY(l.statuses) \
                    WHEN 'open' THEN 'open' = ANY(l.statuses) AND 'cancelled' <> ALL(l.statuses) \
                    WHEN 'submitted' THEN l.statuses && '{submitted,refused}' AND NOT l.statuses && '{open,cancelled}' \
                    ELSE l.statuses <@ '{posted,superseded,uncounted}' END IS NOT TRUE \
         UNION ALL SELECT format('line %s of count %s', l.line, l.count_id) FROM count_lines l \
             JOIN counts c ON c.store_id = l.store_id AND c.id = l.count_id \
             LEFT JOIN (SELECT store_id, count_id, line, sum(quantity) AS units, max(counted_at) AS at FROM ( \
                 SELECT e.*, count(*) FILTER (WHERE NOT e.is_added) OVER (PARTITION BY e.store_id, e.count_id, e.line \
                        ORDER BY e.counted_at DESC, e.id DESC) AS replaced FROM count_entries e \
                 JOIN count_lines o ON o.store_id = e.store_id AND o.count_id = e.count_id AND o.line = e.line \
                      AND e.counted_at >= o.opened_at) e \
                 WHERE replaced = CASE WHEN is_added THEN 0 ELSE 1 END GROUP BY 1, 2, 3) e \
               ON e.store_id = l.store_id AND e.count_id = l.count_id AND e.line = l.line \
             WHERE (l.counted_quantity, l.counted_at) IS DISTINCT FROM (e.units, e.at) \
               AND NOT (c.uncounted = 'zero' AND e.units IS NULL AND l.counted_quantity = 0)",
    ),
];
