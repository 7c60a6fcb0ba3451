-- When people were let in, and the files that go with alerts.

CREATE TABLE sign_ins (
    person_id  TEXT   PRIMARY KEY,
    last_login BIGINT NOT NULL          -- milliseconds since 1970, as all times here
);

CREATE TABLE attachments (
    id          TEXT   PRIMARY KEY,     -- UUID
    name        TEXT   NOT NULL,        -- of the file
    media_type  TEXT   NOT NULL,
    size        BIGINT NOT NULL,        -- bytes
    content     TEXT   NOT NULL,        -- base64
    uploaded_by TEXT   NOT NULL,        -- a person's id
    uploaded_at BIGINT NOT NULL,
    is_kept     BIGINT NOT NULL         -- 1 once an alert names it; what no alert names goes after a while
);
CREATE INDEX attachments_age ON attachments (is_kept, uploaded_at);
