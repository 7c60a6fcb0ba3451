-- How long events are kept (ADR 32): those of one month, by the beginning of their alert, in a table of their own, which is
-- dropped whole. What there is stays where it is, in the table of all that has none.

ALTER TABLE events ADD COLUMN month BIGINT NOT NULL DEFAULT 0;  -- in which the stream's alert began, as 202601; 0: kept
ALTER TABLE events RENAME TO events_kept;
ALTER TABLE events_kept DROP CONSTRAINT events_pkey;
DROP INDEX events_stream;
ALTER INDEX events_correlation RENAME TO events_kept_correlation;

CREATE TABLE events (
    partition_name TEXT   NOT NULL,
    position       BIGINT NOT NULL,
    stream         TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    type           TEXT   NOT NULL,
    data           TEXT   NOT NULL,
    actor          TEXT   NOT NULL,
    causation      TEXT   NOT NULL,
    correlation    TEXT   NOT NULL,
    recorded_at    BIGINT NOT NULL,
    hash           TEXT   NOT NULL,
    month          BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (partition_name, position, month)
) PARTITION BY LIST (month);

-- A stream is of one month, so that this is as good as without it.
CREATE UNIQUE INDEX events_stream ON events (stream, version, month);
CREATE INDEX events_correlation ON events (correlation);
ALTER TABLE events ATTACH PARTITION events_kept DEFAULT;

-- What of a month that is dropped has to stay; empty but for that transaction.
CREATE TABLE retention_kept (stream TEXT PRIMARY KEY);

-- Which indexed events are gone: as audit_postings.
CREATE TABLE audit_gone (
    block BIGINT PRIMARY KEY,
    list  TEXT   NOT NULL
);

-- One row: when somebody has to look next for what may go. Whoever does, moves it on first.
CREATE TABLE retention_next (
    id      BIGINT PRIMARY KEY,
    next_at BIGINT NOT NULL             -- milliseconds since 1970
);

INSERT INTO retention_next (id, next_at) VALUES (1, 0);
