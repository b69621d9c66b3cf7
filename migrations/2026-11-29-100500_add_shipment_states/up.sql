ALTER TABLE shipments
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN delivered_at TIMESTAMPTZ,
    ADD COLUMN lost_at TIMESTAMPTZ,
    ADD COLUMN lost_reason TEXT;

COMMENT ON COLUMN shipments.version IS 'The number of its changes, plus 1.';
COMMENT ON COLUMN shipments.delivered_at IS 'When it arrived, or was collected. Null until then.';
COMMENT ON COLUMN shipments.lost_at IS 'When staff reported it as lost. Null for other shipments.';
COMMENT ON COLUMN shipments.lost_reason IS 'Set with lost_at.';

-- Each shipment of a delivered order has arrived.
UPDATE shipments s SET delivered_at = GREATEST(s.created_at, COALESCE(
    (SELECT MAX(h.created_at) FROM order_history h
     WHERE h.store_id = o.store_id AND h.order_id = o.id AND h.to_status = 'delivered'), o.updated_at))
FROM orders o WHERE o.store_id = s.store_id AND o.id = s.order_id AND o.status = 'delivered';

ALTER TABLE shipments ADD CONSTRAINT shipments_end_check CHECK (
    (delivered_at IS NULL OR lost_at IS NULL) AND (lost_at IS NULL) = (lost_reason IS NULL));

ALTER TABLE orders ADD COLUMN ready_at TIMESTAMPTZ;
COMMENT ON COLUMN orders.ready_at IS
    'When the goods were ready to be collected. Null until then, and for orders that are delivered.';
ALTER TABLE orders ADD CONSTRAINT orders_ready_check CHECK (ready_at IS NULL OR pickup_location_id IS NOT NULL);
