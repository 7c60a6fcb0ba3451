import AlertCore

/// Where a read model is not what the log says.
public struct RowDifference: Codable, Equatable, Sendable, CustomStringConvertible {
    public let table: String
    /// Of the row: the alert, notification or delivery, and what tells its rows apart.
    public let id: String
    /// Empty when the whole row is there or not.
    public let column: String
    /// What there is; `nil` for nothing.
    public let old: String?
    /// What the log says; `nil` for nothing.
    public let new: String?

    public var description: String {
        if column.isEmpty {
            return "\(table) \(id): \(old == nil ? "the row is missing" : "no event explains the row")"
        }
        return "\(table) \(id): \(column) is \(old ?? "nothing"), by the log \(new ?? "nothing")"
    }
}

/// Makes the read models anew from the log, a chunk of streams in each transaction, while everything runs. What is
/// there is compared with what the log says; it is replaced where it differs, and left alone where it does not.
public struct ReadModelRebuild: Sendable {
    private static let chunk = 100
    private static let strangersLimit = 500

    public struct Outcome: Codable, Equatable, Sendable {
        /// How many alerts, notifications and deliveries were looked at.
        public var streams: Int64 = 0
        /// How many differences there were in all.
        public var differences: Int64 = 0
        /// How many rows no event explains; they are among the differences.
        public var unexplained: Int64 = 0
        /// Whether what differed was replaced.
        public var isReplaced = false
    }

    /// What is to be done with what differs.
    public enum Mode: Sendable {
        /// It is only told.
        case check
        /// It is replaced; rows that no event explains are told of, and stay.
        case replace
        /// These are taken away as well.
        case replaceAndRemove
    }

    private let database: any SQLDatabase
    private let report: @Sendable (RowDifference) -> Void
    private let progress: @Sendable (_ more: Int) -> Void

    /// - Parameters:
    ///   - report: Told of every difference.
    ///   - progress: Told of streams that were looked at.
    public init(
        _ database: any SQLDatabase, report: @escaping @Sendable (RowDifference) -> Void = { _ in },
        progress: @escaping @Sendable (_ more: Int) -> Void = { _ in }
    ) {
        self.database = database
        self.report = report
        self.progress = progress
    }

    /// Goes through all streams, those that begin meanwhile too.
    public func run(_ mode: Mode) async throws -> Outcome {
        var outcome = Outcome()
        let partitions = try await database.reading { try StoredLog($0).partitions() }
        for partition in partitions where ReadModels.isBehind(partition) {
            var last: Position = 0
            while let chunk = try await next(partition, after: last) {
                for difference in try await rebuild(chunk.streams, mode) {
                    outcome.differences += 1
                    report(difference)
                }
                outcome.streams += Int64(chunk.streams.count)
                progress(chunk.streams.count)
                last = chunk.last
            }
        }
        for stranger in try await strangers(mode) {
            outcome.differences += 1
            outcome.unexplained += 1
            report(stranger)
        }
        outcome.isReplaced = mode != .check
        return outcome
    }

    private func next(
        _ partition: String, after last: Position
    ) async throws -> (streams: [String], last: Position)? {
        try await database.reading { connection in
            try ReadModels.beginnings(in: partition, after: last, limit: Self.chunk, connection)
        }
    }

    /// Takes everything back that a transaction did, and hands on what it found.
    private struct LeftAsItWas: Error { let differences: [RowDifference] }

    private func rebuild(_ streams: [String], _ mode: Mode) async throws -> [RowDifference] {
        do {
            return try await database.retrying { connection in
                let differences = try Self.rebuild(streams: streams, in: connection)
                if differences.isEmpty || mode == .check { throw LeftAsItWas(differences: differences) }
                return differences
            }
        } catch let left as LeftAsItWas {
            return left.differences
        }
    }

    /// Makes the rows of some streams anew, within the caller's transaction: `alert-…`, `notification-…` and
    /// `delivery-…`; others have none. Their log partitions are held until it ends: nothing is appended meanwhile.
    /// - Returns: What was there and is not what the log says.
    @discardableResult
    public static func rebuild(streams: [String], in connection: any SQLConnection) throws -> [RowDifference] {
        let partitions = try connection.execute(
            "SELECT DISTINCT partition_name FROM events WHERE stream IN \(list: streams) ORDER BY partition_name")
        for row in partitions {
            try connection.execute(
                "UPDATE log_partitions SET position = position WHERE partition_name = \(row.text(0))")
        }
        var rows = try ModelRows(streams: streams, in: connection)
        let before = try rows.all()
        try rows.delete()
        try ReadModels.apply(streams: streams, in: connection)
        return try ModelRows.differences(before, rows.all())
    }

    // MARK: - Rows that no event explains

