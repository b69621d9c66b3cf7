-- The availability of a product.
\set product random(1, :products)
SELECT p.id, p.name, p.min_stock_level, sum(l.stock_quantity) AS stock,
       sum(l.stock_quantity - l.reserved_quantity) + coalesce(sum(e.overdue), 0) AS available
FROM products p
JOIN variants v ON v.store_id = 1 AND v.product_id = p.id
JOIN stock_levels l ON l.store_id = 1 AND l.variant_id = v.id
LEFT JOIN LATERAL (SELECT sum(h.quantity) AS overdue FROM stock_holds h
                   WHERE h.store_id = 1 AND h.variant_id = l.variant_id AND h.location_id = l.location_id
                     AND h.state = 'active' AND h.expires_at <= now()) e ON true
WHERE p.store_id = 1 AND p.id = :product GROUP BY p.store_id, p.id;
