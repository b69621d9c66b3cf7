ALTER TABLE stock_wishes RENAME TO stock_notices;
ALTER SEQUENCE stock_wishes_id_seq RENAME TO stock_notices_id_seq;
ALTER INDEX stock_wishes_pkey RENAME TO stock_notices_pkey;
ALTER INDEX stock_wishes_email_key RENAME TO stock_notices_email_key;
ALTER INDEX stock_wishes_email_idx RENAME TO stock_notices_email_idx;
ALTER INDEX stock_wishes_token_idx RENAME TO stock_notices_token_idx;
ALTER INDEX stock_wishes_expires_idx RENAME TO stock_notices_expires_idx;
ALTER INDEX stock_wishes_back_idx RENAME TO stock_notices_back_idx;
ALTER INDEX stock_wishes_confirmed_idx RENAME TO stock_notices_confirmed_idx;
ALTER INDEX stock_wishes_asked_from_idx RENAME TO stock_notices_asked_from_idx;
-- A distributed server cannot rename a foreign key.
ALTER TABLE stock_notices DROP CONSTRAINT stock_wishes_variant_fkey;
ALTER TABLE stock_notices ADD CONSTRAINT stock_notices_variant_fkey
    FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id);

COMMENT ON TABLE stock_notices IS
    'Requests for a mail when a variant is back in stock. A row is deleted when its mail is written.';
COMMENT ON COLUMN stock_notices.confirmed_at IS 'When the owner of the address confirmed the request. Null before.';
COMMENT ON COLUMN stock_notices.expires_at IS 'After this time the row is deleted.';
COMMENT ON COLUMN stock_notices.asked_from IS
    'The keyed hash of the network that sent the request. Null once it is confirmed, and in rows from before an upgrade.';

-- A place is a location, and no position in a list or in the feed.
COMMENT ON COLUMN tax_rates.position IS 'The position of the rate in the list, from 1.';
COMMENT ON COLUMN webhooks.position IS
    'With position_index, the cursor in the feed up to which events have become deliveries.';
COMMENT ON COLUMN webhook_replays.position IS
    'With position_index, the cursor up to which events have become deliveries.';
COMMENT ON COLUMN webhook_replays.until IS 'With until_index, the cursor at which the replay ends.';
COMMENT ON COLUMN webhook_deliveries.event_id IS 'The id of the event, which is its cursor in the feed.';
COMMENT ON COLUMN stores.return_window_days IS
    'The number of days after a delivery in which customers may ask to return its units. 0: never. Null: without an end.';
