-- Which writes of the API were begun with an Idempotency-Key, and what they were answered.

CREATE TABLE idempotency_keys (
    caller   TEXT   NOT NULL, -- the id of a person or of an API key
    key      TEXT   NOT NULL,
    request  TEXT   NOT NULL, -- SHA-256 of method, path with query and body, in hexadecimal
    begun_at BIGINT NOT NULL, -- ms
    status   BIGINT,          -- of the answer; NULL until there is one, which is for ever where the process died
    answer   TEXT,            -- its body, sealed; NULL for none, and for one that is too large
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (begun_at);
