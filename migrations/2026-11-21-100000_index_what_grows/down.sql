DROP INDEX orders_created_idx;
CREATE INDEX orders_created_idx ON orders (store_id, created_at, id);
DROP INDEX stock_movements_kind_idx;
DROP INDEX stock_movements_created_idx;
DROP INDEX products_min_stock_idx;
