DROP VIEW audit_entries;
DROP TABLE shipment_lines;
DROP TABLE shipments;
COMMENT ON COLUMN order_items.allocations IS
    'The locations of the units, to which a cancel returns them: a list of objects with location_id and quantity.';
UPDATE order_items SET allocations = (
    SELECT jsonb_agg(a.part - 'shipped_quantity') FROM jsonb_array_elements(allocations) AS a (part))
WHERE shipped_quantity > 0;
ALTER TABLE order_items DROP COLUMN shipped_quantity;
-- Shipments changed only the dropped quantity. Their movements stay, so that the versions have no gaps.
UPDATE stock_movements SET kind = 'adjust' WHERE kind = 'ship';
ALTER TABLE stock_movements
    DROP COLUMN committed_delta,
    DROP COLUMN committed_after,
    DROP COLUMN effective_at;
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_kind_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_kind_check CHECK (kind IN (
    'receive', 'remove', 'adjust', 'reserve', 'release', 'fulfil', 'restore',
    'transfer_out', 'transfer_in', 'return'));
ALTER TABLE stock_levels DROP COLUMN committed_quantity, DROP COLUMN safety_quantity;
ALTER TABLE stock_levels ADD CONSTRAINT stock_levels_sold_check CHECK (sold_quantity >= 0);
ALTER TABLE stores DROP COLUMN routing;
ALTER TABLE locations DROP CONSTRAINT locations_child_key, DROP CONSTRAINT locations_parent_fkey;
DELETE FROM locations WHERE kind <> 'place';
ALTER TABLE locations
    DROP COLUMN kind,
    DROP COLUMN parent_id,
    DROP COLUMN status,
    DROP COLUMN priority,
    DROP COLUMN latitude,
    DROP COLUMN longitude,
    DROP COLUMN country,
    DROP COLUMN region,
    DROP COLUMN postal_code,
    DROP COLUMN sells_online,
    DROP COLUMN pickup_enabled,
    DROP COLUMN pickup_instructions,
    DROP COLUMN updated_at;
COMMENT ON TABLE locations IS 'The places of a store where stock is kept. Each store has at least one.';
COMMENT ON COLUMN locations.code IS 'The name of the place in requests.';

CREATE VIEW audit_entries AS
SELECT a.store_id, a.id, a.entity, a.entity_id, a.action, a.detail, NULL::int8 AS amount,
       NULL::text AS currency, a.actor, a.created_at
FROM audit_log a
UNION ALL
SELECT m.store_id, m.id, 'Inventory',
       (SELECT v.product_id FROM variants v WHERE v.store_id = m.store_id AND v.id = m.variant_id),
       CASE m.kind WHEN 'fulfil' THEN 'ORDER_FULFILLED'
                   WHEN 'restore' THEN 'STOCK_RESTORED'
                   ELSE 'STOCK_' || upper(m.kind) END,
       CASE
           WHEN m.kind = 'restore' THEN format(
               'Restored %s units from cancelled order %s', m.stock_delta, m.reference_id)
           WHEN m.kind IN ('reserve', 'release', 'fulfil') THEN format(
               CASE m.kind WHEN 'fulfil' THEN 'Fulfilled %1$s units for %2$s. Stock: %5$s, Reserved: %6$s'
                           ELSE '%7$s for %2$s: stock %3$s, reserved %4$s. Stock: %5$s, Reserved: %6$s' END,
               m.sold_delta,
               CASE WHEN m.reference_id ~ '^reservation:[0-9]{1,18}$' THEN COALESCE(
                        (SELECT format('reservation %s (%s)', r.id, r.reference_id) FROM reservations r
                         WHERE r.store_id = m.store_id AND r.id = substr(m.reference_id, 13)::int8), m.reference_id)
                    WHEN m.reference_id LIKE 'cart:%' THEN replace(m.reference_id, ':', ' ')
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

COMMENT ON VIEW audit_entries IS
    'Every write of a store: the audit log, stock movements, the history of orders, and payments.';
COMMENT ON COLUMN audit_entries.amount IS
    'The amount of a payment or refund, in minor units; null for other entries. The number of decimals is not known '
    'here, so the server adds the amount to the detail.';
COMMENT ON COLUMN audit_entries.currency IS 'The currency of the amount. Null for other entries.';
