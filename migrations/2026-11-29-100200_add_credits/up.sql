CREATE TABLE credits (
    store_id                     BIGINT NOT NULL,
    id                           BIGINT NOT NULL DEFAULT nextval('ledger_id_seq'),
    credit_number                TEXT NOT NULL,
    order_id                     BIGINT NOT NULL,
    kind                         TEXT NOT NULL CONSTRAINT credits_kind_check CHECK (
        kind IN ('cancel', 'return', 'goodwill', 'shipping')),
    return_id                    BIGINT,
    reason                       TEXT,
    subtotal                     BIGINT NOT NULL,
    discount_amount              BIGINT NOT NULL,
    tax_amount                   BIGINT NOT NULL,
    included_tax_amount          BIGINT NOT NULL,
    shipping_amount              BIGINT NOT NULL,
    shipping_tax_amount          BIGINT NOT NULL,
    shipping_included_tax_amount BIGINT NOT NULL,
    fee                          BIGINT NOT NULL,
    total_amount                 BIGINT NOT NULL,
    used_amount                  BIGINT NOT NULL,
    refunded_amount              BIGINT NOT NULL,
    actor                        TEXT NOT NULL,
    created_at                   TIMESTAMPTZ NOT NULL,
    CONSTRAINT credits_pkey PRIMARY KEY (store_id, id),
    CONSTRAINT credits_number_key UNIQUE (store_id, credit_number),
    CONSTRAINT credits_order_fkey FOREIGN KEY (store_id, order_id) REFERENCES orders (store_id, id),
    CONSTRAINT credits_total_check CHECK (
        total_amount = subtotal - discount_amount + tax_amount + shipping_amount - fee),
    CONSTRAINT credits_amounts_check CHECK (
        subtotal >= 0 AND discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0
        AND shipping_amount >= 0 AND fee >= 0
        AND shipping_tax_amount BETWEEN 0 AND tax_amount
        AND shipping_included_tax_amount BETWEEN 0 AND included_tax_amount),
    CONSTRAINT credits_rest_check CHECK (
        used_amount >= 0 AND refunded_amount >= 0 AND used_amount + refunded_amount <= total_amount)
);
CREATE INDEX credits_order_idx ON credits (store_id, order_id, id);

COMMENT ON TABLE credits IS
    'Parts of orders that the buyer does not have to pay: cancelled, returned or forgiven. Amounts are in minor units.';
COMMENT ON COLUMN credits.id IS 'From ledger_id_seq.';
COMMENT ON COLUMN credits.return_id IS 'The return whose receipt it is for. Null for other credits.';
COMMENT ON COLUMN credits.reason IS 'Null if none was given.';
COMMENT ON COLUMN credits.tax_amount IS 'The added tax, with that of the delivery.';
COMMENT ON COLUMN credits.included_tax_amount IS 'The tax that the prices contain, with that of the delivery.';
COMMENT ON COLUMN credits.shipping_amount IS 'The delivery, without added tax.';
COMMENT ON COLUMN credits.shipping_tax_amount IS 'The part of tax_amount for the delivery.';
COMMENT ON COLUMN credits.shipping_included_tax_amount IS 'The part of included_tax_amount for the delivery.';
COMMENT ON COLUMN credits.fee IS 'The sum of the fees of the lines, which the buyer still owes.';
COMMENT ON COLUMN credits.used_amount IS 'The part that paid for the order of an exchange.';
COMMENT ON COLUMN credits.refunded_amount IS 'The sum of the refunds that name the credit.';
COMMENT ON COLUMN credits.actor IS 'The caller: user:ID, guest or system.';

CREATE TABLE credit_lines (
    store_id            BIGINT NOT NULL,
    credit_id           BIGINT NOT NULL,
    variant_id          BIGINT NOT NULL,
    quantity            BIGINT NOT NULL CONSTRAINT credit_lines_quantity_check CHECK (quantity >= 0),
    subtotal            BIGINT NOT NULL,
    discount_amount     BIGINT NOT NULL,
    tax_amount          BIGINT NOT NULL,
    included_tax_amount BIGINT NOT NULL,
    fee                 BIGINT NOT NULL,
    CONSTRAINT credit_lines_pkey PRIMARY KEY (store_id, credit_id, variant_id),
    CONSTRAINT credit_lines_credit_fkey FOREIGN KEY (store_id, credit_id) REFERENCES credits (store_id, id),
    CONSTRAINT credit_lines_amounts_check CHECK (
        subtotal >= 0 AND discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0
        AND 0 <= fee AND fee <= subtotal - discount_amount + tax_amount)
);

COMMENT ON TABLE credit_lines IS 'The credited shares of the items of an order.';
COMMENT ON COLUMN credit_lines.variant_id IS 'The variant of the order item.';
COMMENT ON COLUMN credit_lines.quantity IS 'The cancelled or returned units. 0 if only an amount is forgiven.';
COMMENT ON COLUMN credit_lines.subtotal IS 'The share in the total price of the item.';

