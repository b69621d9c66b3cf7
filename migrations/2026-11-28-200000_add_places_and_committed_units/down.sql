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
    DROP COLUMN effective_at,
    DROP CONSTRAINT stock_movements_kind_check,
    ADD CONSTRAINT stock_movements_kind_check CHECK (kind IN (
        'receive', 'remove', 'adjust', 'reserve', 'release', 'fulfil', 'restore',
        'transfer_out', 'transfer_in', 'return'));
ALTER TABLE stock_levels
    DROP COLUMN committed_quantity,
    DROP COLUMN safety_quantity,
    ADD CONSTRAINT stock_levels_sold_check CHECK (sold_quantity >= 0);
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
