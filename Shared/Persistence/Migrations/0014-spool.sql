-- What carries the system while the broker is away, and what is known of the broker.

-- Messages that the broker could not take, until it can or their consumer has taken them from here.
CREATE TABLE spooled_messages (
    partition_name TEXT   NOT NULL,    -- '<topic>/<partition>', as on the broker
    number         BIGINT NOT NULL,    -- from 0, gap-free, in commit order
    message_key    TEXT   NOT NULL,
    headers        TEXT   NOT NULL,    -- JSON
    body           TEXT   NOT NULL,
    bytes          BIGINT NOT NULL,    -- of key, headers and body
    spooled_at     BIGINT NOT NULL,
    PRIMARY KEY (partition_name, number)
);

-- One row for each partition that ever had one. Its lock puts the messages of the partition in one order.
CREATE TABLE spool_partitions (
    partition_name TEXT   PRIMARY KEY,
    next_number    BIGINT NOT NULL,    -- of the next message; never goes back
    messages       BIGINT NOT NULL,    -- how many there are now
    bytes          BIGINT NOT NULL     -- of these
);

-- Who works on a partition while no broker says so.
CREATE TABLE partition_leases (
    lease_group    TEXT   NOT NULL,    -- a consumer group, or 'spool-drain'
    partition_name TEXT   NOT NULL,
    owner          TEXT   NOT NULL,    -- a process
    leased_until   BIGINT NOT NULL,
    PRIMARY KEY (lease_group, partition_name)
);

-- Where the broker's log of a partition ended before its reader's checkpoint: what was between the two is lost there.
CREATE TABLE broker_cuts (
    partition_name TEXT   NOT NULL,
    consumer_group TEXT   NOT NULL,
    noticed_at     BIGINT NOT NULL,
    end_offset     BIGINT NOT NULL,    -- of the broker's log
    position       BIGINT NOT NULL,    -- where the reader was
    PRIMARY KEY (partition_name, consumer_group, noticed_at)
);
CREATE INDEX broker_cuts_time ON broker_cuts (noticed_at);

-- When some process last had an answer of the broker: what all of them go by.
CREATE TABLE broker_contact (
    bus     TEXT   PRIMARY KEY,        -- 'kafka'
    seen_at BIGINT NOT NULL,
    interrupted_at BIGINT              -- when some process last lost all brokers: it may have lost what it had confirmed
);

-- By what a reader knows the message before its checkpoint again: on a broker that has lost its end, another message can
-- have that offset.
ALTER TABLE checkpoints ADD COLUMN mark TEXT;
