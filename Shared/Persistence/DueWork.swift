import AlertCore

/// Work that has to be done at a time: an escalation step, a notification, a webhook delivery.
public struct DueWork {
    public struct Item: Equatable, Sendable {
        public let id: String
        public let payload: String

        public init(id: String, payload: String) {
            self.id = id
            self.payload = payload
        }
    }

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Schedules the item anew, whether or not it was there: its time, payload and lease are replaced.
    public func schedule(
        _ id: String, kind: String, partition: Int, payload: String, at due: Timestamp
    ) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO due_work (kind, id, partition_number, payload, due_at, leased_until)
            VALUES (\(kind), \(id), \(partition), \(payload), \(due.milliseconds), 0)
            ON CONFLICT (kind, id)
            DO UPDATE SET due_at = excluded.due_at, payload = excluded.payload, leased_until = 0
            """)
    }

    /// Schedules the item, unless it is there.
    public func add(
        _ id: String, kind: String, partition: Int, payload: String, at due: Timestamp
    ) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO due_work (kind, id, partition_number, payload, due_at, leased_until)
            VALUES (\(kind), \(id), \(partition), \(payload), \(due.milliseconds), 0)
            ON CONFLICT (kind, id) DO NOTHING
            """)
    }

    public func finish(_ ids: [String], kind: String) throws(StoreError) {
        guard !ids.isEmpty else { return }
        try connection.execute("DELETE FROM due_work WHERE kind = \(kind) AND id IN \(list: ids)")
    }

    /// Finishes an item, unless it has been scheduled anew with another payload.
    public func finish(_ id: String, kind: String, payload: String) throws(StoreError) {
        try connection.execute(
            "DELETE FROM due_work WHERE kind = \(kind) AND id = \(id) AND payload = \(payload)")
    }

    /// Lets go of leased items until `due`.
    public func postpone(_ ids: [String], kind: String, until due: Timestamp) throws(StoreError) {
        guard !ids.isEmpty else { return }
        try connection.execute(
            """
            UPDATE due_work SET due_at = \(due.milliseconds), leased_until = 0
            WHERE kind = \(kind) AND id IN \(list: ids)
            """)
    }

    /// Takes up to `limit` items that are due, for as long as `lease`. An item whose worker dies is
    /// offered again when the lease runs out, so work is done at least once.
    public func claim(
        kind: String, partition: Int, now: Timestamp, lease: Duration, limit: Int
    ) throws(StoreError) -> [Item] {
        try connection.execute(
            """
            UPDATE due_work SET leased_until = \(now.advanced(by: lease).milliseconds)
            WHERE kind = \(kind) AND id IN (
                SELECT id FROM due_work
                WHERE kind = \(kind) AND partition_number = \(partition)
                AND due_at <= \(now.milliseconds) AND leased_until <= \(now.milliseconds)
                ORDER BY due_at LIMIT \(limit) \(connection.dialect.skippingLocked))
            RETURNING id, payload
            """
        ).map { Item(id: $0.text(0), payload: $0.text(1)) }
    }

    /// Ends all leases of a partition: for its new owner, since whoever held them is no longer there.
    public func endLeases(kind: String, partition: Int) throws(StoreError) {
        try connection.execute(
            """
            UPDATE due_work SET leased_until = 0
            WHERE kind = \(kind) AND partition_number = \(partition) AND leased_until > 0
            """)
    }

    /// Ends the leases that were taken until `end`: those of one claim of the partition's owner.
    public func endLeases(kind: String, partition: Int, until end: Timestamp) throws(StoreError) {
        try connection.execute(
            """
            UPDATE due_work SET leased_until = 0
            WHERE kind = \(kind) AND partition_number = \(partition) AND leased_until = \(end.milliseconds)
            """)
    }

    /// When the next item becomes due, or free again; `nil` when there is none.
    public func nextDue(kind: String, partition: Int) throws(StoreError) -> Timestamp? {
        try connection.execute(
            """
            SELECT min(due) FROM (
                SELECT * FROM (
                    SELECT due_at AS due FROM due_work
                    WHERE kind = \(kind) AND partition_number = \(partition) AND leased_until = 0
                    ORDER BY due_at LIMIT 1) AS waiting
                UNION ALL
                SELECT min(CASE WHEN leased_until > due_at THEN leased_until ELSE due_at END) FROM due_work
                WHERE kind = \(kind) AND partition_number = \(partition) AND leased_until > 0) AS earliest
            """
        ).first?.optionalInteger(0).map(Timestamp.init(milliseconds:))
    }
}
