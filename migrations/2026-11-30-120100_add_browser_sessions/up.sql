ALTER TABLE sessions ADD COLUMN is_cookie BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE sessions ADD COLUMN last_used_at TIMESTAMPTZ;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD CONSTRAINT sessions_cookie_check CHECK (is_cookie = (last_used_at IS NOT NULL));
-- Servers read the newest of them every second.
CREATE INDEX sessions_ended_cookies_idx ON sessions (revoked_at) WHERE is_cookie AND revoked_at IS NOT NULL;

COMMENT ON TABLE sessions IS
    'Refresh tokens, and the cookies of browsers. They belong to no store, and no table refers to them. '
    'A job deletes expired ones.';
COMMENT ON COLUMN sessions.is_cookie IS
    'True if the token is that of a cookie. A browser keeps its cookie, so the session is its own family.';
COMMENT ON COLUMN sessions.last_used_at IS
    'The last use of a cookie, with a precision of a minute. Null for a refresh token.';
COMMENT ON COLUMN sessions.address IS
    'The address of the browser that signed in. Null for a refresh token, and if it is not known.';
COMMENT ON COLUMN sessions.user_agent IS
    'The name of the browser, in its own words. Null for a refresh token, and if the browser did not send it.';
