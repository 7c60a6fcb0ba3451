-- What escalations need besides the log.

-- How many alerts each shift has had whose rotation goes by alerts.
CREATE TABLE shift_alerts (
    shift_id TEXT   PRIMARY KEY,
    alerts   BIGINT NOT NULL
);

-- What waits to be sent for an alert.
CREATE INDEX notifications_waiting ON notifications (alert_id, status);
