import AlertCore

/// Takes alerts whose time is over out of everything: log, read models, index. What it takes out of the log it writes
/// down there first, so that the chain can be followed across it.
///
/// On SQLite, and on PostgreSQL for what is in no month's table, rows are deleted, some hundred alerts in a
/// transaction. On PostgreSQL the table of a month is dropped whole; what of it is kept longer moves to that of all
/// the rest. It can end anywhere and begin again.
public struct RetentionRun: Sendable {
    /// Alerts of one transaction.
    static let chunk = 200

    /// What a run has done.
    public struct Outcome: Equatable, Sendable {
        public var alerts = 0
        public var events: Int64 = 0
        /// Those whose time is over, but which a legal hold keeps.
        public var held = 0
        /// Months whose table was dropped.
        public var months: [Int] = []

        public init() {}
    }

    static let origin = Origin(actor: "<retention>", causation: "retention", correlation: "retention")

    let database: any SQLDatabase
    let retention: Retention
    /// With ids instead of names.
    let holds: [AuditQuery]
    let now: Timestamp

    public init(database: any SQLDatabase, retention: Retention, holds: [AuditQuery], now: Timestamp) {
        self.database = database
        self.retention = retention
        self.holds = holds
        self.now = now
    }

    /// - Parameter pause: Called between two transactions, so that others get on; a throw ends the run.
    public func run(pause: @Sendable () async throws -> Void) async throws -> Outcome {
        var outcome = Outcome()
        guard let last = retention.lastMonth(at: now) else { return outcome }
        // What a hold is about has to be found.
        try await AuditIndexer(database: database).catchUp()
        let ownTables = try await database.reading { try MonthTables($0).months() }
        var place = (Int64(0), "")
        while true {
            let (from, after) = place
            let found = try await database.reading {
                try Candidates($0, holds: holds).after(from, after, upTo: last, limit: Self.chunk)
            }
            guard let end = found.last else { break }
            place = (end.createdAt.milliseconds, end.id)
            let over = found.filter { retention.isOver(createdAt: $0.createdAt, plan: $0.plan, at: now) }
            let (gone, held) = (over.filter { !$0.isHeld }, over.count { $0.isHeld })
            outcome.held += held
            outcome.alerts += gone.count
            guard !gone.isEmpty else { continue }
            outcome.events += try await database.retrying {
                try take(gone, inTables: ownTables, out: $0)
            }
            try await pause()
        }
        for month in ownTables.sorted() where month <= last {
            outcome.events += try await database.retrying { try MonthTables($0).drop(month, at: now) } ?? 0
            outcome.months.append(month)
            try await pause()
        }
        return outcome
    }

    /// - Returns: How many events were deleted.
    private func take(
        _ alerts: [Candidates.Alert], inTables tables: Set<Int>, out connection: any SQLConnection
    ) throws -> Int64 {
        let models = RetiredAlerts(connection)
        let streams = try models.streams(of: alerts.map(\.id))
        // Those of a month's table go with it.
        let loose = streams.filter { !tables.contains(Int(LogMonth.of($0))) }
        var places: [String: [(position: Position, hash: String)]] = [:]
        for start in stride(from: 0, to: loose.count, by: 500) {
            let some = loose[start...].prefix(500)
            for row in try connection.execute(
                "SELECT partition_name, position, hash FROM events WHERE stream IN \(list: some)")
            {
                places[row.text(0), default: []].append((row.integer(1), row.text(2)))
            }
        }
        let ranges = DroppedRanges(connection)
        try ranges.record(places, known: try ranges.all(), by: Self.origin, at: now)
        try AuditIndex(connection).forget(alerts: alerts.map(\.id), requests: alerts.map(\.request))
        try models.delete(alerts)
        for start in stride(from: 0, to: loose.count, by: 500) {
            try connection.execute("DELETE FROM events WHERE stream IN \(list: loose[start...].prefix(500))")
        }
        return Int64(places.values.reduce(0) { $0 + $1.count })
    }
}
