-- Like sessions, these rows belong to no store, and nothing refers to them.
CREATE TABLE password_resets (
    user_id    BIGINT CONSTRAINT password_resets_pkey PRIMARY KEY,
    token_hash BYTEA NOT NULL CONSTRAINT password_resets_token_key UNIQUE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX password_resets_expires_idx ON password_resets (expires_at);

COMMENT ON TABLE password_resets IS
    'Links to choose a new password. An account has at most one; a newer link replaces it.';
COMMENT ON COLUMN password_resets.token_hash IS 'SHA-256 of the token in the mailed link; the token itself is not stored.';
