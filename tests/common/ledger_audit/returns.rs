//! The audit of returns and exchanges.

pub const CHECKS: [(&str, &str); 5] = [
    (
        "every return line is the sum of its receipts",
        "SELECT format('line %s', l.id) AS finding FROM return_lines l \
         LEFT JOIN (SELECT store_id, line_id, sum(restocked_quantity) AS a, sum(quarantined_quantity) AS b, \
                           sum(scrapped_quantity) AS c, sum(missing_quantity) AS d FROM return_receipt_lines GROUP BY 1, 2) r \
           ON r.store_id = l.store_id AND r.line_id = l.id \
         WHERE ARRAY[l.restocked_quantity, l.quarantined_quantity, l.scrapped_quantity, l.missing_quantity]::numeric[] \
            <> ARRAY[COALESCE(r.a, 0), COALESCE(r.b, 0), COALESCE(r.c, 0), COALESCE(r.d, 0)]::numeric[]",
    ),
    (
        "every returned unit came with a return, and no unit is in two",
        "SELECT format('order %s variant %s: %s of %s', i.order_id, i.variant_id, i.returned_quantity, r.back) AS finding \
         FROM order_items i \
         LEFT JOIN (SELECT t.store_id, t.order_id, l.variant_id, \
                           sum(restocked_quantity + quarantined_quantity + scrapped_quantity) AS back, \
                           sum(CASE WHEN t.status IN ('rejected', 'cancelled', 'received') THEN \
                                   restocked_quantity + quarantined_quantity + scrapped_quantity \
                               ELSE quantity - missing_quantity END) AS claimed \
                    FROM returns t JOIN return_lines l ON l.store_id = t.store_id AND l.return_id = t.id GROUP BY 1, 2, 3) r \
           ON r.store_id = i.store_id AND r.order_id = i.order_id AND r.variant_id = i.variant_id \
         WHERE i.returned_quantity <> COALESCE(r.back, 0) OR COALESCE(r.claimed, 0) > i.shipped_quantity",
    ),
    (
        "every return has the status of its lines and of its history",
        "SELECT format('return %s (%s)', t.return_number, t.status) AS finding FROM returns t \
         LEFT JOIN (SELECT store_id, return_id, sum(quantity) AS units, sum(restocked_quantity + quarantined_quantity \
                           + scrapped_quantity + missing_quantity) AS done FROM return_lines GROUP BY 1, 2) l \
           ON l.store_id = t.store_id AND l.return_id = t.id \
         LEFT JOIN (SELECT DISTINCT ON (store_id, return_id) store_id, return_id, to_status FROM return_history \
                    ORDER BY store_id, return_id, id DESC) h ON h.store_id = t.store_id AND h.return_id = t.id \
         WHERE h.to_status IS DISTINCT FROM t.status OR l.units IS NULL \
            OR (t.status = 'received') <> (l.done = l.units) \
            OR (t.status = 'partially_received') <> (l.done > 0 AND l.done < l.units)",
    ),
    (
        "every returned unit is in the ledger and in a credit, once",
        "WITH units AS (SELECT r.store_id, r.receipt_number AS number, l.variant_id, n.fee, \
                               n.restocked_quantity + n.quarantined_quantity AS stays, n.scrapped_quantity AS scrap, \
                               r.credit_number \
                        FROM return_receipts r JOIN return_receipt_lines n ON n.store_id = r.store_id AND n.receipt_id = r.id \
                        JOIN return_lines l ON l.store_id = n.store_id AND l.id = n.line_id AND l.return_id = r.return_id), \
              moved AS (SELECT store_id, reference_id AS number, variant_id, sum(stock_delta) AS stays, \
                               sum(CASE WHEN kind = 'return' THEN stock_delta ELSE 0 END) AS back \
                        FROM stock_movements WHERE reference_id IN (SELECT receipt_number FROM return_receipts) \
                           OR kind = 'return' GROUP BY 1, 2, 3), \
              given AS (SELECT c.store_id, c.credit_number, l.variant_id, l.quantity, l.fee FROM credits c \
                        JOIN credit_lines l ON l.store_id = c.store_id AND l.credit_id = c.id WHERE c.kind = 'return') \
         SELECT format('receipt %s variant %s', COALESCE(u.number, m.number), COALESCE(u.variant_id, m.variant_id)) AS finding \
         FROM units u FULL JOIN moved m ON m.store_id = u.store_id AND m.number = u.number AND m.variant_id = u.variant_id \
         WHERE COALESCE(u.stays, 0) <> COALESCE(m.stays, 0) OR COALESCE(u.stays + u.scrap, 0) <> COALESCE(m.back, 0) \
         UNION ALL \
         SELECT format('credit %s variant %s', COALESCE(u.credit_number, g.credit_number), COALESCE(u.variant_id, g.variant_id)) \
         FROM (SELECT * FROM units WHERE stays + scrap > 0) u \
         FULL JOIN given g ON g.store_id = u.store_id AND g.credit_number = u.credit_number AND g.variant_id = u.variant_id \
         WHERE (u.stays + u.scrap, u.fee) IS DISTINCT FROM (g.quantity, g.fee)",
    ),
    (
        "what a credit pays is received by an exchange of its order",
        "SELECT format('credit %s: %s', c.credit_number, c.used_amount) AS finding FROM credits c \
         LEFT JOIN (SELECT p.store_id, e.exchange_of, p.reference, sum(p.amount) AS amount FROM order_payments p \
                    JOIN orders e ON e.store_id = p.store_id AND e.id = p.order_id WHERE p.kind = 'payment' GROUP BY 1, 2, 3) p \
           ON p.store_id = c.store_id AND p.exchange_of = c.order_id AND p.reference = c.credit_number \
         WHERE c.used_amount > 0 AND c.used_amount <> COALESCE(p.amount, 0)",
    ),
];
