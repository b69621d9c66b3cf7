DROP TABLE stock_wishes;
DROP TABLE alert_notices;
DROP TABLE alert_states;
DROP TABLE alerts;
DROP TABLE feed_followers;
DROP TABLE mail_templates;

DELETE FROM mail_outbox WHERE kind <> 'password_reset';
ALTER TABLE mail_outbox DROP CONSTRAINT mail_outbox_recipient_key;
ALTER TABLE mail_outbox ADD CONSTRAINT mail_outbox_recipient_key UNIQUE (store_id, kind, recipient);
ALTER TABLE mail_outbox DROP CONSTRAINT mail_outbox_kind_check;
ALTER TABLE mail_outbox ADD CONSTRAINT mail_outbox_kind_check CHECK (kind IN ('password_reset', 'webhook_off'));
ALTER TABLE mail_outbox DROP COLUMN data;
ALTER TABLE mail_outbox DROP COLUMN about;
COMMENT ON COLUMN mail_outbox.recipient IS 'An e-mail address. It has at most one waiting mail of a kind.';

ALTER TABLE orders DROP COLUMN customer_email;
ALTER TABLE stores DROP COLUMN order_mails;
ALTER TABLE stores DROP COLUMN language;
