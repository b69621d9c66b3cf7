//! The invariants of transfers. Finished transfers that did not change since `$3` are left out.

use super::Rule;

rules! {
TRANSFER_RULES:
    "stock in transit equals the outstanding units of transfers to that place": "
        SELECT format('variant %s to %s: in transit %s, outstanding %s', COALESCE(s.variant_id, o.variant_id),
                      COALESCE(s.location_id, o.location_id), COALESCE(s.quantity, 0), COALESCE(o.quantity, 0)) AS row
        FROM (SELECT s.variant_id, t.parent_id AS location_id, s.stock_quantity AS quantity
              FROM locations t JOIN stock_levels s ON s.store_id = $1 AND s.location_id = t.id
              WHERE t.store_id = $1 AND t.kind = 'transit' AND s.stock_quantity <> 0) s
        FULL JOIN (SELECT n.variant_id, i.to_location_id AS location_id, SUM(n.outstanding_quantity) AS quantity
                   FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id
                   WHERE i.store_id = $1 AND i.kind = 'transfer' AND i.status IN ('in_transit', 'partially_received')
                   GROUP BY n.variant_id, i.to_location_id) o
               ON o.variant_id = s.variant_id AND o.location_id = s.location_id
        WHERE COALESCE(s.quantity, 0) <> COALESCE(o.quantity, 0)";
    "the movements of a transfer add up to the units that were found less those that were lost": "
        SELECT format('transfer %s, variant %s: moved %s of %s', i.inbound_number, v.variant_id, v.moved, v.due) AS row
        FROM inbounds i
        JOIN locations t ON t.store_id = $1 AND t.parent_id = i.to_location_id AND t.kind = 'transit'
        CROSS JOIN LATERAL (
            SELECT variant_id, SUM(moved) AS moved, SUM(due) AS due
            FROM (SELECT m.variant_id, m.stock_delta AS moved, 0 AS due
                  FROM (SELECT i.inbound_number AS number
                        UNION ALL SELECT receipt_number FROM inbound_receipts WHERE store_id = $1 AND inbound_id = i.id) r
                  JOIN stock_movements m ON m.store_id = $1 AND m.reference_id = r.number
                   AND (m.kind IN ('transfer_out', 'transfer_in') OR m.location_id = t.id)
                  UNION ALL
                  SELECT variant_id, 0, over_quantity - lost_quantity
                  FROM inbound_lines WHERE store_id = $1 AND inbound_id = i.id) u
            GROUP BY variant_id HAVING SUM(moved) <> SUM(due)) v
        WHERE i.store_id = $1 AND i.kind = 'transfer'
          AND (i.updated_at >= $3 OR i.status IN ('in_transit', 'partially_received'))";
    "a line of a transfer or a purchase order equals the sum of its receipts": "
        SELECT format('line %s of %s: accepted %s of %s, rejected %s of %s, over %s of %s', n.id, i.inbound_number,
                      n.accepted_quantity, COALESCE(r.accepted, 0), n.rejected_quantity, COALESCE(r.rejected, 0),
                      n.over_quantity, COALESCE(r.over_sent, 0)) AS row
        FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id
        LEFT JOIN LATERAL (SELECT SUM(l.accepted_quantity) AS accepted, SUM(l.rejected_quantity) AS rejected,
                                  SUM(l.over_quantity) AS over_sent
                           FROM inbound_receipts r
                           JOIN inbound_receipt_lines l ON l.store_id = $1 AND l.receipt_id = r.id AND l.line_id = n.id
                           WHERE r.store_id = $1 AND r.inbound_id = i.id) r ON true
        WHERE i.store_id = $1 AND (i.updated_at >= $3 OR i.status IN ('ordered', 'in_transit', 'partially_received'))
          AND (n.accepted_quantity, n.rejected_quantity, n.over_quantity)
              <> (COALESCE(r.accepted, 0), COALESCE(r.rejected, 0), COALESCE(r.over_sent, 0))";
    "the status of a transfer follows from its lines and ends its history": "
        SELECT format('transfer %s is %s, its lines are %s, its history ends with %s', i.inbound_number, i.status,
                      n.status, COALESCE(h.to_status, '(nothing)')) AS row
        FROM inbounds i
        CROSS JOIN LATERAL (
            SELECT CASE WHEN bool_or(sent_quantity > 0) IS NOT TRUE THEN 'not sent'
                        WHEN SUM(outstanding_quantity) = 0 THEN 'received'
                        WHEN SUM(accepted_quantity + rejected_quantity + lost_quantity + returned_quantity) = 0
                        THEN 'in_transit' ELSE 'partially_received' END AS status
            FROM inbound_lines WHERE store_id = $1 AND inbound_id = i.id) n
        LEFT JOIN LATERAL (SELECT to_status FROM inbound_history WHERE store_id = $1 AND inbound_id = i.id
                           ORDER BY id DESC LIMIT 1) h ON true
        WHERE i.store_id = $1 AND i.kind = 'transfer'
          AND (i.updated_at >= $3 OR i.status NOT IN ('received', 'cancelled'))
          AND (h.to_status IS DISTINCT FROM i.status
            OR n.status <> CASE WHEN i.status IN ('draft', 'ready', 'cancelled') THEN 'not sent' ELSE i.status END)";
    "each status change of a transfer is allowed": "
        SELECT format('transfer %s: %s to %s', inbound_id, COALESCE(from_status, '(none)'), to_status) AS row
        FROM (SELECT h.inbound_id, h.from_status, h.to_status,
                     LAG(h.to_status) OVER (PARTITION BY h.inbound_id ORDER BY h.id) AS status_before
              FROM inbounds i JOIN inbound_history h ON h.store_id = $1 AND h.inbound_id = i.id
              WHERE i.store_id = $1 AND i.kind = 'transfer' AND (i.updated_at >= $3 OR i.status <> 'received')) h
        WHERE from_status IS DISTINCT FROM status_before
           OR (COALESCE(from_status, ''), to_status) NOT IN (
                ('', 'draft'), ('draft', 'ready'), ('ready', 'draft'), ('draft', 'cancelled'), ('ready', 'cancelled'),
                ('ready', 'in_transit'), ('in_transit', 'partially_received'), ('in_transit', 'received'),
                ('partially_received', 'received'), ('partially_received', 'in_transit'),
                ('received', 'partially_received'), ('received', 'in_transit'))";
    "a ready transfer holds its lines at its source, and no other transfer holds units": "
        SELECT format('transfer %s, variant %s at %s: held %s of %s', COALESCE(n.inbound_id, h.holder_id),
                      COALESCE(n.variant_id, h.variant_id), COALESCE(n.location_id, h.location_id),
                      COALESCE(h.quantity, 0), COALESCE(n.quantity, 0)) AS row
        FROM (SELECT n.inbound_id, n.variant_id, i.from_location_id AS location_id, n.quantity
              FROM inbounds i JOIN inbound_lines n ON n.store_id = $1 AND n.inbound_id = i.id
              WHERE i.store_id = $1 AND i.kind = 'transfer' AND i.status = 'ready') n
        FULL JOIN (SELECT holder_id, variant_id, location_id, quantity FROM stock_holds
                   WHERE store_id = $1 AND holder_kind = 'transfer' AND state = 'active') h
               ON h.holder_id = n.inbound_id AND h.variant_id = n.variant_id AND h.location_id = n.location_id
        WHERE COALESCE(h.quantity, 0) <> COALESCE(n.quantity, 0)";
}
