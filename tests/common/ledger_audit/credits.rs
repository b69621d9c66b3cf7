//! The audit of credits and of the money of orders.

pub const CHECKS: [(&str, &str); 5] = [
    (
        "every order is worth its total less its credits, and a cancelled one nothing",
        "SELECT format('order %s (%s): %s of %s', o.order_number, o.status, o.credited_amount, c.given) AS finding \
         FROM orders o LEFT JOIN (SELECT store_id, order_id, sum(total_amount) AS given, sum(used_amount) AS used \
                                  FROM credits GROUP BY 1, 2) c ON c.store_id = o.store_id AND c.order_id = o.id \
         WHERE o.credited_amount <> COALESCE(c.given, 0) OR o.credit_used_amount <> COALESCE(c.used, 0) \
            OR (o.status = 'cancelled') AND o.credited_amount < o.total_amount OR o.credited_amount > o.total_amount",
    ),
    (
        "every credit is the sum of its parts",
        "SELECT format('credit %s', c.credit_number) AS finding FROM credits c \
         LEFT JOIN (SELECT store_id, credit_id, sum(subtotal - discount_amount + tax_amount - fee) AS lines, \
                           sum(included_tax_amount) AS included FROM credit_lines GROUP BY 1, 2) l \
           ON l.store_id = c.store_id AND l.credit_id = c.id \
         WHERE c.total_amount <> COALESCE(l.lines, 0) + c.shipping_amount + c.shipping_tax_amount \
            OR c.included_tax_amount <> COALESCE(l.included, 0) + c.shipping_included_tax_amount",
    ),
    (
        "every line is credited for the units that left it, never above its price, and wholly with the last one",
        "SELECT format('order %s variant %s: %s units, %s of %s', i.order_id, i.variant_id, l.units, l.amount, i.price) \
             AS finding \
         FROM (SELECT *, total_price - discount_amount + tax_amount AS price, cancelled_quantity + returned_quantity AS gone \
               FROM order_items) i \
         LEFT JOIN (SELECT c.store_id, c.order_id, l.variant_id, sum(l.quantity) AS units, sum(l.subtotal) AS subtotal, \
                           sum(l.tax_amount) AS tax, sum(l.included_tax_amount) AS included, \
                           sum(l.subtotal - l.discount_amount + l.tax_amount) AS amount, sum(l.fee) AS fee \
                    FROM credits c JOIN credit_lines l ON l.store_id = c.store_id AND l.credit_id = c.id GROUP BY 1, 2, 3) l \
           ON l.store_id = i.store_id AND l.order_id = i.order_id AND l.variant_id = i.variant_id \
         WHERE i.gone <> COALESCE(l.units, 0) OR l.amount > i.price OR l.tax > i.tax_amount \
            OR l.included > i.included_tax_amount OR l.subtotal > i.total_price OR l.fee < 0 \
            OR (i.gone = i.quantity AND (l.amount, l.tax, l.included) \
                IS DISTINCT FROM (i.price::numeric, i.tax_amount::numeric, i.included_tax_amount::numeric))",
    ),
    (
        "every order counts the units that left it",
        "SELECT format('order %s', o.order_number) AS finding FROM orders o \
         LEFT JOIN (SELECT store_id, order_id, sum(quantity) AS units, sum(cancelled_quantity + returned_quantity) AS gone \
                    FROM order_items GROUP BY 1, 2) i ON i.store_id = o.store_id AND i.order_id = o.id \
         WHERE o.credited_items <> COALESCE(i.gone, 0) OR o.status = 'cancelled' AND i.gone < i.units",
    ),
    (
        "money that was not accepted is due back, and credits are refunded by refunds",
        "SELECT format('order %s: %s of %s', o.order_number, o.unapplied_amount, p.unapplied) AS finding FROM orders o \
         LEFT JOIN (SELECT store_id, order_id, sum(CASE kind WHEN 'refund' THEN -1 ELSE 1 END * unapplied_amount) AS unapplied \
                    FROM order_payments GROUP BY 1, 2) p ON p.store_id = o.store_id AND p.order_id = o.id \
         WHERE o.unapplied_amount <> COALESCE(p.unapplied, 0) \
         UNION ALL \
         SELECT format('credit %s: %s of %s', c.credit_number, c.refunded_amount, p.refunded) FROM credits c \
         LEFT JOIN (SELECT store_id, order_id, credit_id, sum(amount) AS refunded FROM order_payments \
                    WHERE kind = 'refund' GROUP BY 1, 2, 3) p \
           ON p.store_id = c.store_id AND p.order_id = c.order_id AND p.credit_id = c.id \
         WHERE c.refunded_amount <> COALESCE(p.refunded, 0)",
    ),
];