    private func strangers(_ mode: Mode) async throws -> [RowDifference] {
        var all: [RowDifference] = []
        for model in ReadModels.models {
            let found = try await database.retrying { connection in
                try Self.strangers(model, removing: mode == .replaceAndRemove, in: connection)
            }
            all += found
        }
        return all
    }

    private static func strangers(
        _ model: ReadModels.Model, removing: Bool, in connection: any SQLConnection
    ) throws -> [RowDifference] {
        let (table, owner) = (SQL(stringLiteral: model.table), SQL(stringLiteral: model.owner))
        let isStrange: SQL =
            model.prefix.isEmpty
            ? "\(owner) NOT IN (SELECT number FROM alerts)"
            : "NOT EXISTS (SELECT 1 FROM events e WHERE e.stream = CAST(\(model.prefix) AS TEXT) || \(table).\(owner))"
        let rows = try connection.execute(
            "SELECT DISTINCT \(owner) FROM \(table) WHERE \(isStrange) ORDER BY \(owner) LIMIT \(strangersLimit)")
        if removing {
            try connection.execute("DELETE FROM \(table) WHERE \(owner) IN \(list: rows.map { $0.value(0) })")
        }
        return rows.map { row in
            let id = row.value(0).readable ?? ""
            return RowDifference(table: model.table, id: id, column: "", old: id, new: nil)
        }
    }
}

/// The rows of the read models that belong to some streams.
private struct ModelRows {
    /// By table and id, by column.
    typealias Content = [String: [String: [String: SQLValue]]]

    private let connection: any SQLConnection
    private let ids: [String: [String]]
    /// Of alerts, as they are known by before and after.
    private var numbers: Set<Int64> = []

    init(streams: [String], in connection: any SQLConnection) throws {
        self.connection = connection
        var ids: [String: [String]] = [:]
        for prefix in Set(ReadModels.models.map(\.prefix)) where !prefix.isEmpty {
            ids[prefix] = streams.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        }
        self.ids = ids
        // Also of those whose row is gone: other rows of theirs can be there.
        for stream in streams where stream.hasPrefix("\(Alert.category)-") {
            guard let first = try EventLog(connection).first(of: stream) else { continue }
            let event: Alert.Event = try EventCodec.decode(first.data)
            if let details = event.beginning?.details { numbers.insert(details.number) }
        }
    }

    mutating func all() throws -> Content {
        var content: Content = [:]
        let tables = try TableCatalogue.tables(in: connection)
        for model in ReadModels.models {
            guard let table = tables.first(where: { $0.name == model.table }) else { continue }
            guard let condition = condition(model) else { continue }
            let names = SQL(stringLiteral: table.columns.joined(separator: ", "))
            let rows = try connection.execute(
                "SELECT \(names) FROM \(SQL(stringLiteral: model.table)) WHERE \(condition)")
            for row in rows {
                let values = Dictionary(
                    uniqueKeysWithValues: table.columns.enumerated().map { ($1, row.value($0)) })
                let parts = [model.owner, model.part].compactMap { values[$0]?.readable }
                content[model.table, default: [:]][parts.joined(separator: " ")] = values
                if model.table == "alerts", case .integer(let number)? = values["number"] { numbers.insert(number) }
            }
        }
        return content
    }

    func delete() throws {
        for model in ReadModels.models {
            guard let condition = condition(model) else { continue }
            try connection.execute("DELETE FROM \(SQL(stringLiteral: model.table)) WHERE \(condition)")
        }
    }

    /// `nil` when there is nothing to look for. `alerts` comes before what goes by its numbers.
    private func condition(_ model: ReadModels.Model) -> SQL? {
        let owner = SQL(stringLiteral: model.owner)
        if model.prefix.isEmpty { return numbers.isEmpty ? nil : "\(owner) IN \(list: numbers.sorted())" }
        guard let ids = ids[model.prefix], !ids.isEmpty else { return nil }
        return "\(owner) IN \(list: ids)"
    }

    static func differences(_ before: Content, _ after: Content) -> [RowDifference] {
        var found: [RowDifference] = []
        for table in ReadModels.models.map(\.table) {
            let (old, new) = (before[table] ?? [:], after[table] ?? [:])
            for id in Set(old.keys).union(new.keys).sorted() {
                guard let before = old[id], let after = new[id] else {
                    let isThere = old[id] != nil
                    found.append(
                        RowDifference(
                            table: table, id: id, column: "", old: isThere ? id : nil, new: isThere ? nil : id))
                    continue
                }
                for column in after.keys.sorted() where before[column] != after[column] {
                    found.append(
                        RowDifference(
                            table: table, id: id, column: column, old: before[column]?.readable,
                            new: after[column]?.readable))
                }
            }
        }
        return found
    }
}

extension SQLValue {
    /// As people read it; `nil` for NULL.
    fileprivate var readable: String? {
        switch self {
        case .null: nil
        case .integer(let number): String(number)
        case .text(let text): text
        }
    }
}
