CREATE TABLE idempotency_keys (
    store_id    BIGINT NOT NULL,
    caller      TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    status      SMALLINT,
    body        BYTEA,
    order_id    BIGINT,
    created_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (store_id, caller, key)
);
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);

-- Answers are compressed when they are stored. LZ4 takes a tenth of the time; some PostgreSQL servers are built
-- without it.
DO $$
BEGIN
    ALTER TABLE idempotency_keys ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END $$;

COMMENT ON TABLE idempotency_keys IS
    'The claims of requests that change something, with their stored answers. '
    'A repeated request with the same key gets the same answer. A job deletes old rows.';
COMMENT ON COLUMN idempotency_keys.caller IS
    'The scope of the key: user:ID, or guest: followed by the SHA-256 of the guest''s secret. '
    'Without a secret, the address of the client follows.';
COMMENT ON COLUMN idempotency_keys.key IS 'The header Idempotency-Key, or a random key if the request has none.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS
    'SHA-256 of method, path without version, query and parsed body. A request with another one is refused. '
    'It is random for guests without a secret.';
COMMENT ON COLUMN idempotency_keys.status IS
    'The HTTP status of the stored answer. Null only within the transaction that does the work.';
COMMENT ON COLUMN idempotency_keys.body IS
    'The exact bytes of the stored answer. Null only within the transaction that does the work.';
COMMENT ON COLUMN idempotency_keys.order_id IS 'The order that the request placed. Null if it placed none.';
