//! The audit of the outbox and the feed.

/// Names the rows that a test has inserted itself in the outbox, as the server does with its own.
pub const NAME_ROWS: &str = "INSERT INTO outbox (store_id, movements, entries, events, created_at) \
     SELECT store_id, COALESCE(array_agg(id ORDER BY id) FILTER (WHERE is_movement), '{}'), \
            COALESCE(array_agg(id ORDER BY id) FILTER (WHERE NOT is_movement), '{}'), '[]', now() \
     FROM (SELECT store_id, id, true AS is_movement FROM stock_movements \
           UNION ALL SELECT store_id, id, false FROM audit_log UNION ALL SELECT store_id, id, false FROM order_history \
           UNION ALL SELECT store_id, id, false FROM order_payments \
           UNION ALL SELECT store_id, id, false FROM credits) appended \
     WHERE (store_id, id) NOT IN (SELECT store_id, unnest(movements || entries) FROM outbox \
                                  UNION ALL SELECT store_id, unnest(movements || entries) FROM feed) \
     GROUP BY store_id, id / 100 ORDER BY store_id, id / 100";

pub const CHECKS: [(&str, &str); 4] = [
    (
        "every movement is in the outbox or the feed exactly once",
        "SELECT format('movement %s: %s times', id, coalesce(f.n, 0)) AS finding FROM stock_movements m \
         FULL JOIN (SELECT store_id, id, count(*) AS n FROM ( \
                       SELECT store_id, unnest(movements) AS id FROM outbox \
                       UNION ALL SELECT store_id, unnest(movements) FROM feed) named GROUP BY 1, 2) f \
              USING (store_id, id) \
         WHERE m.variant_id IS NULL OR f.n IS DISTINCT FROM 1",
    ),
    (
        "every other row of the audit is in the outbox or the feed exactly once",
        "SELECT format('entry %s: %s times', id, coalesce(f.n, 0)) AS finding FROM ( \
             SELECT store_id, id, true AS is_row FROM audit_log UNION ALL SELECT store_id, id, true FROM order_history \
             UNION ALL SELECT store_id, id, true FROM order_payments UNION ALL SELECT store_id, id, true FROM credits) e \
         FULL JOIN (SELECT store_id, id, count(*) AS n FROM ( \
                       SELECT store_id, unnest(entries) AS id FROM outbox \
                       UNION ALL SELECT store_id, unnest(entries) FROM feed) named GROUP BY 1, 2) f \
              USING (store_id, id) \
         WHERE e.is_row IS NULL OR f.n IS DISTINCT FROM 1",
    ),
    (
        "the positions of a feed have no gaps, and its sums are right",
        "SELECT format('store %s at %s', store_id, position) AS finding FROM ( \
             SELECT f.store_id, f.position, f.position = row_number() OVER w AS follows, \
                    f.movements_before + cardinality(f.movements) = sum(cardinality(f.movements)) OVER w \
                    AND f.entries_before + cardinality(f.entries) = sum(cardinality(f.entries)) OVER w AS fits, \
                    f.position < max(f.position) OVER (PARTITION BY f.store_id) OR (p.position, p.movements, p.entries) \
                    = (f.position, f.movements_before + cardinality(f.movements), \
                       f.entries_before + cardinality(f.entries)) AS ends \
             FROM feed f JOIN feed_positions p USING (store_id) \
             WINDOW w AS (PARTITION BY f.store_id ORDER BY f.position)) rows WHERE NOT (follows AND fits AND ends)",
    ),
    (
        "the feed has the movements of a stock row in the order of their versions",
        "SELECT format('variant %s version %s', variant_id, version) AS finding FROM ( \
             SELECT m.variant_id, m.version, lag(m.version, 1, 0::int8) OVER ( \
                        PARTITION BY m.store_id, m.variant_id, m.location_id ORDER BY f.position, u.ordinal) AS before \
             FROM feed f CROSS JOIN LATERAL unnest(f.movements) WITH ORDINALITY AS u (id, ordinal) \
             JOIN stock_movements m ON m.store_id = f.store_id AND m.id = u.id) m WHERE version <> before + 1",
    ),
];
