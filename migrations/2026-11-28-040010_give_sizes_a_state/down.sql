DROP INDEX products_archived_min_idx, variants_archived_idx, variants_min_stock_idx, variants_without_key_idx;
DROP INDEX variants_size_key;
ALTER TABLE variants
    DROP COLUMN status,
    DROP COLUMN min_stock_level,
    DROP COLUMN size_key;
CREATE UNIQUE INDEX variants_size_key ON variants (store_id, product_id, COALESCE(size, ''));
