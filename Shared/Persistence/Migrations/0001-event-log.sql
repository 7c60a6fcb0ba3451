-- The event log: every fact, once, in commit order. Rows are never updated or deleted.
-- Runs unchanged on PostgreSQL 15 and on SQLite 3.40.

CREATE TABLE events (
    partition_name TEXT   NOT NULL,    -- '<category>/<number>', as in 'alert/3'
    position       BIGINT NOT NULL,    -- place in the partition: from 1, gap-free
    stream         TEXT   NOT NULL,    -- '<category>-<id>', as in 'alert-0192…'
    version        BIGINT NOT NULL,    -- place in the stream: from 1, gap-free
    type           TEXT   NOT NULL,    -- '<category>.<event>', as in 'alert.created'
    data           TEXT   NOT NULL,    -- JSON
    actor          TEXT   NOT NULL,    -- who: a target name, or a service's name in angle brackets
    causation      TEXT   NOT NULL,    -- the id of the message that led to it
    correlation    TEXT   NOT NULL,    -- the id of the request with which it all began
    recorded_at    BIGINT NOT NULL,    -- milliseconds since 1970
    hash           TEXT   NOT NULL,    -- chain of the partition: see HashChain
    PRIMARY KEY (partition_name, position),
    CHECK (position >= 1 AND version >= 1)
);

CREATE UNIQUE INDEX events_stream ON events (stream, version);  -- the last defence against a lost race
CREATE INDEX events_correlation ON events (correlation);

-- The head of each partition. Its lock puts the appends of a partition in one order: see EventLog.append.
CREATE TABLE log_partitions (
    partition_name TEXT   PRIMARY KEY,
    position       BIGINT NOT NULL,    -- of the last event
    hash           TEXT   NOT NULL     -- of the last event
);

CREATE TABLE checkpoints (
    consumer_group TEXT   NOT NULL,
    partition_name TEXT   NOT NULL,    -- '<topic>/<partition>', or a log partition for the relay
    next_offset    BIGINT NOT NULL,    -- first offset not yet processed
    PRIMARY KEY (consumer_group, partition_name)
);

-- Work that has to be done at a time: an expiry, a notification, a further attempt of a delivery.
CREATE TABLE due_work (
    kind             TEXT   NOT NULL,
    id               TEXT   NOT NULL,
    partition_number BIGINT NOT NULL,  -- whose owner does it
    payload          TEXT   NOT NULL,  -- JSON
    due_at           BIGINT NOT NULL,  -- milliseconds since 1970
    leased_until     BIGINT NOT NULL,  -- milliseconds since 1970; 0 when nobody works on it
    PRIMARY KEY (kind, id)
);

CREATE INDEX due_work_order ON due_work (kind, partition_number, due_at);

-- Messages that could not be understood, with the reason; nothing is dropped.
CREATE TABLE dead_letters (
    topic          TEXT   NOT NULL,
    partition      BIGINT NOT NULL,
    message_offset BIGINT NOT NULL,
    message_key    TEXT   NOT NULL,
    body           TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    recorded_at    BIGINT NOT NULL,    -- milliseconds since 1970
    PRIMARY KEY (topic, partition, message_offset)
);

-- The embedded bus: used where there is no Kafka.
CREATE TABLE bus_partitions (
    topic       TEXT   NOT NULL,
    partition   BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE bus_messages (
    topic          TEXT   NOT NULL,
    partition      BIGINT NOT NULL,
    message_offset BIGINT NOT NULL,
    message_key    TEXT   NOT NULL,
    headers        TEXT   NOT NULL,    -- JSON object of texts
    body           TEXT   NOT NULL,
    PRIMARY KEY (topic, partition, message_offset)
);
