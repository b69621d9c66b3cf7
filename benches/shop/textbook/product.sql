-- The data of a product page.
\set product random(1, :products)
SELECT id, sku, name, description, category, brand, barcode, price, mrp, unit, has_sizes, status, min_stock_level,
       max_stock_level, created_at, updated_at
FROM products WHERE store_id = 1 AND id = :product;
SELECT v.id, v.sku, v.size, v.barcode, v.price, sum(l.stock_quantity) AS stock,
       sum(l.reserved_quantity) - coalesce(sum(e.overdue), 0) AS reserved, sum(l.sold_quantity) AS sold
FROM variants v
JOIN stock_levels l ON l.store_id = 1 AND l.variant_id = v.id
LEFT JOIN LATERAL (SELECT sum(h.quantity) AS overdue FROM stock_holds h
                   WHERE h.store_id = 1 AND h.variant_id = l.variant_id AND h.location_id = l.location_id
                     AND h.state = 'active' AND h.expires_at <= now()) e ON true
WHERE v.store_id = 1 AND v.product_id = :product GROUP BY v.store_id, v.id ORDER BY v.id;
