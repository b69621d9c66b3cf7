//! The invariants of purchase orders. Finished orders that did not change since `$3` are left out.
//!
//! Staff may name a receipt in a movement of their own. The movements of the receipt have its time, too.

use super::Rule;

rules! {
PURCHASE_RULES:
    "the movements of a purchase receipt equal its units": "
        SELECT format('receipt %s, variant %s at %s: moved %s of %s', r.receipt_number, u.variant_id, u.location_id, u.moved,
                      u.due) AS row
        FROM inbounds i JOIN inbound_receipts r ON r.store_id = $1 AND r.inbound_id = i.id
        JOIN locations q ON q.store_id = $1 AND q.parent_id = i.to_location_id AND q.kind = 'quarantine'
        CROSS JOIN LATERAL (
            SELECT variant_id, location_id, SUM(moved) AS moved, SUM(due) AS due
            FROM (SELECT m.variant_id, m.location_id, m.stock_delta AS moved, 0 AS due FROM stock_movements m
                  WHERE m.store_id = $1 AND m.reference_id = r.receipt_number AND m.created_at = r.created_at
                  UNION ALL
                  SELECT n.variant_id, p.location_id, 0, p.quantity
                  FROM inbound_receipt_lines l JOIN inbound_lines n ON n.store_id = $1 AND n.id = l.line_id
                  CROSS JOIN LATERAL (VALUES (i.to_location_id, l.accepted_quantity), (q.id, l.quarantined_quantity))
                             p (location_id, quantity)
                  WHERE l.store_id = $1 AND l.receipt_id = r.id) u
            GROUP BY variant_id, location_id HAVING SUM(moved) <> SUM(due)) u
        WHERE i.store_id = $1 AND i.kind = 'purchase'
          AND (i.updated_at >= $3 OR i.status IN ('ordered', 'partially_received'))";
    "the status of a purchase order follows from its lines and ends its history": "
        SELECT format('purchase order %s is %s, its lines are %s, its history ends with %s', i.inbound_number, i.status,
                      n.status, COALESCE(h.to_status, '(nothing)')) AS row
        FROM inbounds i
        CROSS JOIN LATERAL (
            SELECT CASE WHEN COALESCE(SUM(outstanding_quantity), 0) > 0
                        THEN CASE WHEN SUM(accepted_quantity + rejected_quantity) > 0 THEN 'partially_received'
                                  ELSE 'ordered' END
                        WHEN SUM(accepted_quantity + rejected_quantity) > 0 THEN 'received' ELSE 'cancelled' END AS status
            FROM inbound_lines WHERE store_id = $1 AND inbound_id = i.id) n
        LEFT JOIN LATERAL (SELECT to_status FROM inbound_history WHERE store_id = $1 AND inbound_id = i.id
                           ORDER BY id DESC LIMIT 1) h ON true
        WHERE i.store_id = $1 AND i.kind = 'purchase'
          AND (i.updated_at >= $3 OR i.status NOT IN ('received', 'cancelled'))
          AND (h.to_status IS DISTINCT FROM i.status
            OR n.status <> CASE i.status WHEN 'draft' THEN 'ordered' ELSE i.status END)";
    "each status change of a purchase order is allowed": "
        SELECT format('purchase order %s: %s to %s', inbound_id, COALESCE(from_status, '(none)'), to_status) AS row
        FROM (SELECT h.inbound_id, h.from_status, h.to_status,
                     LAG(h.to_status) OVER (PARTITION BY h.inbound_id ORDER BY h.id) AS status_before
              FROM inbounds i JOIN inbound_history h ON h.store_id = $1 AND h.inbound_id = i.id
              WHERE i.store_id = $1 AND i.kind = 'purchase' AND (i.updated_at >= $3 OR i.status <> 'received')) h
        WHERE from_status IS DISTINCT FROM status_before
           OR (COALESCE(from_status, ''), to_status) NOT IN (
                ('', 'draft'), ('draft', 'ordered'), ('ordered', 'draft'), ('draft', 'cancelled'), ('ordered', 'cancelled'),
                ('ordered', 'partially_received'), ('ordered', 'received'), ('partially_received', 'received'),
                ('partially_received', 'ordered'), ('received', 'partially_received'), ('received', 'ordered'),
                ('received', 'cancelled'))";
    "all units of a purchase order are ordered, and its lines and receipts have costs": "
        SELECT format('line %s of %s', n.id, i.inbound_number) AS row
        FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id
        WHERE i.store_id = $1 AND (i.updated_at >= $3 OR i.status NOT IN ('received', 'cancelled'))
          AND CASE i.kind
              WHEN 'purchase' THEN n.sent_quantity <> n.quantity OR n.lost_quantity + n.returned_quantity > 0
                                   OR n.unit_cost IS NULL
              ELSE n.cancelled_quantity > 0 OR n.unit_cost IS NOT NULL END
        UNION ALL
        SELECT format('receipt %s, line %s', r.receipt_number, l.line_id)
        FROM inbounds i JOIN inbound_receipts r ON r.store_id = $1 AND r.inbound_id = i.id
        JOIN inbound_receipt_lines l ON l.store_id = $1 AND l.receipt_id = r.id
        WHERE i.store_id = $1 AND (i.updated_at >= $3 OR i.status NOT IN ('received', 'cancelled'))
          AND (i.kind = 'purchase') <> (l.unit_cost IS NOT NULL)";
}
