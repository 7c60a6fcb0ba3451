import AlertCore

/// The kept ``PartitionSchedule``: rows that are added and never changed.
public struct PartitionSchedules {
    public struct Row: Equatable, Sendable {
        public let generation: Int
        public let count: Int
        /// From when on ids are made in it. Whoever meets one earlier takes it as it is.
        public let since: Timestamp
        /// A target name; empty for the first.
        public let raisedBy: String
    }

    /// The category's name in the audit events of configuration.
    static let kind = "partitions"

    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// By generation; empty before the first start.
    public func rows() throws(StoreError) -> [Row] {
        try connection.execute(
            "SELECT generation, count, since, raised_by FROM partition_schedule ORDER BY generation"
        ).map { row in
            Row(
                generation: Int(row.integer(0)), count: Int(row.integer(1)),
                since: Timestamp(milliseconds: row.integer(2)), raisedBy: row.text(3))
        }
    }

    public func schedule() throws(StoreError) -> PartitionSchedule {
        let counts = try rows().map(\.count)
        guard !counts.isEmpty else {
            throw StoreError(.unavailable, "it is not known how many partitions there are: run tocsin migrate")
        }
        return PartitionSchedule(counts)
    }

    /// Writes the first count, unless there is one.
    /// - Throws: ``StoreError/Code-swift.enum/invalid`` when the log was written with another one, by a version that
    ///   kept no schedule.
    public func begin(with count: Int, at now: Timestamp) throws(StoreError) {
        guard try rows().isEmpty else { return }
        let known = try knownPlaces()
        func fits(_ count: Int) -> Bool {
            known.allSatisfy { Partitioning.partition(of: $0.id, count: count) == $0.partition }
        }
        guard fits(count) else {
            let others = PartitionSchedule.countRange.filter(fits).prefix(3).map(String.init)
            throw StoreError(
                .invalid,
                "TOCSIN_PARTITIONS is \(count), and the event log was written with another number of partitions: "
                    + (others.isEmpty ? "with several" : "try \(others.joined(separator: " or "))"))
        }
        try add(Row(generation: 0, count: count, since: now, raisedBy: ""))
    }

    /// Adds a generation, with its audit event.
    /// - Parameter last: The newest row before: when another one has been added meanwhile, nothing is.
    /// - Throws: ``StoreError/Code-swift.enum/versionConflict`` then.
    @discardableResult
    public func raise(
        to count: Int, after last: Row, since: Timestamp, by origin: Origin, at now: Timestamp
    ) throws -> Row {
        let row = Row(generation: last.generation + 1, count: count, since: since, raisedBy: origin.actor)
        try add(row)
        let data: JSONValue = [
            "kind": .string(Self.kind), "id": "topics", "name": "partitions of every topic",
            "version": .integer(Int64(row.generation)), "before": ["count": .integer(Int64(last.count))],
            "after": ["count": .integer(Int64(count)), "since": .string(since.iso)],
        ]
        try EventLog(connection).record(
            type: "config.changed", data: try DirectoryJSON.text(data), on: "config-\(Self.kind)-topics",
            in: DirectoryAudit.partition, origin: origin, at: now)
        return row
    }

    private func add(_ row: Row) throws(StoreError) {
        try connection.insert(
            [
                [
                    .integer(Int64(row.generation)), .integer(Int64(row.count)), .integer(row.since.milliseconds),
                    .text(row.raisedBy),
                ]
            ], into: "partition_schedule", columns: ["generation", "count", "since", "raised_by"])
    }

    /// The first alerts of each log partition that has any.
    private func knownPlaces() throws(StoreError) -> [(id: String, partition: Int)] {
        let prefix = Alert.category.count + 1
        let names = try connection.execute(
            "SELECT partition_name FROM log_partitions WHERE partition_name LIKE \("\(Alert.category)/%")"
        ).map { $0.text(0) }
        guard !names.isEmpty else { return [] }
        return try connection.execute(
            "SELECT partition_name, stream FROM events WHERE partition_name IN \(list: names) AND position <= 2"
        ).map { row in (String(row.text(1).dropFirst(prefix)), Int(row.text(0).dropFirst(prefix)) ?? 0) }
    }
}