ALTER TABLE orders ADD COLUMN credited_items BIGINT NOT NULL DEFAULT 0;

COMMENT ON COLUMN orders.credited_items IS 'The cancelled and returned units of the items.';

ALTER TABLE orders ADD CONSTRAINT orders_credited_items_check CHECK (
    0 <= credited_items AND credited_items <= total_items);

-- Money that was not accepted, and refunds of credits.
ALTER TABLE order_payments
    ADD COLUMN unapplied_amount BIGINT NOT NULL DEFAULT 0
        CONSTRAINT order_payments_unapplied_check CHECK (0 <= unapplied_amount AND unapplied_amount <= amount),
    ADD COLUMN is_reused BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN credit_id BIGINT;

COMMENT ON TABLE order_payments IS
    'The payments and refunds of orders. Rows are only appended. Only the unapplied amount of a payment with a reused '
    'reference changes to 0, when staff accept it.';
COMMENT ON COLUMN order_payments.unapplied_amount IS
    'The part of a payment that the order did not accept, or the part of a refund that gives such money back.';
COMMENT ON COLUMN order_payments.is_reused IS 'True if the reference was recorded for another order before.';
COMMENT ON COLUMN order_payments.credit_id IS 'The credit of a refund. Null if it names none, and for payments.';

-- Older databases may have the payments of one reference for several orders.
UPDATE order_payments p SET is_reused = true
FROM (SELECT store_id, reference, MIN(id) AS id FROM order_payments
      WHERE kind = 'payment' AND reference IS NOT NULL GROUP BY store_id, reference HAVING COUNT(*) > 1) first
WHERE p.store_id = first.store_id AND p.kind = 'payment' AND p.reference = first.reference AND p.id <> first.id;

-- Two orders cannot record one reference at the same time without noticing each other.
CREATE UNIQUE INDEX order_payments_first_use_key ON order_payments (store_id, reference)
    WHERE kind = 'payment' AND NOT is_reused;

-- Cancelled orders have a credit of the whole.
INSERT INTO credits (store_id, credit_number, order_id, kind, subtotal, discount_amount, tax_amount,
       included_tax_amount, shipping_amount, shipping_tax_amount, shipping_included_tax_amount, fee, total_amount,
       used_amount, refunded_amount, actor, created_at)
SELECT o.store_id, format('CRN-%s-%s', to_char(o.updated_at AT TIME ZONE 'UTC', 'YYYYMMDD'),
                          lpad(upper(to_hex(o.id)), 10, '0')),
       o.id, 'cancel', o.subtotal, o.discount_amount, o.tax_amount, o.included_tax_amount, o.shipping_amount,
       o.tax_amount - i.tax_amount, o.included_tax_amount - i.included_tax_amount, 0, o.total_amount, 0, 0, 'system',
       o.updated_at
FROM orders o
CROSS JOIN LATERAL (SELECT SUM(tax_amount)::int8 AS tax_amount, SUM(included_tax_amount)::int8 AS included_tax_amount
                    FROM order_items WHERE store_id = o.store_id AND order_id = o.id) i
WHERE o.status = 'cancelled' ORDER BY o.store_id, o.id;

INSERT INTO credit_lines (store_id, credit_id, variant_id, quantity, subtotal, discount_amount, tax_amount,
       included_tax_amount, fee)
SELECT c.store_id, c.id, i.variant_id, i.quantity, i.total_price, i.discount_amount, i.tax_amount,
       i.included_tax_amount, 0
FROM credits c JOIN order_items i ON i.store_id = c.store_id AND i.order_id = c.order_id;

UPDATE orders SET credited_amount = total_amount, credited_items = total_items WHERE status = 'cancelled';

-- Statistics, counts and far pages are read from the index alone.
DROP INDEX orders_created_idx;
CREATE INDEX orders_created_idx ON orders (store_id, created_at, id)
    INCLUDE (status, payment_status, total_amount, total_items, credited_amount, credited_items, refunded_amount);
-- Orders with a due refund: more money was kept than is owed, or money was not accepted.
DROP INDEX orders_refund_due_idx;
CREATE INDEX orders_refund_due_idx ON orders (store_id, id)
    WHERE unapplied_amount > 0
       OR received_amount - refunded_amount - credit_used_amount > total_amount - credited_amount;

-- Credits have entries of their own. The credit of an ended order is a part of its end.
CREATE OR REPLACE VIEW audit_entries AS
SELECT a.store_id, a.id, a.entity, a.entity_id, a.action, a.detail, NULL::int8 AS amount,
       NULL::text AS currency, a.actor, a.created_at
