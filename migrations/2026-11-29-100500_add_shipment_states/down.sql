ALTER TABLE orders DROP CONSTRAINT orders_ready_check;
ALTER TABLE orders DROP COLUMN ready_at;

ALTER TABLE shipments DROP CONSTRAINT shipments_end_check;
ALTER TABLE shipments DROP COLUMN version, DROP COLUMN delivered_at, DROP COLUMN lost_at, DROP COLUMN lost_reason;
