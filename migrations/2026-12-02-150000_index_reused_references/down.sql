DROP INDEX order_payments_reused_idx;
