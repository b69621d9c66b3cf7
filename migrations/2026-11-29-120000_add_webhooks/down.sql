DELETE FROM mail_outbox WHERE kind = 'webhook_off';
ALTER TABLE mail_outbox DROP CONSTRAINT mail_outbox_kind_check;
ALTER TABLE mail_outbox ADD CONSTRAINT mail_outbox_kind_check CHECK (kind IN ('password_reset'));
DROP INDEX feed_created_idx;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_replays;
DROP TABLE webhooks;
