-- A size can be taken off sale, has a minimum of its own, and is the same size however it is written.
ALTER TABLE variants
    ADD COLUMN status TEXT NOT NULL DEFAULT 'active',
    ADD COLUMN min_stock_level BIGINT,
    ADD COLUMN size_key TEXT COLLATE "C";
ALTER TABLE variants ADD CONSTRAINT variants_status_check CHECK (status IN ('active', 'archived'));
ALTER TABLE variants ADD CONSTRAINT variants_min_stock_check CHECK (min_stock_level >= 0);
COMMENT ON COLUMN variants.status IS 'Whether this size is on sale. The product has a status of its own.';
COMMENT ON COLUMN variants.min_stock_level IS 'Overrides the minimum of the product.';
COMMENT ON COLUMN variants.size_key IS 'The size without case, accents and blanks; empty for a product without sizes. Null until the server has filled it in.';

-- Products without sizes are known at once. The server fills the sizes in, because it alone knows every script.
UPDATE variants SET size_key = '' WHERE size IS NULL;
ALTER TABLE variants ALTER COLUMN size_key SET DEFAULT '';
DROP INDEX variants_size_key;
CREATE UNIQUE INDEX variants_size_key ON variants (store_id, product_id, size_key);
CREATE INDEX variants_without_key_idx ON variants (store_id, id) WHERE size_key IS NULL;

-- The highest minimum of sizes and of archived products, and the sizes off sale.
CREATE INDEX variants_min_stock_idx ON variants (store_id, min_stock_level) WHERE min_stock_level IS NOT NULL;
CREATE INDEX variants_archived_idx ON variants (store_id, product_id) WHERE status = 'archived';
CREATE INDEX products_archived_min_idx ON products (store_id, min_stock_level) WHERE status = 'archived';
