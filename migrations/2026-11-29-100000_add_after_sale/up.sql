-- An order never grows: its items and amounts never change. Only these counters and sums move.
ALTER TABLE order_items
    ADD COLUMN cancelled_quantity BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN returned_quantity BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN discount_amount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN tax_amount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN included_tax_amount BIGINT NOT NULL DEFAULT 0;

COMMENT ON COLUMN order_items.cancelled_quantity IS 'The units that were cancelled before they were shipped.';
COMMENT ON COLUMN order_items.returned_quantity IS 'The shipped units that the buyer gave back.';
COMMENT ON COLUMN order_items.discount_amount IS 'The share of the item in the discount of the order.';
COMMENT ON COLUMN order_items.tax_amount IS 'The share of the item in the tax that the order adds to its prices.';
COMMENT ON COLUMN order_items.included_tax_amount IS 'The tax that the price of the item contains.';

-- The tax of older orders is shared over their items in the order of the lines: each has the rounded tax of all lines
-- up to it, without the tax of the lines before it.
UPDATE order_items i SET tax_amount = s.upto - s.before
FROM (SELECT i.store_id, i.order_id, i.variant_id,
             round(o.tax_amount::numeric * SUM(i.total_price) OVER lines / NULLIF(o.subtotal, 0))::int8 AS upto,
             round(o.tax_amount::numeric * (SUM(i.total_price) OVER lines - i.total_price) / NULLIF(o.subtotal, 0))::int8
                 AS before
      FROM orders o JOIN order_items i ON i.store_id = o.store_id AND i.order_id = o.id
      WHERE o.tax_amount > 0 AND o.subtotal > 0
      WINDOW lines AS (PARTITION BY i.store_id, i.order_id ORDER BY i.id)) s
WHERE i.store_id = s.store_id AND i.order_id = s.order_id AND i.variant_id = s.variant_id;

-- Nothing of a cancelled order is left to ship.
UPDATE order_items i SET cancelled_quantity = i.quantity, allocations = '[]'
FROM orders o
WHERE o.store_id = i.store_id AND o.id = i.order_id AND o.status = 'cancelled';

ALTER TABLE order_items DROP CONSTRAINT order_items_allocations_check;
ALTER TABLE order_items DROP CONSTRAINT order_items_shipped_check;
ALTER TABLE order_items ADD CONSTRAINT order_items_allocations_check CHECK (jsonb_typeof(allocations) = 'array');
ALTER TABLE order_items ADD CONSTRAINT order_items_units_check CHECK (
    0 <= returned_quantity AND returned_quantity <= shipped_quantity
    AND shipped_quantity <= quantity - cancelled_quantity AND cancelled_quantity >= 0);
ALTER TABLE order_items ADD CONSTRAINT order_items_shares_check CHECK (
    discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0 AND discount_amount <= total_price);

ALTER TABLE orders
    ADD COLUMN included_tax_amount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN tax_lines JSONB,
    ADD COLUMN credited_amount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN credit_used_amount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN unapplied_amount BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN exchange_of BIGINT,
    ADD COLUMN invoice_number TEXT;

COMMENT ON COLUMN orders.included_tax_amount IS 'The tax that the prices and the delivery contain.';
COMMENT ON COLUMN orders.tax_lines IS
    'A list of objects with the name, percent, base and tax of each rate, and whether prices contain it. '
    'Null for an order without tax rates.';
COMMENT ON COLUMN orders.credited_amount IS 'The sum of the credits of the order.';
COMMENT ON COLUMN orders.credit_used_amount IS 'The part of its credits that paid for the orders of exchanges.';
COMMENT ON COLUMN orders.unapplied_amount IS
    'Received money that was not accepted as a payment and is due back: late, doubled, or above the total.';
COMMENT ON COLUMN orders.exchange_of IS 'The order that this one replaces goods of. Null for other orders.';
COMMENT ON COLUMN orders.invoice_number IS 'Null until the invoice is issued.';

ALTER TABLE orders ADD CONSTRAINT orders_credits_check CHECK (
    0 <= credited_amount AND credited_amount <= total_amount
    AND 0 <= credit_used_amount AND credit_used_amount <= credited_amount);
ALTER TABLE orders ADD CONSTRAINT orders_unapplied_check CHECK (
    0 <= unapplied_amount AND unapplied_amount <= received_amount - refunded_amount);
ALTER TABLE orders ADD CONSTRAINT orders_exchange_fkey
    FOREIGN KEY (store_id, exchange_of) REFERENCES orders (store_id, id);
