-- Every place has two children: its quarantine, and its transit for units on the road to it.
ALTER TABLE locations
    ADD COLUMN kind TEXT NOT NULL DEFAULT 'place'
        CONSTRAINT locations_kind_check CHECK (kind IN ('place', 'quarantine', 'transit')),
    ADD COLUMN parent_id BIGINT,
    ADD COLUMN status TEXT NOT NULL DEFAULT 'active'
        CONSTRAINT locations_status_check CHECK (status IN ('active', 'paused', 'closed')),
    ADD COLUMN priority BIGINT NOT NULL DEFAULT 100,
    ADD COLUMN latitude FLOAT8 CONSTRAINT locations_latitude_check CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude FLOAT8 CONSTRAINT locations_longitude_check CHECK (longitude BETWEEN -180 AND 180),
    ADD COLUMN country TEXT,
    ADD COLUMN region TEXT,
    ADD COLUMN postal_code TEXT,
    ADD COLUMN sells_online BOOLEAN NOT NULL DEFAULT TRUE,
    ADD COLUMN pickup_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    ADD COLUMN pickup_instructions TEXT,
    ADD COLUMN updated_at TIMESTAMPTZ;
ALTER TABLE locations ADD CONSTRAINT locations_coordinates_check CHECK ((latitude IS NULL) = (longitude IS NULL));
ALTER TABLE locations ADD CONSTRAINT locations_parent_check CHECK ((kind = 'place') = (parent_id IS NULL));
ALTER TABLE locations ADD CONSTRAINT locations_parent_fkey
    FOREIGN KEY (store_id, parent_id) REFERENCES locations (store_id, id);
ALTER TABLE locations ADD CONSTRAINT locations_child_key UNIQUE (store_id, parent_id, kind);

UPDATE locations SET updated_at = created_at;
ALTER TABLE locations ALTER COLUMN updated_at SET NOT NULL;

INSERT INTO locations (store_id, code, name, kind, parent_id, created_at, updated_at)
SELECT l.store_id, l.id || ':' || c.kind, c.kind, c.kind, l.id, l.created_at, l.created_at
FROM locations l CROSS JOIN (VALUES ('quarantine'), ('transit')) c (kind)
ORDER BY l.store_id, l.id, c.kind;

COMMENT ON TABLE locations IS
    'The places of a store where stock is kept, with their quarantine and transit. Each store has at least one place.';
COMMENT ON COLUMN locations.code IS
    'The name of the place in requests. A child has the id of its parent, a colon and its kind.';
COMMENT ON COLUMN locations.kind IS
    'Place: units that can be sold. Quarantine: units that were refused or damaged at the parent. '
    'Transit: units on the road to the parent.';
COMMENT ON COLUMN locations.parent_id IS 'The place that a quarantine or transit belongs to. Null for places.';
COMMENT ON COLUMN locations.status IS
    'Only an active place gets new orders. At a paused place, everything open goes on. A closed place is empty.';
COMMENT ON COLUMN locations.priority IS 'The place with the smaller number comes first.';
COMMENT ON COLUMN locations.latitude IS 'In degrees. Null if the coordinates are not known.';
COMMENT ON COLUMN locations.longitude IS 'In degrees. Null if the coordinates are not known.';
COMMENT ON COLUMN locations.country IS 'A code of ISO 3166-1. Null if it is not known.';
COMMENT ON COLUMN locations.region IS 'The state or province. Null if it is not known.';
COMMENT ON COLUMN locations.postal_code IS 'Null if it is not known.';
COMMENT ON COLUMN locations.sells_online IS 'True if orders can take units of this place.';
COMMENT ON COLUMN locations.pickup_enabled IS 'True if buyers can collect their orders at this place.';
COMMENT ON COLUMN locations.pickup_instructions IS 'The text for buyers who collect their orders. Null if there is none.';

ALTER TABLE stores ADD COLUMN routing JSONB NOT NULL DEFAULT
    '{"rules": ["preferred", "fewest_parcels", "nearest", "priority", "most_stock"], "split": "allow", "preferred_location_ids": []}';

COMMENT ON COLUMN stores.routing IS
    'An object: the rules that choose the places of an order, whether an order may be split, and the preferred places.';

ALTER TABLE stock_levels
    ADD COLUMN committed_quantity BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN safety_quantity BIGINT NOT NULL DEFAULT 0
        CONSTRAINT stock_levels_safety_check CHECK (safety_quantity >= 0);

COMMENT ON COLUMN stock_levels.committed_quantity IS
    'The units that were sold and are still on the shelf, until they are shipped or restored.';
COMMENT ON COLUMN stock_levels.safety_quantity IS
    'The units that buyers never get. It is a setting, so the ledger does not record its changes.';

ALTER TABLE stock_movements
    ADD COLUMN committed_delta BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN committed_after BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN effective_at TIMESTAMPTZ;
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_kind_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_kind_check CHECK (kind IN (
    'receive', 'remove', 'adjust', 'reserve', 'release', 'fulfil', 'restore', 'ship',
    'transfer_out', 'transfer_in', 'return'));

COMMENT ON COLUMN stock_movements.committed_delta IS 'The change of committed_quantity, in units.';
COMMENT ON COLUMN stock_movements.effective_at IS
    'The time of the count that the movement posts. Null if the movement is effective when it is created.';

