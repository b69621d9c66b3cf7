DROP INDEX products_min_stock_idx;
CREATE INDEX products_min_stock_idx ON products (store_id, min_stock_level) WHERE status = 'active';
