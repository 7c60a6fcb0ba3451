-- The beginning of what people sent us that was no answer, so that somebody can look at it.

ALTER TABLE inbound_messages ADD COLUMN text TEXT;  -- at most 200 characters; NULL for answers, and when it is erased
CREATE INDEX inbound_messages_texts ON inbound_messages (received_at) WHERE text IS NOT NULL;
