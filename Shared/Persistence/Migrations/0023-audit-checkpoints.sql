-- Signed statements of how far the log was, each with the hash of the one before.

CREATE TABLE audit_checkpoints (
    number     BIGINT PRIMARY KEY,     -- from 1, gap-free
    made_at    BIGINT NOT NULL,        -- milliseconds since 1970
    document   TEXT   NOT NULL,        -- AuditCheckpoint as JSON, byte for byte what is signed
    hash       TEXT   NOT NULL,        -- SHA-256 of the document in hexadecimal
    public_key TEXT   NOT NULL,        -- Ed25519, base64
    signature  TEXT   NOT NULL         -- of the document, base64
);
