//! The invariants of shipments and invoices.

use super::Rule;

rules! {
INVOICE_RULES:
    "the invoice numbers of a store have no gaps": "
        SELECT format('invoices %s, highest number %s, counter %s', i.invoices, i.highest, COALESCE(c.last_number, 0)) AS row
        FROM (SELECT COUNT(*) AS invoices, COALESCE(MAX(number), 0) AS highest FROM invoices WHERE store_id = $1) i
        LEFT JOIN invoice_counters c ON c.store_id = $1
        WHERE (i.invoices, i.invoices) <> (i.highest, COALESCE(c.last_number, 0))";
DELIVERY_RULES:
    "an order is delivered if its shipments are delivered or lost, and at least one is delivered": "
        SELECT format('order %s (%s): %s shipments, open %s, delivered %s', o.order_number, o.status, s.shipments, s.open,
                      s.delivered) AS row
        FROM orders o
        CROSS JOIN LATERAL (
            SELECT COUNT(*) AS shipments, COUNT(delivered_at) AS delivered,
                   COUNT(*) FILTER (WHERE delivered_at IS NULL AND lost_at IS NULL) AS open
            FROM shipments WHERE store_id = $1 AND order_id = o.id) s
        WHERE o.store_id = $1 AND o.id {among} AND o.status IN ('shipped', 'delivered')
          AND (o.status = 'delivered') <> (s.open = 0 AND s.delivered > 0)";
    "an order has the number of its invoice": "
        SELECT format('order %s (%s): %s of %s', o.order_number, o.status, o.invoice_number, i.invoice_number) AS row
        FROM orders o LEFT JOIN invoices i ON i.store_id = $1 AND i.order_id = o.id
        WHERE o.store_id = $1 AND o.id {among}
          AND (o.invoice_number IS DISTINCT FROM i.invoice_number
            OR (i.invoice_number IS NOT NULL AND (o.status = 'under_paying'
                OR ltrim(i.invoice_number, 'INV-0') <> ltrim(i.number::text, '0')
                OR i.content ->> 'order_number' IS DISTINCT FROM o.order_number)))";
}
