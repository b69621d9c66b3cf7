//! The invariants, as queries for the rows that violate them.
//!
//! Rules of a store have these parameters: the store (`$1`), the ledger row after which movements are checked (`$2`),
//! and the time since which other rows are checked (`$3`).
//!
//! Rules of orders have the store (`$1`) and the ids of orders (`$2`). `{among}` is replaced by a condition for a
//! list of ids or for a range of ids.
//!
//! OFFSET 0 in rules over all products prevents a sort of their rows before the condition. The rows of an order are
//! looked up for each order. If they were grouped first, the planner would underestimate their number and scan them
//! again for each order.

/// A query for the rows of one store that violate the rule.
pub struct Rule {
    pub name: &'static str,
    pub sql: &'static str,
}

macro_rules! rules {
    ($($rules:ident: $($name:literal: $sql:literal;)+)+) => {
        $(pub const $rules: &[Rule] = &[$(Rule { name: $name, sql: concat!($sql, " ORDER BY 1 LIMIT 20") }),+];)+
    };
}

mod counts;
mod credits;
mod deliveries;
mod holds;
mod purchases;
mod returns;
mod sales;
mod states;
mod taxes;
mod transfers;
mod values;

pub use counts::COUNT_RULES;
pub use credits::CREDIT_RULES;
pub use deliveries::{DELIVERY_RULES, INVOICE_RULES};
pub use holds::HOLD_RULES;
pub use purchases::PURCHASE_RULES;
pub use returns::RETURN_RULES;
pub use sales::SALES_RULES;
pub use states::STATE_RULES;
pub use taxes::TAX_RULES;
pub use transfers::TRANSFER_RULES;
pub use values::VALUE_RULES;

