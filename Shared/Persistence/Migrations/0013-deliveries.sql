-- Deliveries as something to search, messages to send again, and replays.

ALTER TABLE webhook_deliveries ADD COLUMN alert_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhook_deliveries ADD COLUMN occasion TEXT NOT NULL DEFAULT '';   -- the trigger; empty in older rows
ALTER TABLE webhook_deliveries ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;  -- when it was requested
ALTER TABLE webhook_deliveries ADD COLUMN until_at BIGINT;                     -- when it goes on, of what waits
ALTER TABLE webhook_deliveries ADD COLUMN detail TEXT NOT NULL DEFAULT '';     -- the reason in words
ALTER TABLE webhook_deliveries ADD COLUMN configuration BIGINT;                -- the version of the integration's
ALTER TABLE webhook_deliveries ADD COLUMN replay_id TEXT;                      -- of the replay that requested it

UPDATE webhook_deliveries SET created_at = updated_at,
alert_number = coalesce((SELECT a.number FROM alerts a WHERE a.id = webhook_deliveries.alert_id), 0);

CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at, id);
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (status, created_at, id) WHERE status <> 'delivered';

ALTER TABLE dead_letters ADD COLUMN redriven_at BIGINT;  -- when it was published again; NULL when it was not
ALTER TABLE dead_letters ADD COLUMN redriven_by TEXT;    -- a person's target name

CREATE TABLE webhook_replays (
    id             TEXT   PRIMARY KEY,
    integration_id TEXT   NOT NULL,
    status         TEXT   NOT NULL,    -- running, done, cancelled, failed
    created_at     BIGINT NOT NULL,
    document       TEXT   NOT NULL     -- Replay
);
CREATE INDEX webhook_replays_age ON webhook_replays (created_at, id);
CREATE INDEX webhook_replays_integration ON webhook_replays (integration_id, status);
