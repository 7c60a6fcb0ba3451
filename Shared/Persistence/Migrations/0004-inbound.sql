-- Flood control, and the tokens of OAuth2.

ALTER TABLE alerts ADD COLUMN event_type TEXT NOT NULL DEFAULT 'USER';      -- USER, or SYSTEM for what the system reports
ALTER TABLE alerts ADD COLUMN flood_control BIGINT NOT NULL DEFAULT 0;      -- 1 when a notification was suppressed

-- Alerts that were suppressed because too many like them had come.
CREATE TABLE alert_suppressions (
    alert_id      TEXT   PRIMARY KEY,  -- the one that was suppressed
    parent_id     TEXT   NOT NULL,     -- the one that people know of
    suppressed_at BIGINT NOT NULL,     -- milliseconds since 1970, as all times here
    document      TEXT   NOT NULL      -- AlertSuppression
);
CREATE INDEX alert_suppressions_parent ON alert_suppressions (parent_id, suppressed_at);

-- What has passed lately, by what is counted together. The row's lock puts the decisions about it in one order.
CREATE TABLE flood_windows (
    window_key TEXT   PRIMARY KEY,
    document   TEXT   NOT NULL,        -- FloodWindow
    expires_at BIGINT NOT NULL         -- from then on it says nothing; 0 while it is new
);
CREATE INDEX flood_windows_age ON flood_windows (expires_at);

-- What was decided about one request: the same when it is run again.
CREATE TABLE flood_decisions (
    subject    TEXT   PRIMARY KEY,     -- the request's id
    document   TEXT,                   -- Suppression; NULL when it passed
    expires_at BIGINT NOT NULL
);
CREATE INDEX flood_decisions_age ON flood_decisions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash     TEXT   PRIMARY KEY, -- SHA-256 in hexadecimal
    family         TEXT   NOT NULL,    -- one for each signing in
    person_id      TEXT   NOT NULL,
    password_stamp TEXT   NOT NULL,    -- of the password at that time
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT              -- NULL until it has been exchanged
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_age ON refresh_tokens (expires_at);
