-- What waits to be sent for an alert is looked for with each answer.
CREATE INDEX notifications_waiting ON notifications (alert_id, status);
