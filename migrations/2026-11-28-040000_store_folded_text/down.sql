ALTER TABLE stores
    DROP COLUMN folded_name,
    ALTER COLUMN code TYPE TEXT COLLATE "default";
ALTER TABLE users
    DROP COLUMN folded_name,
    DROP COLUMN search_text,
    ALTER COLUMN email TYPE TEXT COLLATE "default";
ALTER TABLE orders DROP COLUMN search_text;
ALTER TABLE products
    DROP COLUMN folded_name,
    DROP COLUMN search_text;
