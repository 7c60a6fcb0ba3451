-- How long events are kept (ADR 32).

ALTER TABLE events ADD COLUMN month BIGINT NOT NULL DEFAULT 0;  -- in which the stream's alert began, as 202601; 0: kept

-- What of a month that is dropped has to stay: on PostgreSQL only, empty here.
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
