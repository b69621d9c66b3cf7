ALTER TABLE orders DROP CONSTRAINT orders_exchange_fkey;
ALTER TABLE orders DROP COLUMN included_tax_amount, DROP COLUMN tax_lines, DROP COLUMN credited_amount,
    DROP COLUMN credit_used_amount, DROP COLUMN unapplied_amount, DROP COLUMN exchange_of, DROP COLUMN invoice_number;

-- Cancelled units return to the list of allocations, at the place of their first movement.
UPDATE order_items i SET allocations = i.allocations || jsonb_build_array(jsonb_build_object(
    'quantity', i.cancelled_quantity,
    'location_id', COALESCE(
        (SELECT m.location_id FROM stock_movements m
         WHERE m.store_id = o.store_id AND m.reference_id = o.order_number AND m.variant_id = i.variant_id
         ORDER BY m.id LIMIT 1),
        (SELECT l.id FROM locations l WHERE l.store_id = o.store_id AND l.kind = 'place' ORDER BY l.id LIMIT 1))))
FROM orders o
WHERE o.store_id = i.store_id AND o.id = i.order_id AND i.cancelled_quantity > 0;

ALTER TABLE order_items DROP CONSTRAINT order_items_units_check;
ALTER TABLE order_items DROP CONSTRAINT order_items_shares_check;
ALTER TABLE order_items DROP CONSTRAINT order_items_allocations_check;
ALTER TABLE order_items DROP COLUMN cancelled_quantity, DROP COLUMN returned_quantity, DROP COLUMN discount_amount,
    DROP COLUMN tax_amount, DROP COLUMN included_tax_amount;
ALTER TABLE order_items ADD CONSTRAINT order_items_allocations_check CHECK (
    jsonb_typeof(allocations) = 'array' AND allocations <> '[]');
ALTER TABLE order_items ADD CONSTRAINT order_items_shipped_check CHECK (
    0 <= shipped_quantity AND shipped_quantity <= quantity);
