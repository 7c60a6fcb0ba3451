-- The directory: everything that people configure. Runs unchanged on PostgreSQL 15 and on SQLite 3.40.

CREATE TABLE directory (
    kind       TEXT   NOT NULL,        -- 'person', 'device', 'plan', …: DirectoryEntry.kind
    id         TEXT   NOT NULL,
    parent     TEXT   NOT NULL,        -- the id of what it belongs to; empty when it stands by itself
    name       TEXT   NOT NULL,
    name_key   TEXT   NOT NULL,        -- the name in lower case
    second_key TEXT,                   -- a second unique name in lower case: a person's web login
    document   TEXT   NOT NULL,        -- JSON
    version    BIGINT NOT NULL,        -- the directory's version after the row's last change
    updated_at BIGINT NOT NULL,        -- milliseconds since 1970
    PRIMARY KEY (kind, id),
    UNIQUE (kind, parent, name_key)
);

CREATE UNIQUE INDEX directory_second_key ON directory (kind, second_key);
CREATE INDEX directory_changes ON directory (version);

-- What is gone, so that a cache can follow without reading everything anew.
CREATE TABLE directory_deletions (
    kind    TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    version BIGINT NOT NULL,           -- the directory's version after the deletion
    PRIMARY KEY (kind, id)
);

CREATE INDEX directory_deletions_changes ON directory_deletions (version);

-- One row. Its lock puts all changes of the directory in one order.
CREATE TABLE directory_version (
    id      BIGINT PRIMARY KEY,
    version BIGINT NOT NULL
);

INSERT INTO directory_version (id, version) VALUES (1, 0);

-- Numbers that people see: of devices, of forms.
CREATE TABLE counters (
    name  TEXT   PRIMARY KEY,
    value BIGINT NOT NULL              -- the last one given
);
