DROP INDEX users_tokens_ended_idx;
ALTER TABLE users DROP COLUMN tokens_ended_at;
ALTER TABLE users DROP COLUMN token_version;
