CREATE OR REPLACE VIEW audit_entries AS
SELECT a.store_id, a.id, a.entity, a.entity_id, a.action, a.detail, NULL::int8 AS amount,
       NULL::text AS currency, a.actor, a.created_at
FROM audit_log a
UNION ALL
SELECT m.store_id, m.id, 'Inventory',
       (SELECT v.product_id FROM variants v WHERE v.store_id = m.store_id AND v.id = m.variant_id),
       CASE m.kind WHEN 'fulfil' THEN 'ORDER_FULFILLED'
                   WHEN 'restore' THEN 'STOCK_RESTORED'
                   WHEN 'ship' THEN 'STOCK_SHIPPED'
                   ELSE 'STOCK_' || upper(m.kind) END,
       CASE
           WHEN m.kind = 'restore' THEN format(
               'Restored %s units from cancelled order %s', m.stock_delta, m.reference_id)
           WHEN m.kind = 'ship' THEN format(
               'Shipped %s units by %s. Committed: %s', -m.committed_delta, m.reference_id, m.committed_after)
           WHEN m.kind IN ('transfer_out', 'transfer_in') THEN format(
               'Moved %s units by %s. Stock: %s', to_char(m.stock_delta, 'FMSG9999999999999990'), m.reference_id,
               m.stock_after)
           WHEN m.kind IN ('reserve', 'release', 'fulfil') THEN format(
               CASE m.kind WHEN 'fulfil' THEN 'Fulfilled %1$s units for %2$s. Stock: %5$s, Reserved: %6$s'
                           ELSE '%7$s for %2$s: stock %3$s, reserved %4$s. Stock: %5$s, Reserved: %6$s' END,
               m.sold_delta,
               CASE WHEN m.reference_id ~ '^reservation:[0-9]{1,18}$' THEN COALESCE(
                        (SELECT format('reservation %s (%s)', r.id, r.reference_id) FROM reservations r
                         WHERE r.store_id = m.store_id AND r.id = substr(m.reference_id, 13)::int8), m.reference_id)
                    WHEN m.reference_id LIKE 'cart:%' THEN replace(m.reference_id, ':', ' ')
                    WHEN m.reference_id LIKE 'TRF-%' THEN 'transfer ' || m.reference_id
                    ELSE 'order ' || m.reference_id END,
               to_char(m.stock_delta, 'FMSG9999999999999990'), to_char(m.reserved_delta, 'FMSG9999999999999990'),
               m.stock_after, m.reserved_after, initcap(m.kind))
           ELSE format('%s: stock %s, reserved %s. Stock: %s, Reserved: %s', initcap(m.kind),
                       to_char(m.stock_delta, 'FMSG9999999999999990'),
                       to_char(m.reserved_delta, 'FMSG9999999999999990'), m.stock_after, m.reserved_after)
       END, NULL::int8, NULL::text, m.actor, m.created_at
FROM stock_movements m
UNION ALL
SELECT h.store_id, h.id, 'Order', h.order_id,
       CASE WHEN h.from_status IS NULL THEN 'CREATE'
            WHEN h.to_status = 'cancelled' THEN 'CANCEL' ELSE 'UPDATE_STATUS' END,
       (SELECT CASE WHEN h.from_status IS NULL
                    THEN format('Order %s created with %s items', o.order_number, o.total_items)
                    ELSE format('Order %s: %s to %s', o.order_number, h.from_status, h.to_status) END
        FROM orders o WHERE o.store_id = h.store_id AND o.id = h.order_id),
       NULL::int8, NULL::text, h.actor, h.created_at
FROM order_history h
UNION ALL
SELECT p.store_id, p.id, 'Order', p.order_id,
       CASE p.kind WHEN 'payment' THEN 'PAYMENT_RECORDED' ELSE 'REFUND_RECORDED' END,
       (SELECT format('%s %s recorded for order %s', initcap(p.kind), COALESCE(p.reference, '(no reference)'),
                      o.order_number)
        FROM orders o WHERE o.store_id = p.store_id AND o.id = p.order_id),
       p.amount,
       (SELECT o.currency FROM orders o WHERE o.store_id = p.store_id AND o.id = p.order_id),
       p.actor, p.created_at
FROM order_payments p;
COMMENT ON COLUMN audit_entries.amount IS
    'The amount of a payment or refund, in minor units; null for other entries. The number of decimals is not known '
    'here, so the server adds the amount to the detail.';
COMMENT ON SEQUENCE ledger_id_seq IS
    'The ids of stock_movements, order_history, order_payments and audit_log, '
    'so that the view audit_entries over all of them has one key.';

DROP INDEX orders_refund_due_idx;
CREATE INDEX orders_refund_due_idx ON orders (store_id, id)
    WHERE received_amount - refunded_amount > CASE WHEN status = 'cancelled' THEN 0 ELSE total_amount END;
DROP INDEX orders_created_idx;
CREATE INDEX orders_created_idx ON orders (store_id, created_at, id)
    INCLUDE (status, payment_status, total_amount, total_items, received_amount, refunded_amount);

DROP INDEX order_payments_first_use_key;
ALTER TABLE order_payments DROP COLUMN unapplied_amount, DROP COLUMN is_reused, DROP COLUMN credit_id;
COMMENT ON TABLE order_payments IS 'The payments and refunds of orders. Rows are only appended.';

ALTER TABLE orders DROP COLUMN credited_items;
DROP TABLE credit_lines;
DROP TABLE credits;
