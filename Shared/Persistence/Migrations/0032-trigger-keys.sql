-- Triggers with an Idempotency-Key: which request it stands for. There is no answer to keep: it is this id.

ALTER TABLE idempotency_keys ADD COLUMN request_id TEXT;
