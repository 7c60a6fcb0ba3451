import AlertCore
import Persistence
import SQLiteDatabase

/// The database that all processes share: SQLite in memory, without threads of its own.
final class SimStore: @unchecked Sendable {  // one thread
    private let connection: SQLiteConnection
    private let history: History

    init(history: History) throws {
        connection = try SQLiteConnection(path: ":memory:")
        self.history = history
    }

    /// - Parameters:
    ///   - process: Who does it, for the history.
    ///   - spoil: Called before the commit, to make it fail.
    func write<T>(
        by process: String, spoil: () throws -> Void = {}, _ body: (any SQLConnection) throws -> T
    ) throws -> T {
        let watched = WatchedConnection(connection)
        try connection.execute("BEGIN IMMEDIATE")
        do {
            let result = try body(watched)
            try spoil()
            try connection.execute("COMMIT")
            history.committed(
                by: process, events: watched.events, checkpoints: watched.checkpoints, cuts: watched.cuts)
            for one in watched.spooled {
                history.carried(one.place, key: one.key, body: one.body, by: process, to: true)
            }
            return result
        } catch {
            // Fails when SQLite has rolled back already, which is what is wanted.
            _ = try? connection.execute("ROLLBACK")
            throw error
        }
    }

    func read<T>(_ body: (any SQLConnection) throws -> T) throws -> T {
        try connection.execute("BEGIN")
        defer { _ = try? connection.execute("COMMIT") }  // of a transaction that has only read
        return try body(connection)
    }
}

/// Passes everything on, and remembers the events and checkpoints that were written.
private final class WatchedConnection: SQLConnection {
    static let dialect = SQLiteConnection.dialect

    private let connection: SQLiteConnection
    private(set) var events: [History.LoggedEvent] = []
    private(set) var checkpoints: [History.SavedCheckpoint] = []
    private(set) var cuts: [History.NotedCut] = []
    private(set) var spooled: [(place: String, key: String, body: String)] = []

    init(_ connection: SQLiteConnection) { self.connection = connection }

    func execute(_ statement: SQL) throws(StoreError) -> [SQLRow] {
        let rows = try connection.execute(statement)
        if statement.text.contains("INTO checkpoints"), case .text(let group) = statement.values[0],
            case .text(let partition) = statement.values[1], case .integer(let next) = statement.values[2],
            !rows.isEmpty || !statement.text.contains("RETURNING")
        {
            let isPut = !statement.text.contains("WHERE")
            checkpoints.append(.init(group: group, partition: partition, next: next, isPut: isPut))
        }
        if statement.text.contains("INTO broker_cuts"), case .text(let partition) = statement.values[0],
            case .text(let group) = statement.values[1], case .integer(let end) = statement.values[3]
        {
            cuts.append(.init(group: group, partition: partition, end: end))
        }
        return rows
    }

    func insert(_ rows: [[SQLValue]], into table: String, columns: [String]) throws(StoreError) {
        try connection.insert(rows, into: table, columns: columns)
        guard table == "events" || table == "spooled_messages" else { return }
        for row in rows {
            let values = Dictionary(uniqueKeysWithValues: zip(columns, row))
            if case .text(let place) = values["partition_name"], case .text(let key) = values["message_key"],
                case .text(let body) = values["body"]
            {
                spooled.append((place, key, body))
            }
            guard case .text(let partition) = values["partition_name"],
                case .integer(let position) = values["position"],
                case .text(let stream) = values["stream"], case .text(let type) = values["type"],
                case .integer(let version) = values["version"], case .text(let data) = values["data"]
            else { continue }
            events.append(
                .init(
                    partition: partition, position: position, stream: stream, version: version, type: type, data: data))
        }
    }
}

/// One process's way to the database, which fails as a network and a server do.
final class SimDatabase: SQLDatabase, @unchecked Sendable {  // one thread
    private let process: SimProcess
    private let store: SimStore
    private let faults: Faults
    private let chance: Chance

    init(_ store: SimStore, for process: SimProcess, faults: Faults, chance: Chance) {
        self.store = store
        self.process = process
        self.faults = faults
        self.chance = chance
    }

    @discardableResult
    func transaction<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await reach(isEffect: true)
        let fault = faults.ofTransaction(chance)
        let result = try store.write(by: process.run) {
            if fault == .failsBefore { throw StoreError(.unavailable, "the connection was lost before the commit") }
        } _: {
            try body($0)
        }
        try await process.gate(after: chance.milliseconds(0...3), isEffect: true)
        if fault == .failsAfter { throw StoreError(.unavailable, "the connection was lost during the commit") }
        return result
    }

    func reading<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await reach()
        if faults.ofRead(chance) { throw StoreError(.unavailable, "the connection was lost") }
        let result = try store.read(body)
        try await process.gate(after: chance.milliseconds(0...1))
        return result
    }

    func close() async {}

    private func reach(isEffect: Bool = false) async throws {
        try await process.gate(after: chance.milliseconds(0...2), isEffect: isEffect)
        guard faults.isDatabaseDown else { return }
        try await process.gate(after: chance.milliseconds(1...2000))
        throw StoreError(.unavailable, "the database cannot be reached")
    }
}
