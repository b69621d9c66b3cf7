ALTER TABLE stock_notices DROP CONSTRAINT stock_notices_variant_fkey;
ALTER TABLE stock_notices ADD CONSTRAINT stock_wishes_variant_fkey
    FOREIGN KEY (store_id, variant_id) REFERENCES variants (store_id, id);
ALTER INDEX stock_notices_asked_from_idx RENAME TO stock_wishes_asked_from_idx;
ALTER INDEX stock_notices_confirmed_idx RENAME TO stock_wishes_confirmed_idx;
ALTER INDEX stock_notices_back_idx RENAME TO stock_wishes_back_idx;
ALTER INDEX stock_notices_expires_idx RENAME TO stock_wishes_expires_idx;
ALTER INDEX stock_notices_token_idx RENAME TO stock_wishes_token_idx;
ALTER INDEX stock_notices_email_idx RENAME TO stock_wishes_email_idx;
ALTER INDEX stock_notices_email_key RENAME TO stock_wishes_email_key;
ALTER INDEX stock_notices_pkey RENAME TO stock_wishes_pkey;
ALTER SEQUENCE stock_notices_id_seq RENAME TO stock_wishes_id_seq;
ALTER TABLE stock_notices RENAME TO stock_wishes;
