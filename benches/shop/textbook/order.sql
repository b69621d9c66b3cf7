-- The classic order of three products without a cart: one statement for each step.
\set n :n + 1
\set buyer :first + (:n - 1) * :clients + :client_id
\set one random(1, :products)
\set two 1 + (:one + 3330) % :products
\set three 1 + (:one + 6661) % :products

BEGIN;

-- claim the key
INSERT INTO idempotency_keys (store_id, caller, key, fingerprint, created_at)
VALUES (1, 'user:' || :buyer, :label || '-' || :buyer, sha256(int8send(:buyer)), now());

-- read the products with prices
SELECT sum(coalesce(v.price, p.price)) AS subtotal
FROM variants v JOIN products p ON p.store_id = 1 AND p.id = v.product_id AND p.status = 'active'
WHERE v.store_id = 1 AND v.id IN (:one, :two, :three) \gset

-- lock the stock rows, always in the same order
SELECT variant_id, stock_quantity - reserved_quantity AS available
FROM stock_levels WHERE store_id = 1 AND variant_id IN (:one, :two, :three)
ORDER BY variant_id, location_id FOR UPDATE;

-- reserve; a constraint prevents overselling
UPDATE stock_levels SET reserved_quantity = reserved_quantity + 1
WHERE store_id = 1 AND variant_id IN (:one, :two, :three);

-- the order
INSERT INTO orders (store_id, order_number, user_id, created_by, status, payment_status, payment_method, currency,
                    subtotal, tax_amount, shipping_amount, discount_amount, total_amount, total_items,
                    shipping_address, billing_address, created_at, updated_at)
SELECT 1, n.number, :buyer, :buyer, 'pending', 'pending', 'cod', 'INR', :subtotal, 0, 0, 0, :subtotal, 3,
       s.address, s.address, now(), now()
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
SELECT 1, :order_id, p.id, v.id, v.sku, p.name, v.size, 1, coalesce(v.price, p.price), coalesce(v.price, p.price),
       jsonb_strip_nulls(jsonb_build_object('brand', p.brand, 'category', p.category, 'unit', p.unit,
                                            'barcode', coalesce(v.barcode, p.barcode))),
       jsonb_build_array(jsonb_build_object('location_id', 1, 'quantity', 1))
FROM variants v JOIN products p ON p.store_id = 1 AND p.id = v.product_id
WHERE v.store_id = 1 AND v.id IN (:one, :two, :three);

-- fulfil
UPDATE stock_levels
SET stock_quantity = stock_quantity - 1, reserved_quantity = reserved_quantity - 1,
    sold_quantity = sold_quantity + 1, committed_quantity = committed_quantity + 1, version = version + 1, updated_at = now()
WHERE store_id = 1 AND variant_id IN (:one, :two, :three);

-- movements
INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, sold_delta,
                             committed_delta, stock_after, reserved_after, sold_after, committed_after, reference_id,
                             actor, created_at)
SELECT 1, variant_id, location_id, version, 'fulfil', -1, 0, 1, 1, stock_quantity, reserved_quantity, sold_quantity,
       committed_quantity, :order_number, 'user:' || :buyer, now()
FROM stock_levels WHERE store_id = 1 AND variant_id IN (:one, :two, :three);

-- audit
INSERT INTO order_history (store_id, order_id, to_status, actor, created_at)
VALUES (1, :order_id, 'pending', 'user:' || :buyer, now());

-- store the answer
UPDATE idempotency_keys SET status = 201, body = convert_to(:answer, 'UTF8'), order_id = :order_id
WHERE store_id = 1 AND caller = 'user:' || :buyer AND key = :label || '-' || :buyer;

COMMIT;
