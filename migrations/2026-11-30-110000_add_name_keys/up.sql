-- Only the server can compute the keys and the search texts. It fills in missing ones after the migrations.
ALTER TABLE stores DROP COLUMN folded_name;
ALTER TABLE stores ADD COLUMN name_key TEXT COLLATE "C";
COMMENT ON COLUMN stores.name_key IS 'The key by which lists sort the name. Null until the server has filled it in.';

ALTER TABLE users DROP COLUMN folded_name;
ALTER TABLE users ADD COLUMN name_key TEXT COLLATE "C";
COMMENT ON COLUMN users.name_key IS
    'The key by which lists sort the full name. Null if there is no name, and until the server has filled it in.';
-- The server fills in the keys of accounts without a search text.
UPDATE users SET search_text = NULL;

ALTER TABLE suppliers DROP COLUMN folded_name;
ALTER TABLE suppliers ADD COLUMN name_key TEXT COLLATE "C";
ALTER TABLE suppliers ADD COLUMN search_text TEXT COLLATE "C";
CREATE INDEX suppliers_name_idx ON suppliers (store_id, name_key, id);
CREATE INDEX suppliers_unfolded_idx ON suppliers (store_id, id) WHERE search_text IS NULL;
COMMENT ON COLUMN suppliers.name_key IS 'The key by which lists sort the name. Null until the server has filled it in.';
COMMENT ON COLUMN suppliers.search_text IS
    'The folded texts that searches compare, one value in each line: code, name, e-mail address, and the phone as it was '
    'given and by its digits. Null until the server has filled it in.';

ALTER TABLE products DROP COLUMN folded_name;
ALTER TABLE products ADD COLUMN name_key TEXT COLLATE "C";
COMMENT ON COLUMN products.name_key IS 'The key by which lists sort the name. Null until the server has filled it in.';
DROP INDEX products_unfolded_idx;
CREATE INDEX products_unfolded_idx ON products (store_id, id) WHERE search_text IS NULL OR name_key IS NULL;
-- Lists that are sorted by name read one page of it. They are always of one status.
CREATE INDEX products_name_idx ON products (store_id, status, name_key, id);

ALTER TABLE scarce_variants DROP COLUMN folded_name;
ALTER TABLE scarce_variants ADD COLUMN name_key TEXT COLLATE "C";
COMMENT ON COLUMN scarce_variants.name_key IS 'That of the product.';
