import AlertCore

/// Writes the log as lines, a chunk at a time, while it may grow; then, in one snapshot, what has been added meanwhile,
/// the rows that do not follow from it, and the end.
public struct LogExport: Sendable {
    private static let chunk = 1_000
    private static let followPause = Duration.seconds(1)

    /// What is wanted of an export.
    public struct Wish: Sendable {
        /// Only what is behind these, by partition.
        public var after: [String: Position] = [:]
        /// Whether the rows are wanted that do not follow from the log.
        public var hasState = true
        /// Whether it goes on until it is told to stop.
        public var isFollowing = false

        public init() {}
    }

    /// Why an export cannot begin there.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
    }

    private let database: any SQLDatabase
    private let now: @Sendable () -> Timestamp
    private let progress: @Sendable (_ more: Int) -> Void

    /// - Parameter progress: Told of every chunk of events that was written.
    public init(
        _ database: any SQLDatabase, now: @escaping @Sendable () -> Timestamp,
        progress: @escaping @Sendable (_ more: Int) -> Void = { _ in }
    ) {
        self.database = database
        self.now = now
        self.progress = progress
    }

    /// Writes a new export.
    /// - Parameter stop: Asked between two looks at a log that is followed.
    /// - Throws: ``Refusal`` when there is no event at one of the places to begin behind.
    public func write(
        _ wish: Wish, to output: ExportOutput, until stop: @Sendable () -> Bool = { true }
    ) async throws {
        let header = try await header(wish)
        try output.write(ExportLine(header: header))
        try output.synchronize()
        try await write(header, from: header.after, to: output, until: stop)
    }

    /// Goes on with one that was broken off.
    public func resume(
        _ point: ExportPoint, to output: ExportOutput, until stop: @Sendable () -> Bool = { true }
    ) async throws {
        try await write(point.header, from: point.places, to: output, until: stop)
    }

    private func header(_ wish: Wish) async throws -> ExportHeader {
        try await database.reading { [now] connection in
            let log = StoredLog(connection)
            var after: [String: LogHead] = [:]
            for (partition, position) in wish.after where position > 0 {
                guard let row = try log.read(partition, after: position - 1, upTo: position, limit: 1).first else {
                    throw Refusal(description: "The log has no event \(partition):\(position).")
                }
                after[partition] = row.head
            }
            return ExportHeader(
                format: ExportHeader.format, version: ExportHeader.version, begun: now(), after: after,
                upTo: try log.heads(), dropped: try DroppedRanges(connection).all(),
                hasState: wish.hasState && after.isEmpty, isFollowing: wish.isFollowing,
                migrations: try connection.execute("SELECT name FROM schema_migrations ORDER BY name")
                    .map { $0.text(0) })
        }
    }

    private func write(
        _ header: ExportHeader, from start: [String: LogHead], to output: ExportOutput, until stop: () -> Bool
    ) async throws {
        var places = start
        var heads = header.upTo
        while true {
            for (partition, head) in heads.sorted(by: { $0.key < $1.key }) {
                try await copy(partition, upTo: head.position, &places, to: output)
            }
            guard header.isFollowing, !stop() else { break }
            try output.flush()
            try await Task.sleep(for: Self.followPause)
            heads = try await database.reading { try StoredLog($0).heads() }
        }
        try await end(header, places, output)
        try output.synchronize()
    }

    private func copy(
        _ partition: String, upTo end: Position, _ places: inout [String: LogHead], to output: ExportOutput
    ) async throws {
        while true {
            let last = places[partition]?.position ?? 0
            let rows = try await database.reading { connection in
                try StoredLog(connection).read(partition, after: last, upTo: end, limit: Self.chunk)
            }
            for row in rows { try output.write(ExportLine(event: row)) }
            if let row = rows.last { places[partition] = row.head }
            progress(rows.count)
            if rows.count < Self.chunk { return }
        }
    }

    /// All of one moment.
    private func end(_ header: ExportHeader, _ places: [String: LogHead], _ output: ExportOutput) async throws {
        try await database.reading { [now, progress] connection in
            let log = StoredLog(connection)
            let heads = try log.heads()
            for (partition, head) in heads.sorted(by: { $0.key < $1.key }) {
                var last = places[partition]?.position ?? 0
                while case let rows = try log.read(partition, after: last, upTo: head.position, limit: Self.chunk),
                    let end = rows.last
                {
                    for row in rows { try output.write(ExportLine(event: row)) }
                    progress(rows.count)
                    last = end.position
                }
            }
            if header.hasState { try writeState(connection, output) }
            let end = ExportEnd(
                at: now(), heads: heads, events: output.events, rows: output.rows,
                checkpoint: try AuditCheckpoints(connection).newest(), digest: "")
            try output.write(end)
        }
    }

    private func writeState(_ connection: any SQLConnection, _ output: ExportOutput) throws {
        for table in try TableCatalogue.tables(in: connection) where table.content == .kept {
            try table.read(in: connection) { values in
                let row = ExportRow(
                    table: table.name, values: Dictionary(uniqueKeysWithValues: zip(table.columns, values)))
                try output.write(ExportLine(row: row))
            }
        }
    }
}
