import AlertCore

/// The tables that have the events of one month each: on PostgreSQL only. Within one transaction.
public struct MonthTables {
    /// Months ahead for which there are tables.
    static let ahead = 3

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// Those that there are, as in 202601.
    func months() throws(StoreError) -> Set<Int> {
        guard connection.dialect == .postgres else { return [] }
        let rows = try connection.execute(
            """
            SELECT CAST(c.relname AS text) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
            WHERE p.relname = 'events' AND n.nspname = current_schema()
            """)
        return Set(rows.compactMap { Int($0.text(0).dropFirst("events_".count)) })
    }

    /// Makes those of this month and the next ones that are missing. A month that has events already gets none: they
    /// are where they would have to be moved from, and are deleted one by one when their time is over.
    public func prepare(at now: Timestamp) throws(StoreError) {
        guard connection.dialect == .postgres else { return }
        let known = try months()
        for count in 0...Self.ahead {
            let month = Retention.month(now.month, earlier: -count)
            guard !known.contains(month) else { continue }
            let isThere = try !connection.execute("SELECT 1 FROM events_kept WHERE month = \(month) LIMIT 1").isEmpty
            guard !isThere else { continue }
            try connection.execute(
                SQL(
                    stringLiteral:
                        "CREATE TABLE IF NOT EXISTS events_\(month) PARTITION OF events FOR VALUES IN (\(month))"))
        }
    }

    /// Drops the table of a month, after what of it stays has been moved and the rest written down.
    /// - Returns: How many events are gone; `nil` when there is no such table.
    func drop(_ month: Int, at now: Timestamp) throws -> Int64? {
        guard try months().contains(month) else { return nil }
        let table = SQL(stringLiteral: "events_\(month)")
        // Reading it goes on until it is detached.
        try connection.execute("LOCK TABLE \(table) IN SHARE MODE")
        try connection.execute("DELETE FROM retention_kept")
        for stream in try keptStreams(of: month) {
            try connection.execute("INSERT INTO retention_kept (stream) VALUES (\(stream)) ON CONFLICT DO NOTHING")
        }
        let ranges = DroppedRanges(connection)
        let known = try ranges.all()
        let runs = try connection.execute(
            """
            SELECT partition_name, min(position), max(position) FROM (
                SELECT partition_name, position,
                position - row_number() OVER (PARTITION BY partition_name ORDER BY position) AS island
                FROM \(table) e WHERE NOT EXISTS (SELECT 1 FROM retention_kept k WHERE k.stream = e.stream)
            ) i GROUP BY partition_name, island ORDER BY partition_name, min(position)
            """)
        var dropped: [DroppedRange] = []
        for run in runs {
            let (partition, first, last) = (run.text(0), run.integer(1), run.integer(2))
            dropped.append(
                DroppedRange(
                    partition: partition, first: first, last: last,
                    hashBefore: try ranges.hash(at: first - 1, in: partition, known),
                    hashAfter: try ranges.hash(at: last, in: partition, known)))
        }
        try ranges.record(dropped, by: RetentionRun.origin, at: now)
        try connection.execute("ALTER TABLE events DETACH PARTITION \(table)")
        try connection.execute(
            "INSERT INTO events SELECT e.* FROM \(table) e JOIN retention_kept k ON k.stream = e.stream")
        try connection.execute("DROP TABLE \(table)")
        try connection.execute("DELETE FROM retention_kept")
        return dropped.reduce(0) { $0 + $1.last - $1.first + 1 }
    }

    /// Of the alerts of a month that are there still: they are active, held, or kept longer.
    private func keptStreams(of month: Int) throws(StoreError) -> [String] {
        var streams: [String] = []
        // An alert is made some time after its request, of whose time its id is.
        let (start, end) = (Timestamp(startOf: month), Timestamp(startOf: Retention.month(month, earlier: -2)))
        let rows = try connection.execute(
            """
            SELECT id FROM alerts WHERE created_at >= \(start.milliseconds) AND created_at < \(end.milliseconds)
            """)
        let ids = rows.map { $0.text(0) }.filter { LogMonth.of("\(Alert.category)-\($0)") == Int64(month) }
        for start in stride(from: 0, to: ids.count, by: 500) {
            streams += try RetiredAlerts(connection).streams(of: Array(ids[start...].prefix(500)))
        }
        return streams
    }
}
