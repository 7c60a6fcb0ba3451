-- The index of the event log: finds events by what they are about (ADR 31). It follows from the log and can be made
-- anew; everything in it is written by whoever has advanced audit_head, in the same transaction.

-- One row: how many events are indexed.
CREATE TABLE audit_head (
    id       BIGINT PRIMARY KEY,
    sequence BIGINT NOT NULL
);

INSERT INTO audit_head (id, sequence) VALUES (1, 0);

-- How far each log partition is indexed.
CREATE TABLE audit_cursors (
    partition_name TEXT   PRIMARY KEY,
    position       BIGINT NOT NULL      -- of the last event that is
);

-- The events in one order: each after what led to it.
CREATE TABLE audit_log (
    sequence       BIGINT PRIMARY KEY,  -- from 1, gap-free
    partition_name TEXT   NOT NULL,     -- of the log, with the position
    position       BIGINT NOT NULL,
    recorded_at    BIGINT NOT NULL      -- milliseconds since 1970
);

-- Blocks of 4096 sequences.
CREATE TABLE audit_blocks (
    block  BIGINT PRIMARY KEY,          -- sequence / 4096
    min_at BIGINT NOT NULL,             -- of the events' times
    max_at BIGINT NOT NULL
);

-- Which events of a block have a term: see AuditBlock.
CREATE TABLE audit_postings (
    term  TEXT   NOT NULL,
    block BIGINT NOT NULL,
    list  TEXT   NOT NULL,              -- of each event its place in the block, two characters
    PRIMARY KEY (term, block)
);

-- What is added to audit_postings, within one transaction: empty otherwise.
CREATE TABLE audit_incoming (
    term  TEXT   NOT NULL,
    block BIGINT NOT NULL,
    list  TEXT   NOT NULL
);
