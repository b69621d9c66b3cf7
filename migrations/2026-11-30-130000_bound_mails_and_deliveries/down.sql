DELETE FROM alerts WHERE deleted_at IS NOT NULL;
ALTER TABLE alerts DROP COLUMN deleted_at;
ALTER TABLE feed_followers DROP COLUMN late_orders_after;
ALTER TABLE stock_wishes DROP COLUMN asked_from;
DROP INDEX stock_wishes_confirmed_idx;
DROP TABLE order_mail_counts;
ALTER TABLE webhook_deliveries DROP COLUMN is_extra;
