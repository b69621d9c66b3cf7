ALTER TABLE orders DROP COLUMN unfulfilled, DROP COLUMN pickup_location_id;
