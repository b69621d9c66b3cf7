-- An account that somebody attacks can still be signed in to from the addresses that it was used from before.
ALTER TABLE sessions ADD COLUMN address_hash BYTEA;
COMMENT ON COLUMN sessions.address_hash IS 'Keyed hash of the account and the address that the token was given to';
CREATE INDEX sessions_address_idx ON sessions (user_id, address_hash);
