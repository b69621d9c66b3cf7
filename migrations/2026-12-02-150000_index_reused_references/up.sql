-- A reported refund finds all orders that have its payment.
CREATE INDEX order_payments_reused_idx ON order_payments (store_id, reference) WHERE is_reused;
