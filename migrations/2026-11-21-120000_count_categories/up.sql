-- The products of a category are counted from the index alone.
DROP INDEX products_min_stock_idx;
CREATE INDEX products_min_stock_idx ON products (store_id, min_stock_level) INCLUDE (category) WHERE status = 'active';
