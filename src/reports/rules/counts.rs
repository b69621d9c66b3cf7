//! The invariants of counts. Finished counts that did not change since `$3` are left out.

use super::Rule;

rules! {
COUNT_RULES:
    "a posted line of a count has exactly one movement, and no other line has one": "
        SELECT format('count %s, variant %s (%s): %s movements', COALESCE(n.count_number, m.count_number),
                      COALESCE(n.variant_id, m.variant_id), COALESCE(n.status, 'no line'), COALESCE(m.movements, 0)) AS row
        FROM (SELECT c.count_number, c.location_id, n.* FROM counts c
              JOIN count_lines n ON n.store_id = $1 AND n.count_id = c.id
              WHERE c.store_id = $1 AND (c.updated_at >= $3 OR c.status IN ('open', 'submitted'))) n
        FULL JOIN (SELECT c.id AS count_id, c.count_number, m.variant_id, COUNT(*) AS movements,
                          MAX(m.location_id) AS location_id, MAX(m.version) AS version, MAX(m.stock_delta) AS units,
                          MAX(m.effective_at) AS effective_at, bool_and(m.kind = 'adjust') AS are_adjustments
                   FROM counts c JOIN stock_movements m ON m.store_id = $1 AND m.reference_id = c.count_number
                        AND m.reason IS NULL
                   WHERE c.store_id = $1 AND (c.updated_at >= $3 OR c.status IN ('open', 'submitted'))
                   GROUP BY c.id, c.count_number, m.variant_id) m
               ON m.count_id = n.count_id AND m.variant_id = n.variant_id
        WHERE COALESCE(m.movements, 0) <> CASE WHEN n.status = 'posted' THEN 1 ELSE 0 END
           OR (n.status = 'posted' AND (m.are_adjustments, m.location_id, m.version, m.units, m.effective_at) IS DISTINCT FROM
               (true, n.location_id, n.movement_version, n.counted_quantity - n.expected_quantity, n.counted_at))";
    "no look at a stock row is posted after a newer one": "
        SELECT format('movement %s of variant %s at %s: look of %s after that of %s, posted at %s', id, variant_id,
                      location_id, effective_at, COALESCE(look_before::text, '(none)'), created_at) AS row
        FROM (SELECT id, variant_id, location_id, effective_at, created_at,
                     LAG(effective_at) OVER (PARTITION BY variant_id, location_id ORDER BY version) AS look_before
              FROM stock_movements WHERE store_id = $1 AND effective_at IS NOT NULL) m
        WHERE id > $2 AND (effective_at < look_before OR effective_at > created_at)";
    "the counted units of a line follow from its entries": "
        SELECT format('line %s of count %s: %s at %s of %s at %s', n.line, c.count_number,
                      COALESCE(n.counted_quantity::text, '(nothing)'), COALESCE(n.counted_at::text, '(never)'),
                      COALESCE(e.quantity::text, '(nothing)'), COALESCE(e.counted_at::text, '(never)')) AS row
        FROM counts c JOIN count_lines n ON n.store_id = $1 AND n.count_id = c.id
        LEFT JOIN LATERAL (SELECT counted_at, id FROM count_entries
                           WHERE store_id = $1 AND count_id = c.id AND line = n.line AND counted_at >= n.opened_at
                             AND NOT is_added ORDER BY counted_at DESC, id DESC LIMIT 1) s ON true
        CROSS JOIN LATERAL (SELECT SUM(quantity) AS quantity, MAX(counted_at) AS counted_at FROM count_entries
                            WHERE store_id = $1 AND count_id = c.id AND line = n.line AND counted_at >= n.opened_at
                              AND (s.id IS NULL OR (counted_at, id) >= (s.counted_at, s.id))) e
        WHERE c.store_id = $1 AND (c.updated_at >= $3 OR c.status IN ('open', 'submitted'))
          AND (n.counted_quantity, n.counted_at) IS DISTINCT FROM (e.quantity, e.counted_at)
          AND NOT (c.uncounted = 'zero' AND n.status <> 'open' AND n.counted_quantity = 0 AND e.quantity IS NULL)";
    "the status of a count follows from its lines and ends its history": "
        SELECT format('count %s is %s, its lines are %s, its history ends with %s', c.count_number, c.status, n.status,
                      COALESCE(h.to_status, '(nothing)')) AS row
        FROM counts c
        CROSS JOIN LATERAL (
            SELECT COUNT(*) AS lines, MAX(line) AS last,
                   CASE WHEN bool_or(status = 'cancelled') THEN 'cancelled'
                        WHEN bool_or(status = 'open') THEN 'open'
                        WHEN bool_or(status IN ('submitted', 'refused')) THEN 'submitted' ELSE 'posted' END AS status
            FROM count_lines WHERE store_id = $1 AND count_id = c.id) n
        LEFT JOIN LATERAL (SELECT to_status FROM count_history WHERE store_id = $1 AND count_id = c.id
                           ORDER BY id DESC LIMIT 1) h ON true
        WHERE c.store_id = $1 AND (c.updated_at >= $3 OR c.status IN ('open', 'submitted'))
          AND (c.status, c.status, c.line_count, c.line_count) IS DISTINCT FROM (n.status, h.to_status, n.lines, n.last)";
    "each status change of a count is allowed": "
        SELECT format('count %s: %s to %s', count_id, COALESCE(from_status, '(none)'), to_status) AS row
        FROM (SELECT h.count_id, h.from_status, h.to_status,
                     LAG(h.to_status) OVER (PARTITION BY h.count_id ORDER BY h.id) AS status_before
              FROM counts c JOIN count_history h ON h.store_id = $1 AND h.count_id = c.id
              WHERE c.store_id = $1 AND (c.updated_at >= $3 OR c.status IN ('open', 'submitted'))) h
        WHERE from_status IS DISTINCT FROM status_before
           OR (COALESCE(from_status, ''), to_status) NOT IN (
                ('', 'open'), ('open', 'submitted'), ('submitted', 'open'), ('open', 'posted'), ('submitted', 'posted'),
                ('open', 'cancelled'), ('submitted', 'cancelled'))";
}
