-- The taxes of credits by rate follow from the rates of their items.
ALTER TABLE order_items ADD COLUMN tax_line BIGINT;
UPDATE order_items i SET tax_line = 0 FROM orders o
WHERE o.store_id = i.store_id AND o.id = i.order_id AND jsonb_array_length(o.tax_lines) = 1
  AND i.tax_amount + i.included_tax_amount > 0;
-- The export of credits reads them by time.
CREATE INDEX credits_created_idx ON credits (store_id, created_at, id);

COMMENT ON COLUMN order_items.tax_line IS
    'The position of its rate in the tax lines of the order, from 0. Null if its rate is not listed there, and in orders '
    'with several rates from before an upgrade.';
