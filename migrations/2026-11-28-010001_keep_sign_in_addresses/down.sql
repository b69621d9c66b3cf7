DROP INDEX sessions_address_idx;
ALTER TABLE sessions DROP COLUMN address_hash;
