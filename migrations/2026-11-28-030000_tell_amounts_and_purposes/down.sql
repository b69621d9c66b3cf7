DROP INDEX orders_created_idx;
CREATE INDEX orders_created_idx ON orders (store_id, created_at, id)
    INCLUDE (status, payment_status, total_amount, total_items);
DROP INDEX orders_refund_due_idx;
CREATE INDEX orders_refund_due_idx ON orders (store_id, id)
    WHERE status = 'cancelled' AND received_amount > refunded_amount;
DROP INDEX reservations_reference_idx;
DROP VIEW audit_entries;
CREATE VIEW audit_entries AS
SELECT a.store_id, a.id, a.entity, a.entity_id, a.action, a.detail, a.actor, a.created_at
FROM audit_log a
UNION ALL
SELECT m.store_id, m.id, 'Inventory',
       (SELECT v.product_id FROM variants v WHERE v.store_id = m.store_id AND v.id = m.variant_id),
       CASE m.kind WHEN 'fulfil' THEN 'ORDER_FULFILLED'
                   WHEN 'restore' THEN 'STOCK_RESTORED'
                   ELSE 'STOCK_' || upper(m.kind) END,
       CASE m.kind
           WHEN 'fulfil' THEN format('Fulfilled %s units for order %s. Stock: %s, Reserved: %s',
                                     m.sold_delta, m.reference_id, m.stock_after, m.reserved_after)
           WHEN 'restore' THEN format('Restored %s units from cancelled order %s', m.stock_delta, m.reference_id)
           ELSE format('%s: stock %s, reserved %s. Stock: %s, Reserved: %s', initcap(m.kind),
                       to_char(m.stock_delta, 'FMSG9999999999999990'),
                       to_char(m.reserved_delta, 'FMSG9999999999999990'), m.stock_after, m.reserved_after)
       END, m.actor, m.created_at
FROM stock_movements m
UNION ALL
SELECT h.store_id, h.id, 'Order', h.order_id,
       CASE WHEN h.from_status IS NULL THEN 'CREATE'
            WHEN h.to_status = 'cancelled' THEN 'CANCEL' ELSE 'UPDATE_STATUS' END,
       (SELECT CASE WHEN h.from_status IS NULL
                    THEN format('Order %s created with %s items', o.order_number, o.total_items)
                    ELSE format('Order %s: %s to %s', o.order_number, h.from_status, h.to_status) END
        FROM orders o WHERE o.store_id = h.store_id AND o.id = h.order_id),
       h.actor, h.created_at
FROM order_history h
UNION ALL
SELECT p.store_id, p.id, 'Order', p.order_id,
       CASE p.kind WHEN 'payment' THEN 'PAYMENT_RECORDED' ELSE 'REFUND_RECORDED' END,
       (SELECT format('%s %s recorded for order %s', initcap(p.kind), COALESCE(p.reference, '(no reference)'),
                      o.order_number)
        FROM orders o WHERE o.store_id = p.store_id AND o.id = p.order_id),
       p.actor, p.created_at
FROM order_payments p;
