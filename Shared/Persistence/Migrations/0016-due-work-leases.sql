-- What is leased, found without looking at what only waits.

CREATE INDEX due_work_leased ON due_work (kind, partition_number, leased_until) WHERE leased_until > 0;
