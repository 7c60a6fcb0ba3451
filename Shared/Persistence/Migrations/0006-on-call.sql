-- How many alerts the shifts have had whose rotation goes by alerts, now and at any time in the past.

-- A row's lock puts the alerts of a shift in one order.
CREATE TABLE rotation_counts (
    shift_id TEXT   PRIMARY KEY,
    alerts   BIGINT NOT NULL           -- so far
);

CREATE TABLE rotation_alerts (
    shift_id   TEXT   NOT NULL,
    alert_id   TEXT   NOT NULL,
    ordinal    BIGINT NOT NULL,        -- how many the shift had with this one: from 1, gap-free
    counted_at BIGINT NOT NULL,        -- milliseconds since 1970
    PRIMARY KEY (shift_id, alert_id)
);

CREATE UNIQUE INDEX rotation_alerts_order ON rotation_alerts (shift_id, ordinal);
CREATE INDEX rotation_alerts_time ON rotation_alerts (shift_id, counted_at, ordinal);