FROM audit_log a
UNION ALL
SELECT m.store_id, m.id, 'Inventory',
       (SELECT v.product_id FROM variants v WHERE v.store_id = m.store_id AND v.id = m.variant_id),
       CASE m.kind WHEN 'fulfil' THEN 'ORDER_FULFILLED'
                   WHEN 'restore' THEN 'STOCK_RESTORED'
                   WHEN 'ship' THEN 'STOCK_SHIPPED'
                   ELSE 'STOCK_' || upper(m.kind) END,
       CASE
           WHEN m.kind = 'restore' THEN format(
               'Restored %s units from cancelled order %s', m.stock_delta, m.reference_id)
           WHEN m.kind = 'ship' THEN format(
               'Shipped %s units by %s. Committed: %s', -m.committed_delta, m.reference_id, m.committed_after)
           WHEN m.kind IN ('transfer_out', 'transfer_in') THEN format(
               'Moved %s units by %s. Stock: %s', to_char(m.stock_delta, 'FMSG9999999999999990'), m.reference_id,
               m.stock_after)
           WHEN m.kind IN ('reserve', 'release', 'fulfil') THEN format(
               CASE m.kind WHEN 'fulfil' THEN 'Fulfilled %1$s units for %2$s. Stock: %5$s, Reserved: %6$s'
                           ELSE '%7$s for %2$s: stock %3$s, reserved %4$s. Stock: %5$s, Reserved: %6$s' END,
               m.sold_delta,
               CASE WHEN m.reference_id ~ '^reservation:[0-9]{1,18}$' THEN COALESCE(
                        (SELECT format('reservation %s (%s)', r.id, r.reference_id) FROM reservations r
                         WHERE r.store_id = m.store_id AND r.id = substr(m.reference_id, 13)::int8), m.reference_id)
                    WHEN m.reference_id LIKE 'cart:%' THEN replace(m.reference_id, ':', ' ')
                    WHEN m.reference_id LIKE 'TRF-%' THEN 'transfer ' || m.reference_id
                    ELSE 'order ' || m.reference_id END,
               to_char(m.stock_delta, 'FMSG9999999999999990'), to_char(m.reserved_delta, 'FMSG9999999999999990'),
               m.stock_after, m.reserved_after, initcap(m.kind))
           ELSE format('%s: stock %s, reserved %s. Stock: %s, Reserved: %s', initcap(m.kind),
                       to_char(m.stock_delta, 'FMSG9999999999999990'),
                       to_char(m.reserved_delta, 'FMSG9999999999999990'), m.stock_after, m.reserved_after)
       END, NULL::int8, NULL::text, m.actor, m.created_at
FROM stock_movements m
UNION ALL
SELECT h.store_id, h.id, 'Order', h.order_id,
       CASE WHEN h.from_status IS NULL THEN 'CREATE'
            WHEN h.to_status = 'cancelled' THEN 'CANCEL' ELSE 'UPDATE_STATUS' END,
       (SELECT CASE WHEN h.from_status IS NULL
                    THEN format('Order %s created with %s items', o.order_number, o.total_items)
                    ELSE format('Order %s: %s to %s', o.order_number, h.from_status, h.to_status) END
        FROM orders o WHERE o.store_id = h.store_id AND o.id = h.order_id),
       NULL::int8, NULL::text, h.actor, h.created_at
FROM order_history h
UNION ALL
SELECT p.store_id, p.id, 'Order', p.order_id,
       CASE p.kind WHEN 'payment' THEN 'PAYMENT_RECORDED' ELSE 'REFUND_RECORDED' END,
       (SELECT format('%s %s recorded for order %s', initcap(p.kind), COALESCE(p.reference, '(no reference)'),
                      o.order_number)
        FROM orders o WHERE o.store_id = p.store_id AND o.id = p.order_id),
       p.amount,
       (SELECT o.currency FROM orders o WHERE o.store_id = p.store_id AND o.id = p.order_id),
       p.actor, p.created_at
FROM order_payments p
UNION ALL
SELECT c.store_id, c.id, 'Order', c.order_id, 'CREDIT_RECORDED',
       (SELECT format('Credit %s (%s) for order %s', c.credit_number, c.kind, o.order_number)
        FROM orders o WHERE o.store_id = c.store_id AND o.id = c.order_id),
       c.total_amount,
       (SELECT o.currency FROM orders o WHERE o.store_id = c.store_id AND o.id = c.order_id),
       c.actor, c.created_at
FROM credits c
WHERE c.kind <> 'cancel' OR NOT EXISTS (
    SELECT FROM order_history h WHERE h.store_id = c.store_id AND h.order_id = c.order_id AND h.to_status = 'cancelled'
                                  AND h.created_at = c.created_at);
COMMENT ON COLUMN audit_entries.amount IS
    'The amount of a payment, refund or credit, in minor units; null for other entries. The number of decimals is not '
    'known here, so the server adds the amount to the detail.';
COMMENT ON SEQUENCE ledger_id_seq IS
    'The ids of stock_movements, order_history, order_payments, credits and audit_log, '
    'so that the view audit_entries over all of them has one key.';
