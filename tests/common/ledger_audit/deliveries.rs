//! The audit of shipments and invoices.

pub const CHECKS: [(&str, &str); 3] = [
    (
        "every delivered order has arrived, and a shipped one has not",
        "SELECT format('order %s (%s)', o.order_number, o.status) AS finding FROM orders o \
         LEFT JOIN (SELECT store_id, order_id, bool_or(delivered_at IS NOT NULL) AS any_arrived, \
                           bool_and(COALESCE(delivered_at, lost_at) IS NOT NULL) AS all_ended \
                    FROM shipments GROUP BY 1, 2) s ON s.store_id = o.store_id AND s.order_id = o.id \
         WHERE o.status = 'delivered' AND (s.any_arrived AND s.all_ended) IS NOT TRUE \
            OR o.status = 'shipped' AND s.any_arrived AND s.all_ended",
    ),
    (
        "the invoices of a store are numbered from one without a gap, up to the counter",
        "SELECT format('store %s: number %s is the invoice %s, counter %s', i.store_id, i.number, i.position, \
                       c.last_number) AS finding \
         FROM (SELECT *, row_number() OVER (PARTITION BY store_id ORDER BY number) AS position, \
                      count(*) OVER (PARTITION BY store_id) AS many FROM invoices) i \
         LEFT JOIN invoice_counters c ON c.store_id = i.store_id \
         WHERE i.number <> i.position OR i.many IS DISTINCT FROM c.last_number \
            OR i.invoice_number <> 'INV-' || lpad(i.number::text, greatest(6, length(i.number::text)), '0')",
    ),
    (
        "every invoice is named by its order, and names it",
        "SELECT format('order %s: %s, %s', o.order_number, o.invoice_number, i.invoice_number) AS finding \
         FROM orders o FULL JOIN invoices i ON i.store_id = o.store_id AND i.order_id = o.id \
         WHERE o.invoice_number IS DISTINCT FROM i.invoice_number \
            OR i.content IS NOT NULL AND i.content ->> 'order_number' IS DISTINCT FROM o.order_number",
    ),
];
