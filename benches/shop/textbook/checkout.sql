-- The classic checkout of a cart: one statement for each step, whatever the number of lines.
\set n :n + 1
\set buyer :first + (:n - 1) * :clients + :client_id

BEGIN;

-- claim the key
INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, created_at)
VALUES (1, 'user:' || :buyer, :label || '-' || :buyer, sha256(int8send(:buyer)), now());

-- read the cart with prices
SELECT id AS cart, round FROM carts WHERE store_id = 1 AND user_id = :buyer FOR UPDATE \gset
SELECT array_agg(i.variant_id) AS variants, sum(i.quantity * coalesce(v.price, p.price)) AS subtotal,
       sum(i.quantity) AS units
FROM cart_items i
JOIN variants v ON v.store_id = 1 AND v.id = i.variant_id
JOIN products p ON p.store_id = 1 AND p.id = v.product_id AND p.status = 'active'
WHERE i.store_id = 1 AND i.cart_id = :cart \gset

-- lock the stock rows, always in the same order
SELECT variant_id, stock_quantity - reserved_quantity AS available
FROM stock_levels WHERE store_id = 1 AND variant_id = ANY (:variants::int8[])
ORDER BY variant_id, location_id FOR UPDATE;

-- reserve; a constraint prevents overselling
UPDATE stock_levels l SET reserved_quantity = l.reserved_quantity + i.quantity
FROM cart_items i
WHERE i.store_id = 1 AND i.cart_id = :cart AND l.store_id = 1 AND l.variant_id = i.variant_id;

-- the order
INSERT INTO orders (store_id, order_number, user_id, created_by, status, payment_status, payment_method, currency,
                    subtotal, tax_amount, shipping_amount, discount_amount, total_amount, total_items,
                    shipping_address, billing_address, checkout, created_at, updated_at)
SELECT 1, n.number, :buyer, :buyer, 'pending', 'pending', 'cod', 'INR', :subtotal, 0, 0, 0, :subtotal, :units,
       s.address, s.address, :cart || '/' || :round, now(), now()
FROM addresses a
CROSS JOIN LATERAL (SELECT 'ORD-' || to_char(now(), 'YYYYMMDD') || '-' ||
                           upper(substr(md5(random()::text || :buyer), 1, 10)) AS number) n
CROSS JOIN LATERAL (SELECT jsonb_build_object(
    'id', a.id, 'full_name', a.full_name, 'phone', a.phone, 'line1', a.line1, 'line2', a.line2, 'city', a.city,
    'state', a.state, 'postal_code', a.postal_code, 'country', a.country, 'latitude', a.latitude,
    'longitude', a.longitude) AS address) s
WHERE a.store_id = 1 AND a.id = :buyer AND a.user_id = :buyer
RETURNING id AS order_id, order_number \gset

-- its items, and the locations of their units
INSERT INTO order_items (store_id, order_id, product_id, variant_id, sku, product_name, size, quantity,
                         unit_price, total_price, attributes, allocations)
SELECT 1, :order_id, p.id, v.id, v.sku, p.name, v.size, i.quantity, coalesce(v.price, p.price),
       i.quantity * coalesce(v.price, p.price),
       jsonb_strip_nulls(jsonb_build_object('brand', p.brand, 'category', p.category, 'unit', p.unit,
                                            'barcode', coalesce(v.barcode, p.barcode))),
       jsonb_build_array(jsonb_build_object('location_id', 1, 'quantity', i.quantity))
FROM cart_items i
JOIN variants v ON v.store_id = 1 AND v.id = i.variant_id
JOIN products p ON p.store_id = 1 AND p.id = v.product_id
WHERE i.store_id = 1 AND i.cart_id = :cart;

-- fulfil
UPDATE stock_levels l
SET stock_quantity = l.stock_quantity - i.quantity, reserved_quantity = l.reserved_quantity - i.quantity,
    sold_quantity = l.sold_quantity + i.quantity, committed_quantity = l.committed_quantity + i.quantity,
    version = l.version + 1, updated_at = now()
FROM cart_items i
WHERE i.store_id = 1 AND i.cart_id = :cart AND l.store_id = 1 AND l.variant_id = i.variant_id;

-- movements
INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, sold_delta,
                             committed_delta, stock_after, reserved_after, sold_after, committed_after, reference_id,
                             actor, created_at)
SELECT 1, l.variant_id, l.location_id, l.version, 'fulfil', -i.quantity, 0, i.quantity, i.quantity,
       l.stock_quantity, l.reserved_quantity, l.sold_quantity, l.committed_quantity, :order_number, 'user:' || :buyer, now()
FROM stock_levels l JOIN cart_items i ON i.store_id = 1 AND i.cart_id = :cart AND i.variant_id = l.variant_id
WHERE l.store_id = 1;

-- audit
INSERT INTO order_history (store_id, order_id, to_status, actor, created_at)
VALUES (1, :order_id, 'pending', 'user:' || :buyer, now());

-- clear the cart
WITH ended AS (UPDATE carts SET round = round + 1 WHERE store_id = 1 AND id = :cart)
DELETE FROM cart_items WHERE store_id = 1 AND cart_id = :cart;

-- store the answer
UPDATE idempotency_keys SET status = 201, body = convert_to(:answer, 'UTF8'), order_id = :order_id
WHERE store_id = 1 AND caller = 'user:' || :buyer AND key = :label || '-' || :buyer;

COMMIT;
