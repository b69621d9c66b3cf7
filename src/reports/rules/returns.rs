//! The invariants of returns and exchanges, for a list or a range of orders.

use super::Rule;

rules! {
RETURN_RULES:
    "the units of a return line are those of its receipts": "
        SELECT format('line %s of return %s: %s/%s/%s/%s of %s/%s/%s/%s', l.id, t.return_number, l.restocked_quantity,
                      l.quarantined_quantity, l.scrapped_quantity, l.missing_quantity, r.restocked, r.quarantined,
                      r.scrapped, r.missing) AS row
        FROM returns t JOIN return_lines l ON l.store_id = $1 AND l.return_id = t.id
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(n.restocked_quantity), 0) AS restocked, COALESCE(SUM(n.quarantined_quantity), 0) AS quarantined,
                   COALESCE(SUM(n.scrapped_quantity), 0) AS scrapped, COALESCE(SUM(n.missing_quantity), 0) AS missing
            FROM return_receipts r JOIN return_receipt_lines n ON n.store_id = $1 AND n.receipt_id = r.id AND n.line_id = l.id
            WHERE r.store_id = $1 AND r.return_id = t.id) r
        WHERE t.store_id = $1 AND t.order_id {among}
          AND (l.restocked_quantity, l.quarantined_quantity, l.scrapped_quantity, l.missing_quantity)
              <> (r.restocked, r.quarantined, r.scrapped, r.missing)";
    "the returned units of an item are those that arrived, and open returns have at most the others": "
        SELECT format('item %s of order %s: returned %s of %s, shipped %s, open %s', i.id, i.order_id, i.returned_quantity,
                      r.arrived, i.shipped_quantity, r.open) AS row
        FROM order_items i
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(l.restocked_quantity + l.quarantined_quantity + l.scrapped_quantity), 0) AS arrived,
                   COALESCE(SUM(l.quantity - l.restocked_quantity - l.quarantined_quantity - l.scrapped_quantity
                                - l.missing_quantity)
                            FILTER (WHERE t.status IN ('requested', 'approved', 'partially_received')), 0) AS open
            FROM returns t JOIN return_lines l ON l.store_id = $1 AND l.return_id = t.id AND l.variant_id = i.variant_id
            WHERE t.store_id = $1 AND t.order_id = i.order_id) r
        WHERE i.store_id = $1 AND i.order_id {among}
          AND (i.returned_quantity <> r.arrived OR r.open > i.shipped_quantity - i.returned_quantity)";
    "the status of a return follows from its lines and ends its history": "
        SELECT format('return %s is %s: settled %s of %s, history %s', t.return_number, t.status, l.settled, l.quantity,
                      COALESCE(h.to_status, '(nothing)')) AS row
        FROM returns t
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(quantity), 0) AS quantity,
                   COALESCE(SUM(restocked_quantity + quarantined_quantity + scrapped_quantity + missing_quantity), 0) AS settled
            FROM return_lines WHERE store_id = $1 AND return_id = t.id) l
        LEFT JOIN LATERAL (SELECT to_status FROM return_history WHERE store_id = $1 AND return_id = t.id
                           ORDER BY id DESC LIMIT 1) h ON true
        WHERE t.store_id = $1 AND t.order_id {among}
          AND (h.to_status IS DISTINCT FROM t.status OR l.quantity = 0
            OR CASE WHEN l.settled = l.quantity THEN 'received'
                    WHEN l.settled > 0 THEN 'partially_received'
                    WHEN t.status IN ('received', 'partially_received') THEN '(unsettled)'
                    ELSE t.status END <> t.status)";
    "each line of a receipt moved its units and was credited": "
        SELECT format('receipt %s, variant %s: returned %s, removed %s, credited %s of %s/%s/%s', r.receipt_number,
                      l.variant_id, m.returned, m.removed, COALESCE(c.quantity, 0), n.restocked_quantity,
                      n.quarantined_quantity, n.scrapped_quantity) AS row
        FROM return_receipts r
        JOIN return_receipt_lines n ON n.store_id = $1 AND n.receipt_id = r.id
        LEFT JOIN return_lines l ON l.store_id = $1 AND l.id = n.line_id
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(stock_delta) FILTER (WHERE kind = 'return'), 0) AS returned,
                   COALESCE(SUM(stock_delta) FILTER (WHERE kind = 'return' AND location_id = r.location_id), 0) AS at_place,
                   COALESCE(-SUM(stock_delta) FILTER (WHERE kind = 'remove'), 0) AS removed
            FROM stock_movements
            WHERE store_id = $1 AND reference_id = r.receipt_number AND variant_id = l.variant_id) m
        LEFT JOIN LATERAL (
            SELECT x.quantity, x.fee FROM credits c
            JOIN credit_lines x ON x.store_id = $1 AND x.credit_id = c.id AND x.variant_id = l.variant_id
            WHERE c.store_id = $1 AND c.credit_number = r.credit_number AND c.order_id = r.order_id
              AND c.kind = 'return' AND c.return_id = r.return_id) c ON true
        WHERE r.store_id = $1 AND r.order_id {among}
          AND ((m.returned, m.at_place, m.removed, COALESCE(c.quantity, 0), COALESCE(c.fee, 0))
                  <> (n.restocked_quantity + n.quarantined_quantity + n.scrapped_quantity,
                      n.restocked_quantity + n.scrapped_quantity, n.scrapped_quantity,
                      n.restocked_quantity + n.quarantined_quantity + n.scrapped_quantity, n.fee)
            OR l.id IS NULL OR l.return_id <> r.return_id)";
    "the used amount of a credit is the payment of the order of an exchange": "
        SELECT format('credit %s: used %s, paid %s', c.credit_number, c.used_amount, COALESCE(p.amount, 0)) AS row
        FROM credits c
        LEFT JOIN LATERAL (
            SELECT SUM(p.amount) AS amount FROM order_payments p
            JOIN orders e ON e.store_id = $1 AND e.id = p.order_id AND e.exchange_of = c.order_id
            WHERE p.store_id = $1 AND p.reference = c.credit_number AND p.kind = 'payment' AND NOT p.is_reused) p ON true
        WHERE c.store_id = $1 AND c.order_id {among}
          AND c.used_amount > 0 AND c.used_amount <> COALESCE(p.amount, 0)";
}
