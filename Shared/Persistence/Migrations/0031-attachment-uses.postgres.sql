-- Which alerts name a file: it goes with the last of them. attachments.is_kept is 2 where a scenario or a scheduled
-- message has named it: that one stays.

CREATE TABLE attachment_uses (
    alert_id      TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    PRIMARY KEY (alert_id, attachment_id)
);
CREATE INDEX attachment_uses_attachment ON attachment_uses (attachment_id);

INSERT INTO attachment_uses (alert_id, attachment_id)
SELECT DISTINCT l.id, a.id FROM alerts l
CROSS JOIN LATERAL json_array_elements(CAST(l.document AS json) -> 'attachments') n
JOIN attachments a ON a.id = lower(substr(n.value ->> 'path', strpos(n.value ->> 'path', '/attachments/') + 13, 36));
