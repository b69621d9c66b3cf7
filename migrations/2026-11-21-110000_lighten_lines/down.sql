ALTER TABLE idempotency_keys ALTER COLUMN body SET COMPRESSION default;

ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_level_fkey
    FOREIGN KEY (store_id, variant_id, location_id) REFERENCES stock_levels (store_id, variant_id, location_id);

ALTER TABLE order_items
    DROP CONSTRAINT order_items_pkey;
ALTER TABLE order_items
    ADD CONSTRAINT order_items_pkey PRIMARY KEY (store_id, id);
ALTER TABLE order_items
    ADD CONSTRAINT order_items_variant_key UNIQUE (store_id, order_id, variant_id);
CREATE TABLE order_allocations (
    store_id      BIGINT NOT NULL,
    order_item_id BIGINT NOT NULL,
    location_id   BIGINT NOT NULL,
    quantity      BIGINT NOT NULL CONSTRAINT order_allocations_quantity_check CHECK (quantity > 0),
    CONSTRAINT order_allocations_pkey PRIMARY KEY (store_id, order_item_id, location_id),
    CONSTRAINT order_allocations_item_fkey FOREIGN KEY (store_id, order_item_id)
        REFERENCES order_items (store_id, id)
);
INSERT INTO order_allocations (store_id, order_item_id, location_id, quantity)
SELECT i.store_id, i.id, a.location_id, a.quantity
FROM order_items i CROSS JOIN LATERAL jsonb_to_recordset(i.allocations) AS a (location_id BIGINT, quantity BIGINT);
ALTER TABLE order_items DROP COLUMN allocations;