-- Units of open orders are committed. The ledger records it, so that every quantity is still the sum of its movements.
UPDATE stock_levels l SET committed_quantity = c.quantity, version = l.version + 1
FROM (SELECT i.store_id, i.variant_id, (a.part ->> 'location_id')::int8 AS location_id,
             SUM((a.part ->> 'quantity')::int8)::int8 AS quantity
      FROM orders o
      JOIN order_items i ON i.store_id = o.store_id AND i.order_id = o.id
      CROSS JOIN LATERAL jsonb_array_elements(i.allocations) AS a (part)
      WHERE o.status IN ('pending', 'processing')
      GROUP BY 1, 2, 3) c
WHERE l.store_id = c.store_id AND l.variant_id = c.variant_id AND l.location_id = c.location_id;

INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, sold_delta,
       committed_delta, stock_after, reserved_after, sold_after, committed_after, reason, actor, created_at)
SELECT store_id, variant_id, location_id, version, 'adjust', 0, 0, 0, committed_quantity, stock_quantity,
       reserved_quantity, sold_quantity, committed_quantity, 'Units of open orders are committed.', 'system', now()
FROM stock_levels WHERE committed_quantity > 0;

ALTER TABLE stock_levels DROP CONSTRAINT stock_levels_sold_check;
ALTER TABLE stock_levels ADD CONSTRAINT stock_levels_committed_check CHECK (
    0 <= committed_quantity AND committed_quantity <= sold_quantity);

CREATE TABLE shipments (
    store_id        BIGINT NOT NULL,
    id              BIGINT GENERATED BY DEFAULT AS IDENTITY,
    shipment_number TEXT NOT NULL,
    order_id        BIGINT NOT NULL,
    carrier         TEXT,
    tracking_number TEXT,
    tracking_url    TEXT,
    actor           TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    CONSTRAINT shipments_pkey PRIMARY KEY (store_id, id),
    CONSTRAINT shipments_number_key UNIQUE (store_id, shipment_number),
    CONSTRAINT shipments_order_fkey FOREIGN KEY (store_id, order_id) REFERENCES orders (store_id, id)
);
CREATE INDEX shipments_order_idx ON shipments (store_id, order_id, id);

COMMENT ON TABLE shipments IS 'Units of an order that left together.';
COMMENT ON COLUMN shipments.shipment_number IS 'The reference of its movements in the ledger.';
COMMENT ON COLUMN shipments.carrier IS 'Null if staff did not name one.';
COMMENT ON COLUMN shipments.tracking_number IS 'The number of the carrier. Null if there is none.';
COMMENT ON COLUMN shipments.tracking_url IS 'Null if there is none.';
COMMENT ON COLUMN shipments.actor IS 'The caller: user:ID or system.';

CREATE TABLE shipment_lines (
    store_id    BIGINT NOT NULL,
    shipment_id BIGINT NOT NULL,
    variant_id  BIGINT NOT NULL,
    location_id BIGINT NOT NULL,
    quantity    BIGINT NOT NULL CONSTRAINT shipment_lines_quantity_check CHECK (quantity > 0),
    CONSTRAINT shipment_lines_pkey PRIMARY KEY (store_id, shipment_id, variant_id, location_id),
    CONSTRAINT shipment_lines_shipment_fkey FOREIGN KEY (store_id, shipment_id) REFERENCES shipments (store_id, id)
);

COMMENT ON TABLE shipment_lines IS 'The units of a shipment: of an item of its order, from one location.';

-- Orders that were shipped before have one shipment each.
ALTER TABLE order_items ADD COLUMN shipped_quantity BIGINT NOT NULL DEFAULT 0
    CONSTRAINT order_items_shipped_check CHECK (0 <= shipped_quantity AND shipped_quantity <= quantity);

COMMENT ON COLUMN order_items.shipped_quantity IS 'The units in shipments.';
COMMENT ON COLUMN order_items.allocations IS
    'The locations of the units, to which a cancel returns them: a list of objects with location_id, quantity and '
    'shipped_quantity, which is absent while it is 0.';

INSERT INTO shipments (store_id, shipment_number, order_id, tracking_number, actor, created_at)
SELECT o.store_id, 'SHP' || substr(o.order_number, 4), o.id, o.tracking_number, 'system', o.updated_at
FROM orders o WHERE o.status IN ('shipped', 'delivered') ORDER BY o.store_id, o.id;

INSERT INTO shipment_lines (store_id, shipment_id, variant_id, location_id, quantity)
SELECT s.store_id, s.id, i.variant_id, (a.part ->> 'location_id')::int8, SUM((a.part ->> 'quantity')::int8)
FROM shipments s
JOIN order_items i ON i.store_id = s.store_id AND i.order_id = s.order_id
CROSS JOIN LATERAL jsonb_array_elements(i.allocations) AS a (part)
GROUP BY 1, 2, 3, 4;

UPDATE order_items i SET shipped_quantity = i.quantity, allocations = (
    SELECT jsonb_agg(a.part || jsonb_build_object('shipped_quantity', a.part -> 'quantity'))
    FROM jsonb_array_elements(i.allocations) AS a (part))
FROM shipments s WHERE s.store_id = i.store_id AND s.order_id = i.order_id;

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
