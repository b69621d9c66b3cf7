-- Text as it is searched and sorted: without case and accents, in every script. The server writes it, because what
-- lower() and unaccent() make of a letter depends on the database's locale. Rows from before have none yet: the
-- server fills them in as soon as it has migrated. The collation "C" compares code points, wherever the database is.
ALTER TABLE products
    ADD COLUMN folded_name TEXT COLLATE "C",
    ADD COLUMN search_text TEXT COLLATE "C";
COMMENT ON COLUMN products.folded_name IS 'The name as it is sorted: without case and accents. Null until the server has filled it in.';
COMMENT ON COLUMN products.search_text IS 'What the product is found by, folded, a value in each line: name, SKU, description, category, brand, barcode, SKUs and barcodes of its variants. Null until the server has filled it in.';
CREATE INDEX products_unfolded_idx ON products (store_id, id) WHERE search_text IS NULL;

ALTER TABLE orders ADD COLUMN search_text TEXT COLLATE "C";
COMMENT ON COLUMN orders.search_text IS 'What the order is found by, folded, a value in each line: its number, and the names and phones of the customer and the addresses. Null until the server has filled it in.';
CREATE INDEX orders_unfolded_idx ON orders (store_id, id) WHERE search_text IS NULL;

ALTER TABLE users
    ADD COLUMN search_text TEXT COLLATE "C",
    ADD COLUMN folded_name TEXT COLLATE "C",
    ALTER COLUMN email TYPE TEXT COLLATE "C";
COMMENT ON COLUMN users.search_text IS 'What the account is found by, folded, a value in each line: e-mail address and name. Null until the server has filled it in.';
COMMENT ON COLUMN users.folded_name IS 'The name as it is sorted: without case and accents.';
CREATE INDEX users_unfolded_idx ON users (id) WHERE search_text IS NULL;

ALTER TABLE stores
    ADD COLUMN folded_name TEXT COLLATE "C",
    ALTER COLUMN code TYPE TEXT COLLATE "C";
COMMENT ON COLUMN stores.folded_name IS 'The name as it is sorted: without case and accents. Null until the server has filled it in.';
