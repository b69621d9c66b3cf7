-- Access tokens carry the version of their account. Those with an older version have ended.
ALTER TABLE users ADD COLUMN token_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN tokens_ended_at TIMESTAMPTZ;
COMMENT ON COLUMN users.token_version IS 'Access tokens with an older version have ended';
COMMENT ON COLUMN users.tokens_ended_at IS 'When the version was last raised; servers read the latest ones every second';
CREATE INDEX users_tokens_ended_idx ON users (tokens_ended_at) WHERE tokens_ended_at IS NOT NULL;
