ALTER TABLE scarce_variants DROP COLUMN name_key;
ALTER TABLE scarce_variants ADD COLUMN folded_name TEXT COLLATE "C";
COMMENT ON COLUMN scarce_variants.folded_name IS 'That of the product.';

ALTER TABLE products DROP COLUMN name_key;
ALTER TABLE products ADD COLUMN folded_name TEXT COLLATE "C";
COMMENT ON COLUMN products.folded_name IS
    'The name as it is sorted: without case and accents. Null until the server has filled it in.';
CREATE INDEX products_unfolded_idx ON products (store_id, id) WHERE search_text IS NULL;
UPDATE products SET search_text = NULL;

ALTER TABLE suppliers DROP COLUMN name_key;
ALTER TABLE suppliers DROP COLUMN search_text;
ALTER TABLE suppliers ADD COLUMN folded_name TEXT COLLATE "C";
UPDATE suppliers SET folded_name = lower(name);
ALTER TABLE suppliers ALTER COLUMN folded_name SET NOT NULL;
CREATE INDEX suppliers_name_idx ON suppliers (store_id, folded_name, id);
COMMENT ON COLUMN suppliers.folded_name IS 'The name without case and accents, for the order of lists.';

ALTER TABLE users DROP COLUMN name_key;
ALTER TABLE users ADD COLUMN folded_name TEXT COLLATE "C";
UPDATE users SET search_text = NULL;
COMMENT ON COLUMN users.folded_name IS
    'The full name as it is sorted: without case and accents. Null if there is no name, and until the server has filled it in.';

ALTER TABLE stores DROP COLUMN name_key;
ALTER TABLE stores ADD COLUMN folded_name TEXT COLLATE "C";
COMMENT ON COLUMN stores.folded_name IS
    'The name as it is sorted: without case and accents. Null until the server has filled it in.';
