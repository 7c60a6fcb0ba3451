-- How many partitions every topic has, and has had: see docs/adr/0025. Rows are added, never changed.

CREATE TABLE partition_schedule (
    generation BIGINT PRIMARY KEY,      -- from 0, gap-free; said by the ids that were made in it
    count      BIGINT NOT NULL,         -- larger than the one before
    since      BIGINT NOT NULL,         -- from when on ids are made in it
    raised_by  TEXT   NOT NULL          -- a target name; empty for the first
);
