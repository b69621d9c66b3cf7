-- What the sizes on sale cost, so that lists can be filtered and sorted by it.
ALTER TABLE products
    ADD COLUMN lowest_price BIGINT,
    ADD COLUMN highest_price BIGINT;
COMMENT ON COLUMN products.lowest_price IS 'The price of the cheapest size on sale, in minor units. Null if every size costs what the product costs.';
COMMENT ON COLUMN products.highest_price IS 'The price of the dearest size on sale, in minor units. Null if every size costs what the product costs.';
UPDATE products p SET lowest_price = r.lowest, highest_price = r.highest
FROM (SELECT v.store_id, v.product_id, MIN(COALESCE(v.price, o.price)) AS lowest, MAX(COALESCE(v.price, o.price)) AS highest
      FROM variants v JOIN products o ON o.store_id = v.store_id AND o.id = v.product_id
      GROUP BY v.store_id, v.product_id HAVING bool_or(v.price IS NOT NULL)) r
WHERE p.store_id = r.store_id AND p.id = r.product_id;
