-- What has to be found fast. Written in the transaction that appends the events, and follows from them.

CREATE TABLE alerts (
    id             TEXT   PRIMARY KEY, -- UUID
    number         BIGINT NOT NULL,    -- what people see
    status         TEXT   NOT NULL,    -- ACTIVE, SUSPENDED, TERMINATED, TERMINATED_EXTERNAL
    priority       TEXT   NOT NULL,    -- LOW, MEDIUM, HIGH
    plan_id        TEXT   NOT NULL,
    form_id        TEXT   NOT NULL,
    submitter      TEXT   NOT NULL,    -- a person's id
    request_id     TEXT   NOT NULL,    -- of the inbound request; the correlation of all that follows
    integration_id TEXT,               -- the inbound integration, if one made it
    created_at     BIGINT NOT NULL,    -- milliseconds since 1970, as all times here
    terminated_at  BIGINT,
    version        BIGINT NOT NULL,    -- of the stream
    document       TEXT   NOT NULL     -- AlertDetails as JSON
);

CREATE UNIQUE INDEX alerts_number ON alerts (number);
CREATE INDEX alerts_request ON alerts (request_id);
CREATE INDEX alerts_created ON alerts (created_at);
CREATE INDEX alerts_status ON alerts (status, created_at);

CREATE TABLE alert_properties (
    alert_id TEXT NOT NULL,
    name     TEXT NOT NULL,            -- without a language
    value    TEXT NOT NULL,            -- as people read it
    PRIMARY KEY (alert_id, name)
);

CREATE INDEX alert_properties_value ON alert_properties (name, value);

-- The number of an alert is fixed before the alert is: a script that runs again gives the same answer.
CREATE TABLE alert_numbers (
    reservation TEXT   PRIMARY KEY,    -- '<request id>/<ordinal>'
    number      BIGINT NOT NULL
);
CREATE TABLE alert_number_head (next_number BIGINT NOT NULL);
INSERT INTO alert_number_head (next_number) VALUES (100000);

-- What became of a command whose sender waits for an answer.
CREATE TABLE command_results (
    command_id  TEXT   PRIMARY KEY,
    rejection   TEXT,                  -- NULL when the command was carried out
    recorded_at BIGINT NOT NULL
);
CREATE INDEX command_results_age ON command_results (recorded_at);

-- Every inbound request with what came of it.
CREATE TABLE activities (
    request_id     TEXT   PRIMARY KEY,
    integration_id TEXT   NOT NULL,
    status         TEXT   NOT NULL,    -- RUNNING, COMPLETED, FAILED
    received_at    BIGINT NOT NULL,
    document       TEXT   NOT NULL     -- Activity as JSON
);
CREATE INDEX activities_integration ON activities (integration_id, received_at);

CREATE TABLE notifications (
    id         TEXT   PRIMARY KEY,
    alert_id   TEXT   NOT NULL,
    person_id  TEXT   NOT NULL,
    status     TEXT   NOT NULL,        -- as Notification.Phase
    version    BIGINT NOT NULL,        -- of the stream
    updated_at BIGINT NOT NULL,
    document   TEXT   NOT NULL         -- Notification.Plan as JSON
);
CREATE INDEX notifications_alert ON notifications (alert_id);

CREATE TABLE webhook_deliveries (
    id             TEXT   PRIMARY KEY, -- the webhook-id
    integration_id TEXT   NOT NULL,
    alert_id       TEXT   NOT NULL,
    sequence       BIGINT NOT NULL,    -- the order per alert
    status         TEXT   NOT NULL,    -- parked, delivered, exhausted
    reason         TEXT   NOT NULL,    -- why it waits: WebhookDelivery.Parking.Reason, or empty
    attempts       BIGINT NOT NULL,    -- failed ones
    version        BIGINT NOT NULL,    -- of the stream
    updated_at     BIGINT NOT NULL
);
CREATE INDEX webhook_deliveries_alert ON webhook_deliveries (alert_id);
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (integration_id, status, alert_id, sequence);
