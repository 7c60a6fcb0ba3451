import AlertCore

/// Fills an empty system with an export: rows as they are, then everything that follows from them. In one transaction:
/// an import that fails leaves nothing.
public struct LogImport: Sendable {
    private static let batch = 500

    /// What was brought in.
    public struct Outcome: Codable, Equatable, Sendable {
        public var events: Int64 = 0
        public var rows: Int64 = 0
        /// Alerts, notifications and deliveries that were made from the log.
        public var streams: Int64 = 0
    }

    /// Why nothing was brought in.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
        /// What is wrong with the export; empty when it is something else.
        public var faults: [LogFault] = []
    }

    private let database: any SQLDatabase
    private let progress: @Sendable (_ more: Int) -> Void

    /// - Parameter progress: Told of events as they come in.
    public init(_ database: any SQLDatabase, progress: @escaping @Sendable (_ more: Int) -> Void = { _ in }) {
        self.database = database
        self.progress = progress
    }

    /// - Throws: ``Refusal`` for an export that is not whole or not as it was, and for a system that is not empty.
    public func run(_ path: String, trusted: [String] = []) async throws -> Outcome {
        let (report, header, end) = try ExportVerification.verify(path, trusted: trusted)
        guard report.isIntact else {
            throw Refusal(description: "The export is not as it was written.", faults: report.faults)
        }
        guard header.isWhole, let end else {
            throw Refusal(
                description:
                    "The export is a part of a log, or without state: an import needs all of it, from the start.")
        }
        return try await database.transaction { [progress] connection in
            try Self.requireEmpty(connection)
            return try Self.fill(connection, path, header, end, progress)
        }
    }

    private static func requireEmpty(_ connection: any SQLConnection) throws {
        for table in ["events", "log_partitions", "directory", "alerts"] {
            let name = SQL(stringLiteral: table)
            guard try connection.execute("SELECT 1 FROM \(name) LIMIT 1").isEmpty else {
                throw Refusal(description: "The system is not empty: there is something in \(table).")
            }
        }
    }

    private static func fill(
        _ connection: any SQLConnection, _ path: String, _ header: ExportHeader, _ end: ExportEnd,
        _ progress: (Int) -> Void
    ) throws -> Outcome {
        let tables = try TableCatalogue.tables(in: connection)
        // What a new schema begins with is in the export as well.
        for table in tables where table.content == .kept {
            try connection.execute("DELETE FROM \(SQL(stringLiteral: table.name))")
        }
        var outcome = Outcome()
        var chains: [String: ChainVerifier] = [:]
        var waiting = WaitingRows(tables)
        var events: [[SQLValue]] = []
        let reader = try ExportReader(path: path)
        while let next = try reader.next() {
            if let event = next.line.event {
                chains[event.partition, default: header.chain(of: event.partition)].add(event)
                events.append(event.row)
                outcome.events += 1
            } else if let row = next.line.row {
                outcome.rows += 1
                try waiting.add(row, in: connection)
            }
            if events.count == batch || next.line.event == nil {
                try connection.insert(events, into: "events", columns: StoredEvent.columns)
                progress(events.count)
                events = []
            }
        }
        try waiting.write(in: connection)
        try requireUnchanged(chains, header, end)
        try connection.insert(
            end.heads.sorted { $0.key < $1.key }.map { name, head in
                [.text(name), .integer(head.position), .text(head.hash)]
            }, into: "log_partitions", columns: ["partition_name", "position", "hash"])
        outcome.streams = try makeReadModels(connection)
        return outcome
    }

    /// The file was looked at before; this is about what has been read now.
    private static func requireUnchanged(
        _ chains: [String: ChainVerifier], _ header: ExportHeader, _ end: ExportEnd
    ) throws {
        for name in Set(chains.keys).union(end.heads.keys) {
            var chain = chains[name] ?? header.chain(of: name)
            chain.finish(head: end.heads[name] ?? .beginning)
            if let fault = chain.fault {
                throw Refusal(description: "The export has changed while it was read.", faults: [fault])
            }
        }
    }

    private static func makeReadModels(_ connection: any SQLConnection) throws -> Int64 {
        var count: Int64 = 0
        for partition in try StoredLog(connection).partitions() where ReadModels.isBehind(partition) {
            var last: Position = 0
            while let chunk = try ReadModels.beginnings(in: partition, after: last, limit: batch, connection) {
                try ReadModels.apply(streams: chunk.streams, in: connection)
                count += Int64(chunk.streams.count)
                last = chunk.last
            }
        }
        return count
    }
}

/// Rows of one table with the same columns, which go in together.
private struct WaitingRows {
    private static let batch = 200

    private let tables: [String: TableCatalogue.Table]
    private var table = ""
    private var columns: [String] = []
    private var rows: [[SQLValue]] = []

    init(_ tables: [TableCatalogue.Table]) {
        self.tables = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
    }

    mutating func add(_ row: ExportRow, in connection: any SQLConnection) throws {
        guard let known = tables[row.table], known.content == .kept else {
            throw LogImport.Refusal(
                description: "The export has rows of \(row.table), which this version does not know.")
        }
        let names = row.values.keys.sorted()
        if let stranger = names.first(where: { !known.columns.contains($0) }) {
            throw LogImport.Refusal(
                description: "The export has \(row.table).\(stranger), which this version does not know.")
        }
        if row.table != table || names != columns || rows.count == Self.batch {
            try write(in: connection)
            (table, columns) = (row.table, names)
        }
        rows.append(names.map { row.values[$0] ?? .null })
    }

    mutating func write(in connection: any SQLConnection) throws {
        guard !rows.isEmpty else { return }
        try connection.insert(rows, into: table, columns: columns)
        rows = []
    }
}
