-- Files of people that are read in the background, a few lines in each transaction.

CREATE TABLE imports (
    id         TEXT   PRIMARY KEY,         -- UUID
    is_over    BIGINT NOT NULL,            -- 1 when nothing is left to do
    started_at BIGINT NOT NULL,            -- milliseconds since 1970
    next_row   BIGINT NOT NULL,            -- how many rows are done
    content    TEXT   NOT NULL,            -- the file; empty when the import is over
    document   TEXT   NOT NULL             -- UserImport
);
CREATE INDEX imports_started ON imports (is_over, started_at, id);

CREATE TABLE import_messages (
    import_id TEXT   NOT NULL,
    number    BIGINT NOT NULL,             -- from 1, in the order of the file
    level     TEXT   NOT NULL,             -- ERROR, WARN
    document  TEXT   NOT NULL,             -- ImportMessage
    PRIMARY KEY (import_id, number)
);
