-- The store's highest minimum tells which stock rows can be low at all.
CREATE INDEX products_min_stock_idx ON products (store_id, min_stock_level) WHERE status = 'active';

-- The ledger by time, and by kind. Sales, which are most of it, are counted as the rest of the whole.
CREATE INDEX stock_movements_created_idx ON stock_movements (store_id, created_at, id);
CREATE INDEX stock_movements_kind_idx ON stock_movements (store_id, kind, id) WHERE kind <> 'fulfil';

-- Statistics, counts and far pages are read from the index alone.
DROP INDEX orders_created_idx;
CREATE INDEX orders_created_idx ON orders (store_id, created_at, id)
    INCLUDE (status, payment_status, total_amount, total_items);
