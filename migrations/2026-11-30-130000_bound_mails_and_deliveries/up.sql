ALTER TABLE webhook_deliveries ADD COLUMN is_extra BOOLEAN NOT NULL DEFAULT FALSE;

COMMENT ON COLUMN webhook_deliveries.is_extra IS
    'True for a test, an alert, and an event that staff repeat. They take no room of the events of the feed.';

CREATE TABLE order_mail_counts (
    store_id  BIGINT NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    began_at  TIMESTAMPTZ NOT NULL,
    mails     BIGINT NOT NULL CONSTRAINT order_mail_counts_mails_check CHECK (mails > 0),
    CONSTRAINT order_mail_counts_pkey PRIMARY KEY (store_id, recipient)
);
CREATE INDEX order_mail_counts_began_idx ON order_mail_counts (began_at);

COMMENT ON TABLE order_mail_counts IS
    'The mails about orders to each address within an hour, which are limited. A job deletes the row after the hour.';
COMMENT ON COLUMN order_mail_counts.began_at IS 'The first mail of the hour.';
COMMENT ON COLUMN order_mail_counts.mails IS 'With those that were left out.';

ALTER TABLE stock_wishes ADD COLUMN asked_from BYTEA;
-- The wishes of a variant, which are limited.
CREATE INDEX stock_wishes_confirmed_idx ON stock_wishes (store_id, variant_id) WHERE confirmed_at IS NOT NULL;
-- The wishes of a network that are not confirmed, which are limited.
CREATE INDEX stock_wishes_asked_from_idx ON stock_wishes (store_id, asked_from) WHERE confirmed_at IS NULL;

COMMENT ON COLUMN stock_wishes.asked_from IS
    'The keyed hash of the network that asked for the wish. Null once it is confirmed, and in rows from before an upgrade.';

ALTER TABLE feed_followers ADD COLUMN late_orders_after BIGINT NOT NULL DEFAULT 0;

COMMENT ON COLUMN feed_followers.late_orders_after IS
    'The search for late orders continues after this order. 0 for its beginning.';

ALTER TABLE alerts ADD COLUMN deleted_at TIMESTAMPTZ;
ALTER TABLE alerts ADD CONSTRAINT alerts_deleted_check CHECK (deleted_at IS NULL OR NOT active);

COMMENT ON COLUMN alerts.deleted_at IS
    'When it was deleted. The row stays until a job has deleted its states and waiting alerts. Null otherwise.';
