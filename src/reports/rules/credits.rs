//! The invariants of credits, for a list or a range of orders.

use super::Rule;

rules! {
CREDIT_RULES:
    "the cancelled and returned units of an item are those of its credits": "
        SELECT format('item %s of order %s: cancelled %s of %s, returned %s of %s', i.id, o.order_number,
                      i.cancelled_quantity, COALESCE(c.cancelled, 0), i.returned_quantity, COALESCE(c.returned, 0)) AS row
        FROM orders o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id
        LEFT JOIN LATERAL (SELECT SUM(l.quantity) FILTER (WHERE c.kind = 'cancel') AS cancelled,
                                  SUM(l.quantity) FILTER (WHERE c.kind = 'return') AS returned
                           FROM credits c
                           JOIN credit_lines l ON l.store_id = $1 AND l.credit_id = c.id AND l.variant_id = i.variant_id
                           WHERE c.store_id = $1 AND c.order_id = o.id) c ON true
        WHERE o.store_id = $1 AND o.id {among}
          AND ((i.cancelled_quantity, i.returned_quantity) <> (COALESCE(c.cancelled, 0), COALESCE(c.returned, 0))
            OR (o.status = 'cancelled' AND i.cancelled_quantity < i.quantity))";
    "the credits of an item are at most its share, and all of it if no units are left": "
        SELECT format('item %s of order %s: credited %s/%s/%s/%s of %s/%s/%s/%s, fees %s', i.id, i.order_id, c.subtotal,
                      c.discount, c.tax, c.included_tax, i.total_price, i.discount_amount, i.tax_amount,
                      i.included_tax_amount, c.fee) AS row
        FROM order_items i
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(l.subtotal), 0) AS subtotal, COALESCE(SUM(l.discount_amount), 0) AS discount,
                   COALESCE(SUM(l.tax_amount), 0) AS tax, COALESCE(SUM(l.included_tax_amount), 0) AS included_tax,
                   COALESCE(SUM(l.fee), 0) AS fee
            FROM credits c
            JOIN credit_lines l ON l.store_id = $1 AND l.credit_id = c.id AND l.variant_id = i.variant_id
            WHERE c.store_id = $1 AND c.order_id = i.order_id) c
        WHERE i.store_id = $1 AND i.order_id {among}
          AND (c.subtotal > i.total_price OR c.discount > i.discount_amount OR c.tax > i.tax_amount
            OR c.included_tax > i.included_tax_amount OR c.fee < 0
            OR c.subtotal - c.discount + c.tax > i.total_price - i.discount_amount + i.tax_amount
            OR (i.cancelled_quantity + i.returned_quantity = i.quantity
                AND (c.subtotal, c.discount, c.tax, c.included_tax)
                    <> (i.total_price, i.discount_amount, i.tax_amount, i.included_tax_amount)))";
    "the amounts of a credit are those of its lines and of the delivery": "
        SELECT format('credit %s: total %s, lines %s, fee %s of %s', c.credit_number, c.total_amount,
                      COALESCE(l.subtotal - l.discount + l.tax, 0), c.fee, COALESCE(l.fee, 0)) AS row
        FROM credits c
        CROSS JOIN LATERAL (
            SELECT SUM(subtotal) AS subtotal, SUM(discount_amount) AS discount, SUM(tax_amount) AS tax,
                   SUM(included_tax_amount) AS included_tax, SUM(fee) AS fee
            FROM credit_lines WHERE store_id = $1 AND credit_id = c.id) l
        WHERE c.store_id = $1 AND c.order_id {among}
          AND (c.subtotal, c.discount_amount, c.tax_amount - c.shipping_tax_amount,
               c.included_tax_amount - c.shipping_included_tax_amount, c.fee)
              <> (COALESCE(l.subtotal, 0), COALESCE(l.discount, 0), COALESCE(l.tax, 0), COALESCE(l.included_tax, 0),
                  COALESCE(l.fee, 0))";
    "the credits of an order add up, and nothing is left of a cancelled one": "
        SELECT format('order %s (%s): credited %s of %s, used %s of %s, units %s of %s, delivery %s of %s', o.order_number,
                      o.status, o.credited_amount, c.total, o.credit_used_amount, c.used, o.credited_items, i.units,
                      c.delivery, o.shipping_amount) AS row
        FROM orders o
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(total_amount), 0) AS total, COALESCE(SUM(used_amount), 0) AS used,
                   COALESCE(SUM(shipping_amount), 0) AS delivery, COALESCE(SUM(shipping_tax_amount), 0) AS tax
            FROM credits WHERE store_id = $1 AND order_id = o.id) c
        CROSS JOIN LATERAL (SELECT SUM(cancelled_quantity + returned_quantity) AS units, SUM(tax_amount) AS tax
                            FROM order_items WHERE store_id = $1 AND order_id = o.id) i
        WHERE o.store_id = $1 AND o.id {among}
          AND ((o.credited_amount, o.credit_used_amount, o.credited_items) <> (c.total, c.used, i.units)
            OR c.delivery > o.shipping_amount OR c.tax > o.tax_amount - i.tax
            OR o.credited_amount > o.total_amount
            OR (o.status = 'cancelled' AND o.credited_amount <> o.total_amount))";
    "the unapplied money of an order and the refunds of its credits are those of its payments": "
        SELECT format('order %s: unapplied %s of %s, refunds of credits %s of %s', o.order_number, o.unapplied_amount,
                      p.unapplied, c.refunded, p.refunded) AS row
        FROM orders o
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(CASE kind WHEN 'payment' THEN unapplied_amount ELSE -unapplied_amount END), 0) AS unapplied,
                   COALESCE(SUM(amount) FILTER (WHERE credit_id IS NOT NULL), 0) AS refunded
            FROM order_payments WHERE store_id = $1 AND order_id = o.id) p
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM(c.refunded_amount), 0) AS refunded, COALESCE(bool_and(c.refunded_amount = r.amount), true) AS each
            FROM credits c
            CROSS JOIN LATERAL (SELECT COALESCE(SUM(amount), 0) AS amount FROM order_payments
                                WHERE store_id = $1 AND order_id = o.id AND credit_id = c.id) r
            WHERE c.store_id = $1 AND c.order_id = o.id) c
        WHERE o.store_id = $1 AND o.id {among}
          AND (o.unapplied_amount <> p.unapplied OR c.refunded <> p.refunded OR NOT c.each)";
}
