DROP INDEX payment_events_refund_idx;
ALTER TABLE payment_events
    DROP COLUMN refund_of,
    DROP COLUMN refunded_sum;
