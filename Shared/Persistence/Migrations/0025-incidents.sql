-- Incidents with their timelines, and changes to services. What became of each, and by whom, is in the log as well.

CREATE TABLE incidents (
    id                TEXT   PRIMARY KEY,  -- UUID
    number            BIGINT NOT NULL,     -- of its identifier, as in INC-1000
    severity          TEXT   NOT NULL,
    status            TEXT   NOT NULL,
    request_id        TEXT,                -- the request that it came of
    created_at        BIGINT NOT NULL,     -- milliseconds since 1970, as all times here
    summary_words     TEXT   NOT NULL,     -- what searches look into: words in lower case between spaces
    description_words TEXT   NOT NULL,
    document          TEXT   NOT NULL      -- Incident
);
CREATE UNIQUE INDEX incidents_number ON incidents (number);
CREATE INDEX incidents_created ON incidents (created_at, id);
CREATE INDEX incidents_status ON incidents (status, created_at, id);
CREATE INDEX incidents_request ON incidents (request_id);

-- What an incident impacts, and who works on it.
CREATE TABLE incident_references (
    incident_id  TEXT NOT NULL,
    kind         TEXT NOT NULL,            -- service, group
    reference_id TEXT NOT NULL,
    PRIMARY KEY (incident_id, kind, reference_id)
);
CREATE INDEX incident_references_id ON incident_references (kind, reference_id, incident_id);

CREATE TABLE incident_entries (
    id          TEXT   PRIMARY KEY,        -- UUID
    incident_id TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    document    TEXT   NOT NULL            -- IncidentEntry
);
CREATE INDEX incident_entries_incident ON incident_entries (incident_id, at, id);

CREATE TABLE changes (
    id                  TEXT   PRIMARY KEY, -- UUID
    changed_at          BIGINT NOT NULL,
    change_type         TEXT   NOT NULL,    -- in lower case, as the next two
    source              TEXT   NOT NULL,
    external_identifier TEXT,
    service_id          TEXT,
    words               TEXT   NOT NULL,    -- of the summary: words in lower case between spaces
    document            TEXT   NOT NULL     -- ChangeRecord
);
CREATE INDEX changes_at ON changes (changed_at, id);
CREATE INDEX changes_service ON changes (service_id, changed_at, id);
CREATE INDEX changes_external ON changes (external_identifier);
