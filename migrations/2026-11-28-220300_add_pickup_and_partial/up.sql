-- The place has no foreign key: its check would lock the location after the stock rows, against the lock order.
ALTER TABLE orders ADD COLUMN unfulfilled JSONB, ADD COLUMN pickup_location_id BIGINT;

COMMENT ON COLUMN orders.unfulfilled IS
    'The lines that the order did not get in full: a list of objects with the requested and the fulfilled quantity, and '
    'with alternatives. Null if it got all units.';
COMMENT ON COLUMN orders.pickup_location_id IS
    'The place where the buyer collects the order. Null if the order is delivered.';
