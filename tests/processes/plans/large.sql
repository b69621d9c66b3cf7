-- Adds 19 places to the first store, with suppliers and documents. Its place has the id 1, and its products have the ids
-- from 1 on. The place 101 has the first 10,000 products and comes before all others. Each further product is at one more
-- place.
INSERT INTO locations (store_id, id, code, name, priority, created_at, updated_at)
    SELECT 1, 95 + 3 * n, 'place-' || n, 'Place ' || n, CASE n WHEN 2 THEN 1 ELSE 100 END, now(), now()
    FROM generate_series(2, 20) AS n;
INSERT INTO locations (store_id, id, code, name, kind, parent_id, created_at, updated_at)
    SELECT 1, l.id + c.n, l.id || ':' || c.kind, c.kind, c.kind, l.id, now(), now()
    FROM locations l, (VALUES (1, 'quarantine'), (2, 'transit')) AS c (n, kind) WHERE l.id > 100;
SELECT setval('locations_id_seq', 200);

INSERT INTO stock_levels (store_id, variant_id, location_id, stock_quantity, reserved_quantity, sold_quantity, version,
        updated_at)
    SELECT 1, v.id, CASE WHEN v.id <= 10000 THEN 101 ELSE 104 + 3 * (v.id % 18) END, 1000, 0, 0, 1, now()
    FROM variants v WHERE v.store_id = 1 AND (v.id <= 10000 OR v.id % 50 <> 7) ORDER BY v.id;
INSERT INTO stock_movements (store_id, variant_id, location_id, version, kind, stock_delta, reserved_delta, sold_delta,
        stock_after, reserved_after, sold_after, reason, actor, created_at)
    SELECT 1, l.variant_id, l.location_id, 1, 'receive', 1000, 0, 0, 1000, 0, 0, 'Initial stock', 'system', s.created_at
    FROM stock_levels l JOIN stores s ON s.id = 1 WHERE l.location_id > 100 ORDER BY l.variant_id;

INSERT INTO suppliers (store_id, id, code, name, name_key, search_text, lead_time_days, active, created_at, updated_at)
    SELECT 1, n, 'SUP-' || n, 'Supplier ' || n, 'supplier ' || n, E'sup-' || n || E'\\nsupplier ' || n, n % 14, true, now(), now()
    FROM generate_series(1, 1000) AS n;
INSERT INTO supplier_items (store_id, supplier_id, variant_id, unit_cost, pack_quantity, min_quantity, created_at,
        updated_at)
    SELECT 1, 1 + v.id % 1000, v.id, 500 + v.id % 5000, 1 + v.id % 12, 1, now(), now()
    FROM variants v WHERE v.store_id = 1;

-- A fifth of the purchase orders is open; other documents are drafts or cancelled.
INSERT INTO inbounds (store_id, id, kind, inbound_number, status, from_location_id, to_location_id, supplier_id,
        expected_on, version, actor, created_at, updated_at)
    SELECT 1, n, 'transfer', 'TRF-20260101-' || n, CASE n % 3 WHEN 0 THEN 'draft' ELSE 'cancelled' END, 1,
           101 + 3 * (n % 19),
           NULL, DATE '2026-01-02', 2, 'system', now() - interval '90 days', now() - interval '90 days'
    FROM generate_series(1, 5000) AS n;
INSERT INTO inbounds (store_id, id, kind, inbound_number, status, from_location_id, to_location_id, supplier_id,
        expected_on, version, actor, created_at, updated_at)
    SELECT 1, n, 'purchase', 'PO-20260101-' || n,
           CASE WHEN n % 5 = 0 THEN 'ordered' WHEN n % 5 = 1 THEN 'draft' ELSE 'cancelled' END, NULL,
           101 + 3 * (n % 19),
           1 + n % 1000, current_date + n % 30, 2, 'system', now() - interval '90 days', now() - interval '90 days'
    FROM generate_series(5001, 10000) AS n;
INSERT INTO inbound_lines (store_id, inbound_id, variant_id, quantity, sent_quantity, over_quantity, accepted_quantity,
        rejected_quantity, lost_quantity, returned_quantity, cancelled_quantity, outstanding_quantity, unit_cost)
    SELECT 1, i.id, 1 + (i.id * 20 + l) * 37 % t.variants, 10, CASE i.kind WHEN 'purchase' THEN 10 ELSE 0 END, 0, 0, 0, 0, 0,
           CASE WHEN i.kind = 'purchase' AND i.status = 'cancelled' THEN 10 ELSE 0 END,
           CASE WHEN i.kind = 'purchase' AND i.status <> 'cancelled' THEN 10 ELSE 0 END,
           CASE i.kind WHEN 'purchase' THEN 500 END
    FROM inbounds i, generate_series(1, 20) AS l, variant_counts t WHERE t.store_id = 1;
INSERT INTO inbound_history (store_id, inbound_id, from_status, to_status, actor, created_at)
    SELECT 1, i.id, NULL, 'draft', 'system', i.created_at FROM inbounds i ORDER BY i.id;
INSERT INTO inbound_history (store_id, inbound_id, from_status, to_status, actor, created_at)
    SELECT 1, i.id, 'draft', i.status, 'system', i.created_at FROM inbounds i WHERE i.status <> 'draft' ORDER BY i.id;

INSERT INTO counts (store_id, id, count_number, location_id, status, scope, blind, uncounted, line_count, version, actor,
        created_at, updated_at)
    SELECT 1, n, 'CNT-20260101-' || n, 101 + 3 * (n % 19), CASE n % 50 WHEN 0 THEN 'open' ELSE 'cancelled' END,
           '{"all": true}', false, 'leave', 10, 2, 'system', now() - interval '90 days', now() - interval '90 days'
    FROM generate_series(1, 5000) AS n;
INSERT INTO count_lines (store_id, count_id, line, variant_id, status, opened_at)
    SELECT 1, c.id, l, 1 + (c.id * 10 + l) % 10000, c.status, c.created_at FROM counts c, generate_series(1, 10) AS l;
INSERT INTO count_history (store_id, count_id, from_status, to_status, actor, created_at)
    SELECT 1, c.id, NULL, 'open', 'system', c.created_at FROM counts c ORDER BY c.id;
INSERT INTO count_history (store_id, count_id, from_status, to_status, actor, created_at)
    SELECT 1, c.id, 'open', 'cancelled', 'system', c.created_at FROM counts c WHERE c.status <> 'open' ORDER BY c.id;

SELECT setval(pg_get_serial_sequence('suppliers', 'id'), 1000), setval(pg_get_serial_sequence('inbounds', 'id'), 10000),
       setval(pg_get_serial_sequence('counts', 'id'), 5000);
