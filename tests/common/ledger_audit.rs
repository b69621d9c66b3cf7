//! An independent audit of the ledger: the invariants of the contract, in SQL that the server does not share.

mod counts;
mod credits;
mod deliveries;
mod feed;
mod returns;
mod scarcity;
mod states;
mod taxes;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::jobs::{relay, value_ledger};

pub use feed::NAME_ROWS;

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    finding: String,
}

/// Queries by the name of their invariant. Each selects one text for each violation.
const CHECKS: [(&str, &str); 30] = [
    (
        "no row of stock breaks its bounds",
        "SELECT format('variant %s at %s', variant_id, location_id) AS finding FROM stock_levels \
         WHERE NOT (0 <= reserved_quantity AND reserved_quantity <= stock_quantity \
           AND 0 <= committed_quantity AND committed_quantity <= sold_quantity)",
    ),
    (
        "every level is the sum of its movements and equals the last one",
        "SELECT format('variant %s at %s', variant_id, location_id) AS finding FROM stock_levels l \
         FULL JOIN (SELECT store_id, variant_id, location_id, count(*) AS n, max(version) AS version, \
                           sum(stock_delta) AS stock, sum(reserved_delta) AS reserved, sum(sold_delta) AS sold, \
                           sum(committed_delta) AS committed \
                    FROM stock_movements GROUP BY 1, 2, 3) m USING (store_id, variant_id, location_id) \
         WHERE (l.stock_quantity, l.reserved_quantity, l.sold_quantity, l.committed_quantity, l.version, l.version) \
               IS DISTINCT FROM (COALESCE(m.stock, 0), COALESCE(m.reserved, 0), COALESCE(m.sold, 0), \
                COALESCE(m.committed, 0), COALESCE(m.version, 0), COALESCE(m.n, 0))",
    ),
    (
        "every movement continues the one before",
        "SELECT format('variant %s version %s', variant_id, version) AS finding FROM ( \
             SELECT *, lag(stock_after, 1, 0::bigint) OVER chain AS stock, \
                    lag(reserved_after, 1, 0::bigint) OVER chain AS reserved, \
                    lag(sold_after, 1, 0::bigint) OVER chain AS sold, \
                    lag(committed_after, 1, 0::bigint) OVER chain AS committed, \
                    lag(version, 1, 0::bigint) OVER chain AS before \
             FROM stock_movements \
             WINDOW chain AS (PARTITION BY store_id, variant_id, location_id ORDER BY version)) m \
         WHERE (stock + stock_delta, reserved + reserved_delta, sold + sold_delta, committed + committed_delta, before + 1) IS DISTINCT FROM \
               (stock_after, reserved_after, sold_after, committed_after, version)",
    ),
    (
        "the reserved units are those of the active holds",
        "SELECT format('variant %s at %s: reserved %s, held %s', variant_id, location_id, l.reserved_quantity, h.held) \
                AS finding FROM stock_levels l FULL JOIN (SELECT store_id, variant_id, location_id, \
                    sum(quantity) AS held FROM stock_holds WHERE ended_at IS NULL GROUP BY 1, 2, 3) h \
                USING (store_id, variant_id, location_id) \
         WHERE COALESCE(l.reserved_quantity, 0) <> COALESCE(h.held, 0)",
    ),
    (
        "the committed units are the sold ones that no shipment has taken",
        "SELECT format('variant %s at %s: committed %s, sold %s, shipped %s', variant_id, location_id, \
                       l.committed_quantity, a.sold, s.shipped) AS finding \
         FROM (SELECT * FROM stock_levels WHERE committed_quantity > 0) l \
         FULL JOIN (SELECT o.store_id, m.variant_id, m.location_id, sum(m.sold_delta) AS sold \
                    FROM orders o JOIN stock_movements m ON m.store_id = o.store_id AND m.reference_id = o.order_number \
                    GROUP BY 1, 2, 3) a USING (store_id, variant_id, location_id) \
         LEFT JOIN (SELECT store_id, variant_id, location_id, sum(quantity) AS shipped FROM shipment_lines \
                    GROUP BY 1, 2, 3) s USING (store_id, variant_id, location_id) \
         WHERE COALESCE(l.committed_quantity, 0) <> COALESCE(a.sold, 0) - COALESCE(s.shipped, 0)",
    ),
    (
        "every holder has the holds that its state requires",
        "SELECT format('%s %s (%s) holds %s', w.kind, w.id, w.state, h.held) AS finding \
         FROM (SELECT store_id, 'order' AS kind, id, status AS state, \
                      CASE WHEN status = 'under_paying' THEN total_items ELSE 0 END AS units FROM orders \
               UNION ALL SELECT r.store_id, 'reservation', r.id, r.state, CASE WHEN r.state = 'active' THEN \
                   (SELECT sum(quantity) FROM stock_holds a WHERE a.store_id = r.store_id \
                    AND a.holder_kind = 'reservation' AND a.holder_id = r.id) ELSE 0 END FROM reservations r) w \
         LEFT JOIN (SELECT store_id, holder_kind, holder_id, sum(quantity) AS held FROM stock_holds \
                    WHERE ended_at IS NULL GROUP BY 1, 2, 3) h \
           ON h.store_id = w.store_id AND h.holder_kind = w.kind AND h.holder_id = w.id \
         WHERE w.units <> COALESCE(h.held, 0)",
    ),
    (
        "every hold of an order or a reservation ended as they did",
        "SELECT format('hold %s of %s %s is %s', h.id, h.holder_kind, h.holder_id, h.state) AS finding \
         FROM stock_holds h \
         LEFT JOIN orders o ON h.holder_kind = 'order' AND o.store_id = h.store_id AND o.id = h.holder_id \
         LEFT JOIN reservations r ON h.holder_kind = 'reservation' AND r.store_id = h.store_id AND r.id = h.holder_id \
         WHERE h.holder_kind IN ('order', 'reservation') \
           AND NOT (h.holder_kind = 'order' AND h.state = 'transferred') AND h.state IS DISTINCT FROM CASE \
               WHEN r.state = 'confirmed' THEN 'sold' WHEN r.id IS NOT NULL THEN r.state \
               WHEN o.status = 'under_paying' THEN 'active' WHEN o.payment_status = 'expired' THEN 'expired' \
               WHEN o.status = 'cancelled' AND o.paid_at IS NULL THEN 'released' ELSE 'sold' END",
    ),
    (
        "every order line moved what its status says",
        "SELECT format('order %s (%s) variant %s', o.order_number, o.status, i.variant_id) AS finding \
         FROM orders o JOIN order_items i ON i.store_id = o.store_id AND i.order_id = o.id \
         LEFT JOIN (SELECT store_id, reference_id, variant_id, sum(stock_delta) AS stock, \
                           sum(reserved_delta) AS reserved, sum(sold_delta) AS sold \
                    FROM stock_movements GROUP BY 1, 2, 3) m \
           ON m.store_id = o.store_id AND m.reference_id = o.order_number AND m.variant_id = i.variant_id \
         WHERE (COALESCE(m.stock, 0), COALESCE(m.reserved, 0), COALESCE(m.sold, 0)) IS DISTINCT FROM \
               (CASE WHEN o.status IN ('cancelled', 'under_paying') THEN 0 ELSE i.cancelled_quantity - i.quantity END, \
                CASE WHEN o.status = 'under_paying' THEN i.quantity ELSE 0 END, \
                CASE WHEN o.status IN ('cancelled', 'under_paying') THEN 0 ELSE i.quantity - i.cancelled_quantity END)",
    ),
    (
        "every order adds up",
        "SELECT format('order %s', o.order_number) AS finding FROM orders o \
         LEFT JOIN (SELECT store_id, order_id, sum(total_price) AS subtotal, sum(quantity) AS units, \
                           bool_and(total_price = quantity * unit_price) AS lines \
                    FROM order_items GROUP BY 1, 2) i ON i.store_id = o.store_id AND i.order_id = o.id \
         WHERE i.lines IS NOT TRUE OR o.subtotal <> i.subtotal OR o.total_items <> i.units \
            OR o.total_amount <> o.subtotal + o.tax_amount + o.shipping_amount - o.discount_amount",
    ),
    (
        "every partial order lacks what it says",
        "SELECT format('order %s: %s', o.order_number, u) AS finding FROM orders o \
         CROSS JOIN LATERAL jsonb_array_elements(o.unfulfilled) AS u \
         WHERE (u->>'requested_quantity')::bigint <= (u->>'fulfilled_quantity')::bigint \
            OR (u->>'fulfilled_quantity')::bigint <> (SELECT COALESCE(sum(quantity), 0) FROM order_items i \
                WHERE i.store_id = o.store_id AND i.order_id = o.id AND i.product_id = (u->>'product_id')::bigint \
                  AND COALESCE(i.size, '') = COALESCE(u->>'size', ''))",
    ),
    (
        "every collected order is without delivery and has a place",
        "SELECT format('order %s', o.order_number) AS finding FROM orders o \
         LEFT JOIN locations l ON l.store_id = o.store_id AND l.id = o.pickup_location_id \
         WHERE o.pickup_location_id > 0 AND (l.kind IS DISTINCT FROM 'place' OR o.shipping_amount > 0)",
    ),
    (
        "every order's money is the sum of its payments",
        "SELECT format('order %s', o.order_number) AS finding FROM orders o \
         LEFT JOIN (SELECT store_id, order_id, sum(CASE WHEN kind = 'payment' THEN amount ELSE 0 END) AS received, \
                           sum(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS refunded \
                    FROM order_payments GROUP BY 1, 2) p ON p.store_id = o.store_id AND p.order_id = o.id \
         WHERE (o.received_amount, o.refunded_amount) IS DISTINCT FROM \
               (COALESCE(p.received, 0), COALESCE(p.refunded, 0))",
    ),
    (
        "an order that costs nothing is paid",
        "SELECT format('order %s is %s', order_number, payment_status) AS finding FROM orders \
         WHERE total_amount = 0 AND payment_status <> 'paid'",
    ),
    (
        "every variant is counted",
        "SELECT format('store %s', s.id) AS finding FROM stores s \
         WHERE (SELECT count(*) FROM variants v WHERE v.store_id = s.id) \
            <> (SELECT COALESCE(sum(variants), 0) FROM variant_counts c WHERE c.store_id = s.id)",
    ),
    (
        "every code is registered for what has it",
        "SELECT format('%s %s', kind, code) AS finding \
         FROM (SELECT store_id, 'sku' AS kind, sku AS code, product_id, id AS variant FROM variants \
               UNION SELECT store_id, 'barcode', barcode, product_id, id FROM variants WHERE barcode IS NOT NULL \
               UNION SELECT p.store_id, k.kind, k.code, p.id, COALESCE((SELECT v.id FROM variants v WHERE \
                   v.store_id = p.store_id AND v.product_id = p.id AND v.size IS NULL), 0) FROM products p \
                   CROSS JOIN LATERAL (VALUES ('sku', p.sku), ('barcode', p.barcode)) AS k (kind, code) \
                   WHERE k.code IS NOT NULL) had \
         FULL JOIN (SELECT *, COALESCE(variant_id, 0) AS variant FROM product_codes WHERE position = 0) registered \
             USING (store_id, kind, code, product_id, variant) \
         WHERE had IS NULL OR registered IS NULL",
    ),
    (
        "every further barcode is behind a first one, at a place of its own",
        "SELECT format('barcode %s', string_agg(code, ', ')) AS finding FROM product_codes WHERE kind = 'barcode' \
         GROUP BY store_id, product_id, variant_id \
         HAVING min(position) <> 0 OR count(DISTINCT position) <> count(*)",
    ),
    (
        "every line has its order",
        "SELECT format('item %s', i.id) AS finding FROM order_items i \
         LEFT JOIN orders o ON o.store_id = i.store_id AND o.id = i.order_id WHERE o.id IS NULL",
    ),
    (
        "every history is legal and ends with the order's status",
        "SELECT format('order %s: %s', o.order_number, h.steps) AS finding FROM orders o \
         LEFT JOIN (SELECT store_id, order_id, string_agg(step, ', ' ORDER BY id) AS steps, \
                           bool_and(continues AND legal) AS good, \
                           (array_agg(to_status ORDER BY id DESC))[1] AS last \
                    FROM (SELECT *, concat(from_status, '>', to_status) AS step, \
                                 from_status IS NOT DISTINCT FROM lag(to_status) OVER \
                                     (PARTITION BY store_id, order_id ORDER BY id) AS continues, \
                                 concat(from_status, '>', to_status) IN ( \
                                     '>under_paying', '>pending', 'under_paying>pending', 'pending>processing', \
                                     'processing>shipped', 'shipped>delivered', 'under_paying>cancelled', \
                                     'pending>cancelled', 'processing>cancelled') AS legal \
                          FROM order_history) steps GROUP BY 1, 2) h \
           ON h.store_id = o.store_id AND h.order_id = o.id \
         WHERE h.good IS NOT TRUE OR h.last <> o.status",
    ),
    (
        "units on the road are the open units of transfers",
        "SELECT format('variant %s to %s: %s and %s', variant_id, place, stock, due) AS finding FROM ( \
             SELECT store_id, variant_id, place, sum(stock) AS stock, sum(due) AS due FROM ( \
                 SELECT s.store_id, s.variant_id, t.parent_id AS place, s.stock_quantity AS stock, 0 AS due \
                 FROM stock_levels s JOIN locations t ON t.store_id = s.store_id AND t.id = s.location_id \
                 WHERE t.kind = 'transit' \
                 UNION ALL SELECT i.store_id, l.variant_id, i.to_location_id, 0, l.sent_quantity + l.over_quantity \
                     - l.accepted_quantity - l.rejected_quantity - l.lost_quantity - l.returned_quantity \
                 FROM inbound_lines l JOIN inbounds i ON i.store_id = l.store_id AND i.id = l.inbound_id \
                 WHERE i.kind = 'transfer') u \
             GROUP BY 1, 2, 3) sums WHERE stock <> due",
    ),
    (
        "every transfer moved what its lines say",
        "SELECT format('transfer %s variant %s', i.inbound_number, l.variant_id) AS finding \
         FROM inbounds i JOIN inbound_lines l ON l.store_id = i.store_id AND l.inbound_id = i.id \
         CROSS JOIN LATERAL (SELECT coalesce(sum(accepted_quantity), 0) AS accepted, \
             coalesce(sum(rejected_quantity), 0) AS rejected, coalesce(sum(over_quantity), 0) AS surplus \
             FROM inbound_receipt_lines WHERE store_id = l.store_id AND line_id = l.id) r \
         CROSS JOIN LATERAL (SELECT \
             coalesce(sum(stock_delta) FILTER (WHERE p.id = i.from_location_id), 0) AS source, \
             coalesce(sum(stock_delta) FILTER (WHERE p.id = i.to_location_id), 0) AS place, \
             coalesce(sum(stock_delta) FILTER (WHERE p.parent_id = i.to_location_id AND p.kind = 'quarantine'), 0) \
                 AS quarantine, \
             coalesce(sum(stock_delta) FILTER (WHERE p.parent_id = i.to_location_id AND p.kind = 'transit'), 0) \
                 AS transit \
             FROM stock_movements m JOIN locations p ON p.store_id = m.store_id AND p.id = m.location_id \
             WHERE m.store_id = i.store_id AND m.variant_id = l.variant_id \
               AND (p.kind = 'transit' OR m.kind LIKE 'transfer%') AND (m.reference_id = i.inbound_number \
                 OR m.reference_id IN (SELECT receipt_number FROM inbound_receipts c \
                                       WHERE c.store_id = i.store_id AND c.inbound_id = i.id))) m \
         WHERE i.kind = 'transfer' AND (l.accepted_quantity, l.rejected_quantity, l.over_quantity, m.source, m.place, \
                m.quarantine, m.transit, m.source + m.place + m.quarantine + m.transit) \
               IS DISTINCT FROM (r.accepted, r.rejected, r.surplus, l.returned_quantity - l.sent_quantity, \
                l.accepted_quantity, l.rejected_quantity, l.outstanding_quantity, l.over_quantity - l.lost_quantity)",
    ),
    (
        "every transfer has the status and the history of its lines",
        "SELECT format('transfer %s (%s): %s', i.inbound_number, i.status, h.steps) AS finding FROM inbounds i \
         LEFT JOIN (SELECT store_id, inbound_id, sum(sent_quantity) AS sent, sum(outstanding_quantity) AS road, \
                           sum(sent_quantity + over_quantity - outstanding_quantity) AS ended \
                    FROM inbound_lines GROUP BY 1, 2) l ON l.store_id = i.store_id AND l.inbound_id = i.id \
         LEFT JOIN (SELECT store_id, inbound_id, string_agg(to_status, '>' ORDER BY id) AS steps, \
                           string_agg(coalesce(from_status, '') || '>', '' ORDER BY id) AS begins, \
                           (array_agg(to_status ORDER BY id DESC))[1] AS last \
                    FROM inbound_history GROUP BY 1, 2) h ON h.store_id = i.store_id AND h.inbound_id = i.id \
         WHERE i.kind = 'transfer' AND (h.last IS DISTINCT FROM i.status \
            OR h.begins || h.last IS DISTINCT FROM '>' || h.steps \
            OR CASE WHEN i.status IN ('draft', 'ready', 'cancelled') THEN l.sent <> 0 OR l.ended <> 0 \
                    WHEN i.status = 'in_transit' THEN l.road = 0 OR l.ended <> 0 \
                    WHEN i.status = 'partially_received' THEN l.road = 0 OR l.ended = 0 \
                    ELSE l.road <> 0 OR l.sent = 0 END IS NOT FALSE)",
    ),
    (
        "every purchase brought in what its lines say",
        "SELECT format('purchase %s variant %s', i.inbound_number, l.variant_id) AS finding \
         FROM inbounds i JOIN inbound_lines l ON l.store_id = i.store_id AND l.inbound_id = i.id \
         CROSS JOIN LATERAL (SELECT coalesce(sum(accepted_quantity), 0) AS accepted, \
             coalesce(sum(rejected_quantity), 0) AS rejected, coalesce(sum(over_quantity), 0) AS surplus, \
             coalesce(sum(quarantined_quantity), 0) AS kept, coalesce(bool_and(unit_cost IS NOT NULL), true) AS priced \
             FROM inbound_receipt_lines WHERE store_id = l.store_id AND line_id = l.id) r \
         CROSS JOIN LATERAL (SELECT coalesce(sum(stock_delta) FILTER (WHERE p.id = i.to_location_id), 0) AS place, \
             coalesce(sum(stock_delta) FILTER (WHERE p.parent_id = i.to_location_id AND p.kind = 'quarantine'), 0) \
                 AS quarantine, count(*) FILTER (WHERE i.to_location_id NOT IN (p.id, coalesce(p.parent_id, 0))) AS others \
             FROM inbound_receipts c JOIN stock_movements m ON m.store_id = c.store_id AND m.reference_id = c.receipt_number \
                  AND m.created_at = c.created_at \
             JOIN locations p ON p.store_id = m.store_id AND p.id = m.location_id \
             WHERE c.store_id = i.store_id AND c.inbound_id = i.id AND m.variant_id = l.variant_id) m \
         WHERE i.kind = 'purchase' AND (l.accepted_quantity, l.rejected_quantity, l.over_quantity, m.place, m.quarantine, \
                m.others, r.priced, l.unit_cost >= 0, l.sent_quantity, l.lost_quantity + l.returned_quantity) \
               IS DISTINCT FROM (r.accepted, r.rejected, r.surplus, r.accepted, r.kept, 0, true, true, l.quantity, 0)",
    ),
    (
        "every purchase has the status and the history of its lines",
        "SELECT format('purchase %s (%s): %s', i.inbound_number, i.status, h.steps) AS finding FROM inbounds i \
         LEFT JOIN (SELECT store_id, inbound_id, sum(outstanding_quantity) AS due, \
                           sum(accepted_quantity + rejected_quantity) AS arrived \
                    FROM inbound_lines GROUP BY 1, 2) l ON l.store_id = i.store_id AND l.inbound_id = i.id \
         LEFT JOIN (SELECT store_id, inbound_id, string_agg(to_status, '>' ORDER BY id) AS steps, \
                           string_agg(coalesce(from_status, '') || '>', '' ORDER BY id) AS begins, \
                           (array_agg(to_status ORDER BY id DESC))[1] AS last \
                    FROM inbound_history GROUP BY 1, 2) h ON h.store_id = i.store_id AND h.inbound_id = i.id \
         WHERE i.kind = 'purchase' AND (h.last IS DISTINCT FROM i.status \
            OR h.begins || h.last IS DISTINCT FROM '>' || h.steps \
            OR CASE WHEN i.status IN ('draft', 'ordered') THEN l.due = 0 OR l.arrived <> 0 \
                    WHEN i.status = 'partially_received' THEN l.due = 0 OR l.arrived = 0 \
                    WHEN i.status = 'received' THEN l.due <> 0 OR l.arrived = 0 \
                    ELSE l.due <> 0 OR l.arrived <> 0 END IS NOT FALSE)",
    ),
    (
        "ready transfers hold their plans, and others hold nothing",
        "SELECT format('transfer %s variant %s', id, variant_id) AS finding FROM ( \
             SELECT store_id, id, variant_id, place, sum(quantity) AS open FROM ( \
                 SELECT i.store_id, i.id, l.variant_id, i.from_location_id AS place, l.quantity FROM inbounds i \
                 JOIN inbound_lines l ON l.store_id = i.store_id AND l.inbound_id = i.id WHERE i.status = 'ready' \
                 UNION ALL SELECT store_id, holder_id, variant_id, location_id, -quantity FROM stock_holds \
                 WHERE holder_kind = 'transfer' AND ended_at IS NULL) u GROUP BY 1, 2, 3, 4) sums WHERE open <> 0 \
         UNION ALL SELECT format('hold %s is %s', id, state) FROM stock_holds \
         WHERE holder_kind = 'transfer' AND (state NOT IN ('active', 'released') OR expires_at IS NOT NULL)",
    ),
    (
        "the valued units are the units in stock, at each place",
        "SELECT format('variant %s at %s: %s of %s', variant_id, place, valued, stock) AS finding \
         FROM (SELECT s.store_id, s.variant_id, COALESCE(l.parent_id, l.id) AS place, sum(s.stock_quantity) AS stock \
               FROM stock_levels s JOIN locations l ON l.store_id = s.store_id AND l.id = s.location_id GROUP BY 1, 2, 3 \
               HAVING sum(s.stock_quantity) <> 0) s \
         FULL JOIN (SELECT c.store_id, c.variant_id, p.key::int8 AS place, p.value::numeric AS valued \
                    FROM valuation_checkpoints c CROSS JOIN LATERAL jsonb_each_text(c.places) p) v \
             USING (store_id, variant_id, place) WHERE valued IS DISTINCT FROM stock",
    ),
    (
        "every value row continues the one before, and no units have no value",
        "SELECT format('variant %s at %s', variant_id, posted_at) AS finding FROM ( \
             SELECT *, sum(quantity) OVER rows AS units, sum(average_value) OVER rows AS average, \
                    sum(fifo_value) OVER rows AS fifo \
             FROM valuation_rows WINDOW rows AS (PARTITION BY store_id, variant_id ORDER BY posted_at)) r \
         WHERE (units, average, fifo) IS DISTINCT FROM (quantity_after::numeric, average_after, fifo_after) \
            OR least(average, fifo) < 0 OR (units <= 0 AND (average, fifo) <> (0, 0))",
    ),
    (
        "an average outflow is its share of the value",
        "SELECT format('variant %s at %s: %s', variant_id, posted_at, average_value) AS finding FROM ( \
             SELECT *, quantity_after - quantity AS units, average_after - average_value AS value FROM valuation_rows) r \
         WHERE quantity < 0 AND quantity_after >= 0 AND kind <> 'reversal' \
           AND -average_value <> floor(value * -quantity / units + 0.5)",
    ),
    (
        "an order that was cancelled has cost nothing, and any other one what its sale took",
        "SELECT format('order %s variant %s: %s, %s', o.order_number, i.variant_id, v.average, v.fifo) AS finding \
         FROM orders o JOIN order_items i ON i.store_id = o.store_id AND i.order_id = o.id \
         CROSS JOIN LATERAL (SELECT sum(r.average_value) AS average, sum(r.fifo_value) AS fifo FROM valuation_rows r \
              WHERE r.store_id = o.store_id AND r.variant_id = i.variant_id AND r.movement_id IN ( \
                    SELECT id FROM stock_movements m WHERE m.store_id = o.store_id AND m.reference_id = o.order_number)) v \
         WHERE o.status = 'cancelled' AND (v.average, v.fifo) <> (0, 0) \
            OR v.average > 0 OR v.fifo > 0",
    ),
    (
        "the totals are the sums of the value rows",
        "SELECT format('store %s', store_id) AS finding FROM ( \
             SELECT store_id, paid, average_value, average_sold, fifo_value, fifo_sold FROM valuation_hours \
             UNION ALL SELECT store_id, -paid, -average_value, CASE WHEN kind IN ('sale', 'return') THEN average_value ELSE 0 END, \
                    -fifo_value, CASE WHEN kind IN ('sale', 'return') THEN fifo_value ELSE 0 END FROM valuation_rows) t \
         GROUP BY store_id HAVING (sum(paid), sum(average_value), sum(average_sold), sum(fifo_value), sum(fifo_sold)) \
                                  <> (0, 0, 0, 0, 0)",
    ),
    (
        "every stored key is answered, and its order is its caller's",
        "SELECT format('key %s of %s', k.key, k.caller) AS finding FROM idempotency_keys k \
         LEFT JOIN orders o ON o.store_id = k.store_id AND o.id = k.order_id \
         WHERE k.status IS NULL OR k.body IS NULL OR (k.order_id IS NOT NULL AND k.caller NOT IN \
               (concat('user:', o.user_id), concat('user:', o.created_by), \
                CASE WHEN o.user_id IS NULL AND o.created_by IS NULL THEN k.caller END))",
    ),
];

/// Everything that is wrong in the database, apart from the feed.
pub fn findings(conn: &mut PgConnection) -> Vec<String> {
    let parts: [&[(&str, &str)]; 8] = [
        &CHECKS,
        &counts::CHECKS,
        &credits::CHECKS,
        &returns::CHECKS,
        &deliveries::CHECKS,
        &taxes::CHECKS,
        &scarcity::CHECKS,
        &states::CHECKS,
    ];
    parts.into_iter().flat_map(|checks| run(conn, checks)).collect()
}

fn run(conn: &mut PgConnection, checks: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, sql) in checks {
        let rows: Vec<Finding> = diesel::sql_query(*sql).load(conn).unwrap_or_else(|error| panic!("{name}: {error}"));
        found.extend(rows.into_iter().map(|row| format!("not so: {name}: {}", row.finding)));
    }
    found
}

/// Fails the test if anything is wrong, after the ledger has been valued and the relay has run.
pub fn assert_clean(conn: &mut PgConnection) {
    value_ledger(conn);
    relay(conn);
    let mut findings = findings(conn);
    findings.extend(run(conn, &feed::CHECKS));
    assert!(findings.is_empty(), "the ledger is wrong:\n{}", findings.join("\n"));
}
