-- What came of requests, run again and kept for a while; every text that a script has had.

ALTER TABLE activities ADD COLUMN rerun_of TEXT;    -- the request whose content it has, when it was run again
CREATE INDEX activities_received ON activities (received_at);
CREATE INDEX activities_rerun ON activities (rerun_of);

-- Written in the transaction that changes the directory; rows are never updated.
CREATE TABLE script_versions (
    owner_kind TEXT   NOT NULL,         -- DirectoryEntry.kind: integration, library, scriptstep
    owner_id   TEXT   NOT NULL,
    number     BIGINT NOT NULL,         -- from 1, gap-free
    author     TEXT   NOT NULL,         -- a target name; empty where it is not known
    created_at BIGINT NOT NULL,         -- milliseconds since 1970, as all times here
    hash       TEXT   NOT NULL,         -- SHA-256 of the text in hexadecimal
    script     TEXT   NOT NULL,
    PRIMARY KEY (owner_kind, owner_id, number)
);

-- A text that somebody tries before saving it: kept as long as the activity of its run.
CREATE TABLE script_drafts (
    request_id TEXT   PRIMARY KEY,
    script     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX script_drafts_age ON script_drafts (created_at);
