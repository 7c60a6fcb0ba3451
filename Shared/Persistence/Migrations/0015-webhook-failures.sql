-- Outbound integrations that have had nothing but failures for some time: after too long, they are taken out of service.

CREATE TABLE webhook_failures (
    integration_id TEXT   PRIMARY KEY,
    since          BIGINT NOT NULL     -- the first failure after the last success; milliseconds since 1970
);
