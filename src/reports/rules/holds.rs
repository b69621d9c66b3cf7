//! The invariant of the daily roll-ups of ended holds. Days that are not added yet are left out.

use super::Rule;

rules! {
HOLD_RULES:
    "the ended holds of each day are those of the carts and orders": "
        WITH fold AS (
            SELECT time_zone, next_day, ($3 AT TIME ZONE time_zone)::date + 1 AS first FROM hold_folds
            WHERE store_id = $1 AND next_day IS NOT NULL),
        windows AS (
            SELECT (h.ended_at AT TIME ZONE fold.time_zone)::date AS day, h.holder_kind,
                   COALESCE(o.payment_method, '') AS payment_method, COALESCE(o.id, h.id) AS number,
                   bool_or(h.state IN ('sold', 'transferred')) AS is_converted, bool_or(h.state = 'expired') AS is_expired
            FROM fold
            JOIN stock_holds h ON h.store_id = $1 AND h.state <> 'active' AND h.ended_at >= $3
                              AND (h.holder_kind = 'cart' OR (h.holder_kind = 'order' AND h.state <> 'transferred'))
            LEFT JOIN orders o ON o.store_id = $1 AND o.id = h.holder_id AND h.holder_kind = 'order'
            GROUP BY 1, 2, 3, 4),
        expected AS (
            SELECT day, holder_kind, payment_method, (COUNT(*), COUNT(*) FILTER (WHERE is_converted),
                   COUNT(*) FILTER (WHERE is_expired))::text AS numbers
            FROM windows, fold WHERE day >= fold.first AND day < fold.next_day GROUP BY 1, 2, 3),
        kept AS (
            SELECT day, holder_kind, payment_method, (ended, converted, expired)::text AS numbers
            FROM holds_by_day, fold WHERE store_id = $1 AND day >= fold.first)
        SELECT format('%s %s on %s: %s instead of %s', holder_kind, payment_method, day, kept.numbers, expected.numbers) AS row
        FROM kept FULL JOIN expected USING (day, holder_kind, payment_method)
        WHERE kept.numbers IS DISTINCT FROM expected.numbers";
}
