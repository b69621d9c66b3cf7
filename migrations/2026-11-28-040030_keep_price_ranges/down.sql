ALTER TABLE products
    DROP COLUMN lowest_price,
    DROP COLUMN highest_price;
