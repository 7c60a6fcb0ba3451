-- How notifications reach devices: what they wait for, who has them, and what providers say later.

ALTER TABLE notifications ADD COLUMN device_id TEXT NOT NULL DEFAULT '';
ALTER TABLE notifications ADD COLUMN provider TEXT NOT NULL DEFAULT '';   -- the name of the one that has it
ALTER TABLE notifications ADD COLUMN rule TEXT NOT NULL DEFAULT '';       -- why it waits, or waited; for people
ALTER TABLE notifications ADD COLUMN held_until BIGINT;                   -- milliseconds since 1970
ALTER TABLE notifications ADD COLUMN digest_id TEXT;                      -- the notification that tells of it
ALTER TABLE notifications ADD COLUMN in_doubt BIGINT NOT NULL DEFAULT 0;  -- 1 when it may arrive twice
CREATE INDEX notifications_digest ON notifications (digest_id, status);

-- What a provider calls a message, for its later word.
CREATE TABLE notification_receipts (
    provider         TEXT   NOT NULL,  -- a provider's id
    receipt          TEXT   NOT NULL,
    notification_id  TEXT   NOT NULL,
    partition_number BIGINT NOT NULL,  -- of the notification's stream
    recorded_at      BIGINT NOT NULL,  -- milliseconds since 1970
    PRIMARY KEY (provider, receipt)
);
CREATE INDEX notification_receipts_age ON notification_receipts (recorded_at);

-- What has gone to a device, or by a provider with a limit, lately.
CREATE TABLE message_windows (
    window_key TEXT   PRIMARY KEY,     -- 'storm/<device>' or 'provider/<provider>'
    document   TEXT   NOT NULL,        -- StormWindow or SendWindow as JSON; empty for a new one
    expires_at BIGINT NOT NULL         -- milliseconds since 1970; 0 for as long as it is not known
);
CREATE INDEX message_windows_age ON message_windows (expires_at);
