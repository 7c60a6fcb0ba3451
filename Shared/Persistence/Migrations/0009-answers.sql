-- Telephone calls under way, and every message that people have sent us.

CREATE TABLE phone_calls (
    provider_id     TEXT   NOT NULL,
    call_id         TEXT   NOT NULL,   -- the provider's own
    notification_id TEXT   NOT NULL,
    attempt         BIGINT NOT NULL,   -- 0 for the first call of a notification
    failures        BIGINT NOT NULL,   -- wrong phone passwords
    outcome         TEXT   NOT NULL,   -- empty while it goes on; REACHED, VOICEMAIL, UNANSWERED, REFUSED
    document        TEXT   NOT NULL,   -- PhoneCall as JSON
    updated_at      BIGINT NOT NULL,   -- milliseconds since 1970, as all times here
    PRIMARY KEY (provider_id, call_id)
);
CREATE INDEX phone_calls_notification ON phone_calls (notification_id);
CREATE INDEX phone_calls_age ON phone_calls (updated_at);

-- Each once, however often it is handed over: who hands it over again gets the same reply.
CREATE TABLE inbound_messages (
    channel         TEXT   NOT NULL,   -- SMS, EMAIL
    id              TEXT   NOT NULL,   -- the provider's id, or a Message-ID
    sender          TEXT   NOT NULL,
    notification_id TEXT,              -- what it answers, if that is known
    outcome         TEXT   NOT NULL,   -- InboundMessage.Outcome
    reply           TEXT   NOT NULL,   -- what the sender is told; empty for nothing
    received_at     BIGINT NOT NULL,
    PRIMARY KEY (channel, id)
);
CREATE INDEX inbound_messages_sender ON inbound_messages (sender, received_at);
CREATE INDEX inbound_messages_age ON inbound_messages (received_at);

CREATE INDEX notifications_of_person ON notifications (person_id, updated_at);