rules! {
STORE_RULES:
    "0 <= reserved <= stock": "
        SELECT format('variant %s at %s: stock %s, reserved %s', variant_id, location_id, stock_quantity, reserved_quantity) AS row
        FROM stock_levels
        WHERE store_id = $1 AND NOT (0 <= reserved_quantity AND reserved_quantity <= stock_quantity)";
    "0 <= committed <= sold": "
        SELECT format('variant %s at %s: committed %s, sold %s', variant_id, location_id, committed_quantity, sold_quantity) AS row
        FROM stock_levels
        WHERE store_id = $1 AND NOT (0 <= committed_quantity AND committed_quantity <= sold_quantity)";
    "a stock level equals the sum of its movements": "
        SELECT format('variant %s at %s: stock %s of %s, reserved %s of %s, sold %s of %s, committed %s of %s, version %s of %s',
                      l.variant_id, l.location_id, l.stock_quantity, COALESCE(m.stock_after, 0), l.reserved_quantity,
                      COALESCE(m.reserved_after, 0), l.sold_quantity, COALESCE(m.sold_after, 0), l.committed_quantity,
                      COALESCE(m.committed_after, 0), l.version, COALESCE(m.version, 0)) AS row
        FROM stock_levels l
        LEFT JOIN LATERAL (SELECT version, stock_after, reserved_after, sold_after, committed_after FROM stock_movements
                   WHERE store_id = $1 AND variant_id = l.variant_id AND location_id = l.location_id
                   ORDER BY version DESC LIMIT 1) m ON true
        WHERE l.store_id = $1
          AND (l.stock_quantity, l.reserved_quantity, l.sold_quantity, l.committed_quantity, l.version)
              IS DISTINCT FROM (COALESCE(m.stock_after, 0), COALESCE(m.reserved_after, 0), COALESCE(m.sold_after, 0),
                                COALESCE(m.committed_after, 0), COALESCE(m.version, 0))";
    "each movement starts from the values of the movement before it": "
        SELECT format('movement %s of variant %s at %s, version %s', m.id, m.variant_id, m.location_id, m.version) AS row
        FROM stock_movements m
        LEFT JOIN stock_movements b ON b.store_id = $1 AND b.variant_id = m.variant_id AND b.location_id = m.location_id
                                   AND b.version = m.version - 1
        WHERE m.store_id = $1 AND m.id > $2
          AND ((b.id IS NULL AND (m.version <> 1 OR NOT EXISTS (
                    SELECT FROM stock_levels WHERE store_id = $1 AND variant_id = m.variant_id AND location_id = m.location_id)))
            OR m.stock_after <> COALESCE(b.stock_after, 0) + m.stock_delta
            OR m.reserved_after <> COALESCE(b.reserved_after, 0) + m.reserved_delta
            OR m.sold_after <> COALESCE(b.sold_after, 0) + m.sold_delta
            OR m.committed_after <> COALESCE(b.committed_after, 0) + m.committed_delta)";
    "committed equals the allocated units of sold orders that are not shipped": "
        SELECT format('variant %s at %s: committed %s of %s', COALESCE(l.variant_id, a.variant_id),
                      COALESCE(l.location_id, a.location_id), COALESCE(l.committed_quantity, 0), COALESCE(a.quantity, 0)) AS row
        FROM (SELECT variant_id, location_id, committed_quantity FROM stock_levels
              WHERE store_id = $1 AND committed_quantity <> 0) l
        FULL JOIN (SELECT i.variant_id, a.location_id, SUM(a.quantity - COALESCE(a.shipped_quantity, 0)) AS quantity
                   FROM orders o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id
                   CROSS JOIN LATERAL jsonb_to_recordset(i.allocations)
                              AS a (location_id int8, quantity int8, shipped_quantity int8)
                   WHERE o.store_id = $1 AND o.status IN ('pending', 'processing')
                   GROUP BY i.variant_id, a.location_id) a
               ON a.variant_id = l.variant_id AND a.location_id = l.location_id
        WHERE COALESCE(l.committed_quantity, 0) <> COALESCE(a.quantity, 0)";
    "holds are only at places": "
        SELECT format('hold %s at %s (%s)', h.id, l.id, l.kind) AS row
        FROM stock_holds h JOIN locations l ON l.store_id = $1 AND l.id = h.location_id
        WHERE h.store_id = $1 AND h.state = 'active' AND l.kind <> 'place'";
    "a closed place is empty, and so are its quarantine and transit": "
        SELECT format('variant %s at %s: stock %s, committed %s', s.variant_id, s.location_id, s.stock_quantity, s.committed_quantity) AS row
        FROM locations l
        JOIN locations c ON c.store_id = $1 AND l.id IN (c.id, c.parent_id)
        JOIN stock_levels s ON s.store_id = $1 AND s.location_id = c.id
        WHERE l.store_id = $1 AND l.status = 'closed' AND (s.stock_quantity, s.committed_quantity) <> (0, 0)";
    "reserved equals the sum of the active holds": "
        SELECT format('variant %s at %s: reserved %s, held %s', l.variant_id, l.location_id, l.reserved_quantity,
                      COALESCE(h.quantity, 0)) AS row
        FROM stock_levels l
        LEFT JOIN (SELECT variant_id, location_id, SUM(quantity) AS quantity FROM stock_holds
                   WHERE store_id = $1 AND state = 'active' GROUP BY variant_id, location_id) h
               ON h.variant_id = l.variant_id AND h.location_id = l.location_id
        WHERE l.store_id = $1 AND l.reserved_quantity <> COALESCE(h.quantity, 0)";
    "an order under payment holds its items, and no other order holds stock": "
        SELECT format('order %s, variant %s: held %s of %s', COALESCE(i.order_id, h.holder_id),
                      COALESCE(i.variant_id, h.variant_id), COALESCE(h.quantity, 0), COALESCE(i.quantity, 0)) AS row
        FROM (SELECT i.order_id, i.variant_id, i.quantity FROM orders o
              JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id
              WHERE o.store_id = $1 AND o.status = 'under_paying') i
        FULL JOIN (SELECT holder_id, variant_id, SUM(quantity) AS quantity FROM stock_holds
                   WHERE store_id = $1 AND holder_kind = 'order' AND state = 'active' GROUP BY holder_id, variant_id) h
               ON h.holder_id = i.order_id AND h.variant_id = i.variant_id
        WHERE COALESCE(h.quantity, 0) <> COALESCE(i.quantity, 0)";
    "each order item belongs to an order": "
        SELECT format('item of variant %s: no order %s', i.variant_id, i.order_id) AS row
        FROM order_items i
        WHERE i.store_id = $1 AND NOT EXISTS (SELECT FROM orders WHERE store_id = $1 AND id = i.order_id)";
    "a reservation holds stock exactly while it is active": "
        SELECT format('reservation %s (%s): %s active holds', r.id, r.state, COUNT(h.id)) AS row
        FROM reservations r
        LEFT JOIN stock_holds h ON h.store_id = r.store_id AND h.holder_kind = 'reservation' AND h.holder_id = r.id
                               AND h.state = 'active'
        WHERE r.store_id = $1 GROUP BY r.id, r.state HAVING (r.state = 'active') <> (COUNT(h.id) > 0)";
    "each idempotency key has a stored response, and its order belongs to the same caller": "
        SELECT format('key %s of %s: order %s', k.key, k.caller, COALESCE(k.order_id::text, '(none)')) AS row
        FROM idempotency_keys k LEFT JOIN orders o ON o.store_id = k.store_id AND o.id = k.order_id
        WHERE k.store_id = $1
          AND (k.status IS NULL OR k.body IS NULL
            OR (k.order_id IS NOT NULL AND (o.id IS NULL
                OR split_part(k.caller, ':', 1) <> CASE WHEN COALESCE(o.user_id, o.created_by) IS NULL THEN 'guest' ELSE 'user' END
                OR k.caller <> COALESCE('user:' || COALESCE(o.user_id, o.created_by), k.caller))))";
    "each order has at most one idempotency key": "
        SELECT format('order %s has %s keys', order_id, COUNT(*)) AS row
        FROM idempotency_keys WHERE store_id = $1 AND order_id IS NOT NULL
        GROUP BY order_id HAVING COUNT(*) > 1";
    "each SKU and barcode is in product_codes": "
        SELECT format('%s %s', kind, code) AS row
        FROM (SELECT n.* FROM (
                  SELECT 'sku' AS kind, sku AS code FROM variants WHERE store_id = $1
                  UNION ALL SELECT 'sku', sku FROM products WHERE store_id = $1
                  UNION ALL SELECT 'barcode', barcode FROM variants WHERE store_id = $1 AND barcode IS NOT NULL
                  UNION ALL SELECT 'barcode', barcode FROM products WHERE store_id = $1 AND barcode IS NOT NULL) n
              WHERE NOT EXISTS (SELECT FROM product_codes
                                WHERE store_id = $1 AND kind = n.kind AND code = n.code AND position = 0)
              OFFSET 0) unregistered";
    "each row of product_codes matches its product or variant": "
        SELECT format('%s %s of product %s, variant %s', kind, code, product_id, COALESCE(variant_id::text, '(all)')) AS row
        FROM (SELECT c.* FROM product_codes c
              LEFT JOIN variants v ON v.store_id = $1 AND v.id = c.variant_id AND v.product_id = c.product_id
              LEFT JOIN products p ON p.store_id = $1 AND p.id = c.product_id AND v.size IS NULL
                                  AND v.id IS NOT DISTINCT FROM c.variant_id AND p.has_sizes = (v.id IS NULL)
              WHERE c.store_id = $1
                AND CASE WHEN c.kind = 'sku' THEN c.code IN (v.sku, p.sku)
                         WHEN c.position = 0 THEN c.code IN (v.barcode, p.barcode)
                         ELSE COALESCE(v.barcode, p.barcode) IS NOT NULL END
                    IS NOT TRUE
              OFFSET 0) misnamed";
    "the number of variants is that of their rows": "
        SELECT format('%s instead of %s', COALESCE(c.variants, 0), v.variants) AS row
        FROM (SELECT COUNT(*) AS variants FROM variants WHERE store_id = $1) v
        LEFT JOIN variant_counts c ON c.store_id = $1
        WHERE COALESCE(c.variants, 0) <> v.variants";
    "each product has one audit entry of its creation": "
        SELECT format('product %s has %s audit entries of its creation', p.sku, COUNT(a.id)) AS row
        FROM products p
        LEFT JOIN audit_log a ON a.store_id = $1 AND a.entity = 'Product' AND a.entity_id = p.id AND a.action = 'CREATE'
        WHERE p.store_id = $1 AND p.created_at >= $3 GROUP BY p.sku HAVING COUNT(a.id) <> 1";
ORDER_RULES:
    "the movements of an order item match the status of its order": "
        SELECT format('order %s (%s), variant %s: sold %s of %s', order_number, status, variant_id, SUM(sold), MAX(due)) AS row
        FROM (SELECT o.order_number, o.status, i.variant_id,
                     CASE WHEN o.status IN ('cancelled', 'under_paying') THEN 0 ELSE i.quantity - i.cancelled_quantity END AS due,
                     CASE WHEN o.status = 'under_paying' THEN i.quantity ELSE 0 END AS kept,
                     0 AS sold, 0 AS stock, 0 AS reserved
              FROM orders o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id
              WHERE o.store_id = $1 AND o.id {among}
              UNION ALL
              SELECT o.order_number, o.status, m.variant_id, NULL, NULL, m.sold_delta, m.stock_delta, m.reserved_delta
              FROM orders o JOIN stock_movements m ON m.store_id = $1 AND m.reference_id = o.order_number
                        AND m.kind IN ('reserve', 'release', 'fulfil', 'restore')
              WHERE o.store_id = $1 AND o.id {among}) l
        GROUP BY order_number, status, variant_id
        HAVING MAX(due) IS NOT NULL
           AND (SUM(sold), SUM(stock), SUM(reserved)) IS DISTINCT FROM (MAX(due), -MAX(due), MAX(kept))";
    "the allocations of an order item add up to its units that are not cancelled": "
        SELECT format('item %s of order %s: %s of %s', i.id, i.order_id, COALESCE(a.quantity, 0),
                      i.quantity - i.cancelled_quantity) AS row
        FROM order_items i
        CROSS JOIN LATERAL (SELECT SUM(quantity) AS quantity, bool_or(quantity <= 0) AS has_empty
                            FROM jsonb_to_recordset(i.allocations) AS a (location_id int8, quantity int8)) a
        WHERE i.store_id = $1 AND i.order_id {among}
          AND (COALESCE(a.quantity, 0) <> i.quantity - i.cancelled_quantity OR a.has_empty)";
    "the shipped units of an item are those in shipments, and all of them if the order is shipped": "
        SELECT format('item %s of order %s: shipped %s, in shipments %s', i.id, i.order_id, i.shipped_quantity, COALESCE(s.quantity, 0)) AS row
        FROM orders o JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id
        LEFT JOIN LATERAL (SELECT SUM(l.quantity) AS quantity FROM shipments s
                           JOIN shipment_lines l ON l.store_id = $1 AND l.shipment_id = s.id AND l.variant_id = i.variant_id
                           WHERE s.store_id = $1 AND s.order_id = o.id) s ON true
        CROSS JOIN LATERAL (SELECT SUM(COALESCE(a.shipped_quantity, 0)) AS quantity FROM jsonb_to_recordset(i.allocations)
                            AS a (shipped_quantity int8)) a
        WHERE o.store_id = $1 AND o.id {among}
          AND ((i.shipped_quantity, i.shipped_quantity) <> (COALESCE(s.quantity, 0), COALESCE(a.quantity, 0))
            OR (i.shipped_quantity > 0 AND o.status IN ('under_paying', 'pending', 'cancelled'))
            OR (i.shipped_quantity < i.quantity - i.cancelled_quantity AND o.status IN ('shipped', 'delivered')))";
    "an order has items, and its totals match them": "
        SELECT format('order %s: subtotal %s of %s, items %s of %s, total %s', o.order_number, o.subtotal,
                      COALESCE(i.total, 0), o.total_items, COALESCE(i.quantity, 0), o.total_amount) AS row
        FROM orders o
        CROSS JOIN LATERAL (SELECT SUM(total_price) AS total, SUM(quantity) AS quantity,
                                   bool_and(total_price = quantity * unit_price) AS items_add_up
                            FROM order_items WHERE store_id = $1 AND order_id = o.id) i
        WHERE o.store_id = $1 AND o.id {among}
          AND NOT (COALESCE(i.items_add_up, false) AND o.subtotal = i.total AND o.total_items = i.quantity
                   AND o.total_amount = o.subtotal + o.tax_amount + o.shipping_amount - o.discount_amount)";
    "the fulfilled quantities of a partial order are those of its items": "
        SELECT format('order %s, product %s: fulfilled %s of %s, ordered %s', o.order_number, u.product_id,
                      u.fulfilled_quantity, u.requested_quantity, COALESCE(i.quantity, 0)) AS row
        FROM orders o
        CROSS JOIN LATERAL jsonb_to_recordset(o.unfulfilled)
                   AS u (product_id int8, size text, requested_quantity int8, fulfilled_quantity int8)
        LEFT JOIN order_items i ON i.store_id = $1 AND i.order_id = o.id AND i.product_id = u.product_id
                               AND i.size IS NOT DISTINCT FROM u.size
        WHERE o.store_id = $1 AND o.id {among}
          AND (u.fulfilled_quantity >= u.requested_quantity OR u.fulfilled_quantity <> COALESCE(i.quantity, 0))";
    "an order that is collected names a place of its store and costs no delivery": "
        SELECT format('order %s at %s, delivery %s', o.order_number, o.pickup_location_id, o.shipping_amount) AS row
        FROM orders o
        WHERE o.store_id = $1 AND o.id {among} AND o.pickup_location_id IS NOT NULL
          AND (o.shipping_amount <> 0 OR NOT EXISTS (SELECT FROM locations WHERE store_id = $1
               AND id = o.pickup_location_id AND kind = 'place'))";
    "each status change is allowed": "
        SELECT format('order %s: %s to %s', order_id, COALESCE(from_status, '(none)'), to_status) AS row
        FROM (SELECT id, order_id, from_status, to_status,
                     LAG(to_status) OVER (PARTITION BY order_id ORDER BY id) AS status_before
              FROM order_history WHERE store_id = $1 AND order_id {among}) h
        WHERE from_status IS DISTINCT FROM status_before
           OR (from_status IS NULL AND to_status NOT IN ('under_paying', 'pending'))
           OR (from_status IS NOT NULL AND (from_status, to_status) NOT IN (
                ('under_paying', 'pending'), ('under_paying', 'cancelled'), ('pending', 'processing'),
                ('pending', 'cancelled'), ('processing', 'shipped'), ('processing', 'cancelled'),
                ('shipped', 'delivered')))";
    "the last row of the history has the status of the order": "
        SELECT format('order %s is %s, its history ends with %s', o.order_number, o.status, COALESCE(h.to_status, '(nothing)')) AS row
        FROM orders o
        LEFT JOIN LATERAL (SELECT to_status FROM order_history WHERE store_id = $1 AND order_id = o.id
                           ORDER BY id DESC LIMIT 1) h ON true
        WHERE o.store_id = $1 AND o.id {among} AND h.to_status IS DISTINCT FROM o.status";
    "an order is paid before its deadline, or expires at or after it": "
        SELECT format('order %s: %s/%s, deadline %s, paid %s, changed %s', order_number, status, payment_status,
                      payment_expires_at, paid_at, updated_at) AS row
        FROM orders
        WHERE store_id = $1 AND id {among}
          AND ((payment_expires_at IS NOT NULL AND paid_at >= payment_expires_at)
            OR (payment_status = 'expired' AND (payment_expires_at IS NULL OR updated_at < payment_expires_at))
            OR (payment_status IN ('paid', 'refunded') AND paid_at IS NULL)
            OR (status = 'under_paying' AND payment_status <> 'pending'))";
    "the received and refunded amounts equal the sums of the payments": "
        SELECT format('order %s: received %s of %s, refunded %s of %s', o.order_number, o.received_amount,
                      COALESCE(p.received, 0), o.refunded_amount, COALESCE(p.refunded, 0)) AS row
        FROM orders o
        CROSS JOIN LATERAL (SELECT SUM(amount) FILTER (WHERE kind = 'payment') AS received,
                                   SUM(amount) FILTER (WHERE kind = 'refund') AS refunded
                            FROM order_payments WHERE store_id = $1 AND order_id = o.id) p
        WHERE o.store_id = $1 AND o.id {among}
          AND (o.received_amount, o.refunded_amount)
              IS DISTINCT FROM (COALESCE(p.received, 0), COALESCE(p.refunded, 0))";
    "each order has one history row of its creation": "
        SELECT format('order %s has %s history rows of its creation', o.order_number, COUNT(h.id)) AS row
        FROM orders o
        LEFT JOIN order_history h ON h.store_id = $1 AND h.order_id = o.id AND h.from_status IS NULL
        WHERE o.store_id = $1 AND o.id {among} GROUP BY o.order_number HAVING COUNT(h.id) <> 1";
}
