ALTER TABLE order_items ADD CONSTRAINT order_items_order_fkey
    FOREIGN KEY (store_id, order_id) REFERENCES orders (store_id, id);
