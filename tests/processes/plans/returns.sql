-- A return of each order whose unit did not arrive. A table without rows would always be read through.
INSERT INTO returns (store_id, return_number, order_id, status, version, actor, created_at, updated_at)
    SELECT store_id, 'RET-20260101-' || id, id, 'received', 2, 'system', created_at, created_at FROM orders;
INSERT INTO return_history (store_id, return_id, to_status, actor, created_at)
    SELECT store_id, id, 'received', actor, created_at FROM returns;
INSERT INTO return_lines (store_id, return_id, variant_id, quantity, reason, missing_quantity)
    SELECT r.store_id, r.id, i.variant_id, 1, 'too small', 1
    FROM returns r CROSS JOIN LATERAL (SELECT min(variant_id) AS variant_id FROM order_items
                                       WHERE store_id = r.store_id AND order_id = r.order_id) i;
INSERT INTO return_receipts (store_id, receipt_number, return_id, order_id, location_id, actor, created_at)
    SELECT r.store_id, 'RCP-20260101-R' || r.order_id, r.id, r.order_id, l.id, r.actor, r.created_at
    FROM returns r CROSS JOIN LATERAL (SELECT min(id) AS id FROM locations WHERE store_id = r.store_id) l;
INSERT INTO return_receipt_lines (store_id, receipt_id, line_id, restocked_quantity, quarantined_quantity,
        scrapped_quantity, missing_quantity, fee)
    SELECT t.store_id, t.id, l.id, 0, 0, 0, 1, 0
    FROM return_receipts t JOIN return_lines l ON l.store_id = t.store_id AND l.return_id = t.return_id;
ANALYZE returns, return_history, return_lines, return_receipts, return_receipt_lines;
