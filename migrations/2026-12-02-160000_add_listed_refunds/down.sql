ALTER TABLE payment_events DROP COLUMN listed_refunds;
