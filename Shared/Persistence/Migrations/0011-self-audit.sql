-- What the self-audit knows and has said, so that a restart does not page again.

-- One row. Its version puts the checks of several processes in one order.
CREATE TABLE self_audit (
    id       BIGINT PRIMARY KEY,
    version  BIGINT NOT NULL,
    document TEXT   NOT NULL           -- AuditState; empty before the first check
);
INSERT INTO self_audit (id, version, document) VALUES (1, 0, '');

CREATE TABLE self_audit_notices (
    id          TEXT   PRIMARY KEY,
    recorded_at BIGINT NOT NULL,       -- milliseconds since 1970, as all times here
    document    TEXT   NOT NULL        -- AuditNotice
);
CREATE INDEX self_audit_notices_age ON self_audit_notices (recorded_at);

-- What became of a notice at each of its targets.
CREATE TABLE self_audit_deliveries (
    notice_id  TEXT   NOT NULL,
    target     TEXT   NOT NULL,        -- email, url
    status     TEXT   NOT NULL,        -- PENDING, DELIVERED, FAILED
    attempts   BIGINT NOT NULL,
    detail     TEXT   NOT NULL,        -- what the target answered last
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (notice_id, target)
);

-- What has not come to its end is little beside all that has.
CREATE INDEX self_audit_sending ON notifications (updated_at) WHERE status = 'sending';
CREATE INDEX self_audit_pending ON notifications (updated_at) WHERE status = 'pending';
