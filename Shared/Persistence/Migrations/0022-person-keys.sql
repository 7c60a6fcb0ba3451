-- With what a person's data in the log is sealed. A key that is destroyed leaves its row, so that none is made again.

CREATE TABLE person_keys (
    person_id    TEXT   PRIMARY KEY,
    sealed_key   TEXT   NOT NULL,      -- 32 bytes in base64, sealed by SecretBox; empty once destroyed
    created_at   BIGINT NOT NULL,      -- milliseconds since 1970, as all times here
    destroyed_at BIGINT                -- NULL while there is one
);

-- How far the erasure of a person's data has come: what stands outside of the log is gone through step by step.
CREATE TABLE erasures (
    person_id    TEXT   PRIMARY KEY,
    status       TEXT   NOT NULL,      -- running, done
    next_at      BIGINT NOT NULL,      -- when it goes on
    leased_until BIGINT NOT NULL,      -- 0 when nobody works on it
    document     TEXT   NOT NULL       -- Erasure as JSON; the texts that it looks for are sealed, and gone when it is done
);
CREATE INDEX erasures_due ON erasures (status, next_at);
