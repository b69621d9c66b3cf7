DELETE FROM sessions WHERE is_cookie;
DROP INDEX sessions_ended_cookies_idx;
ALTER TABLE sessions DROP CONSTRAINT sessions_cookie_check;
ALTER TABLE sessions DROP COLUMN user_agent;
ALTER TABLE sessions DROP COLUMN address;
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE sessions DROP COLUMN is_cookie;

COMMENT ON TABLE sessions IS
    'Refresh tokens. They belong to no store, and no table refers to them. A job deletes expired tokens.';
