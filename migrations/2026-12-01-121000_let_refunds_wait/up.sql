-- Providers do not promise an order. A refund may arrive before its payment, and a sum of refunds before a smaller one.
ALTER TABLE payment_events
    ADD COLUMN refund_of TEXT,
    ADD COLUMN refunded_sum BIGINT;
CREATE INDEX payment_events_refund_idx ON payment_events (store_id, refund_of) WHERE refund_of IS NOT NULL;

COMMENT ON COLUMN payment_events.reference IS
    'The reference of the provider for the payment or the refund. Null if there is none.';
COMMENT ON COLUMN payment_events.outcome IS
    'The effect of the event. An unmatched event waits for its order, or as a refund for its payment. '
    'After refund_due or mismatched, staff must act on the money.';
COMMENT ON COLUMN payment_events.refund_of IS
    'The reference of the payment that was refunded. Null for other events, and in rows from before an upgrade.';
COMMENT ON COLUMN payment_events.refunded_sum IS
    'The sum of all refunds of that payment until the event, in minor units. Null if the provider does not send it.';
