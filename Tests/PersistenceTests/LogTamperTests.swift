import AlertCore
import Crypto
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Whatever is done to the log behind the server's back is found, and the place is named.
struct LogTamperTests {
    static let secrets = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))

    /// What was done, and what has to be said of it.
    struct Tampering {
        let name: String
        let partition: String
        let position: Position
        let kinds: Set<LogFault.Kind>
        let apply: @Sendable (any SQLConnection) throws -> Void
    }

    /// A log with a few partitions, whose rows are known.
    struct World {
        let database: any SQLDatabase
        let rows: [String: [StoredEvent]]
        let heads: [String: LogHead]

        init(_ database: any SQLDatabase) async throws {
            self.database = database
            for partition in 0..<3 {
                for number in 1...(4 + 9 * partition) {
                    try await database.transaction { connection in
                        try EventLog(connection).record(
                            type: "alert.note", data: "{\"n\":\(number),\"text\":\"ö\"}",
                            on: "alert-\(partition)-\(number % 5)", in: LogPartition("alert", partition),
                            origin: LedgerContent.origin, at: Timestamp(milliseconds: Int64(1000 * number)))
                    }
                }
            }
            try await database.transaction { connection in
                _ = try AuditCheckpoints(connection).makeIfDue(
                    every: .zero, by: LogTamperTests.secrets, at: LedgerContent.noon)
            }
            (rows, heads) = try await database.reading { connection in
                let log = StoredLog(connection)
                var rows: [String: [StoredEvent]] = [:]
                for partition in try log.partitions() {
                    rows[partition] = try log.read(partition, after: 0, limit: 1000)
                }
                return (rows, try log.heads())
            }
        }

        func putBack() async throws {
            try await database.transaction { [rows, heads] connection in
                try connection.execute("DELETE FROM events")
                try connection.execute("DELETE FROM log_partitions")
                for list in rows.values {
                    try connection.insert(list.map(\.row), into: "events", columns: StoredEvent.columns)
                }
                for (name, head) in heads {
                    try connection.execute(
                        """
                        INSERT INTO log_partitions (partition_name, position, hash)
                        VALUES (\(name), \(head.position), \(head.hash))
                        """)
                }
            }
        }

        func verify() async throws -> VerificationReport {
            let keys = try LogTamperTests.secrets.checkpointKeys().map(\.base64)
            return try await LogVerification.verify(database, trusted: keys)
        }
    }

    @Test(arguments: Backend.available)
    func namesThePlace(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let world = try await World(database)
            let intact = try await world.verify()
            #expect(intact.isIntact && intact.events == 39 && intact.checkpoints == 1 && intact.partitions == 3)
            for seed in 0..<UInt64(backend == .sqlite ? 30 : 15) {
                var chance = SeededGenerator(seed: seed)
                let tampering = Self.tampering(world, &chance)
                try await database.transaction { try tampering.apply($0) }
                let report = try await world.verify()
                let fault = report.faults.first { $0.partition == tampering.partition }
                let comment: Comment = "seed \(seed), \(tampering.name): \(report.faults)"
                #expect(fault?.position == tampering.position, comment)
                #expect(fault.map { tampering.kinds.contains($0.kind) } == true, comment)
                try await world.putBack()
            }
            let after = try await world.verify()
            #expect(after == intact)
        }
    }

    static func tampering(_ world: World, _ chance: inout SeededGenerator) -> Tampering {
        let name = world.rows.keys.sorted().randomElement(using: &chance)!
        let rows = world.rows[name]!
        let row = rows.randomElement(using: &chance)!
        switch Int.random(in: 0..<8, using: &chance) {
        case 0, 1: return change(row, &chance)
        case 2: return remove(row, rows)
        case 3: return swap(row, rows, &chance)
        case 4: return cut(row, rows, withHead: Bool.random(using: &chance))
        case 5: return add(row, rows)
        case 6: return addAtEnd(rows)
        default: return rewrite(row, rows)
        }
    }

    /// One letter of one column.
    static func change(_ row: StoredEvent, _ chance: inout SeededGenerator) -> Tampering {
        let texts = ["stream", "type", "data", "actor", "causation", "correlation", "hash"]
        let column = (texts + ["version", "recorded_at"]).randomElement(using: &chance)!
        let name = SQL(stringLiteral: column)
        let change: SQL =
            texts.contains(column)
            ? "\(name) = CASE WHEN substr(\(name), 1, 1) = 'x' THEN 'y' ELSE 'x' END || substr(\(name), 2)"
            : "\(name) = \(name) + 1000"
        return Tampering(name: "change of \(column)", row, [.changed]) { connection in
            try connection.execute(
                """
                UPDATE events SET \(change) WHERE partition_name = \(row.partition) AND position = \(row.position)
                """)
        }
    }

    static func remove(_ row: StoredEvent, _ rows: [StoredEvent]) -> Tampering {
        Tampering(name: "removal", row, [.removed]) { try delete(row.partition, "= \(row.position)", $0) }
    }

    static func swap(_ row: StoredEvent, _ rows: [StoredEvent], _ chance: inout SeededGenerator) -> Tampering {
        let other = rows.filter { $0.position != row.position }.randomElement(using: &chance)!
        let first = min(row.position, other.position)
        return Tampering(name: "swap of \(row.position) and \(other.position)", rows[Int(first) - 1], [.reordered]) {
            try move(row.partition, row.position, to: 1_000_000, $0)
            try move(row.partition, other.position, to: row.position, $0)
            try move(row.partition, 1_000_000, to: other.position, $0)
        }
    }

    /// The end from a row on; with the head, as if it had never been, only the checkpoint knows.
    static func cut(_ row: StoredEvent, _ rows: [StoredEvent], withHead: Bool) -> Tampering {
        Tampering(name: "cut of the end\(withHead ? " and its head" : "")", row, [.removed]) { connection in
            try delete(row.partition, ">= \(row.position)", connection)
            guard withHead else { return }
            let before = row.position == 1 ? LogHead.beginning : rows[Int(row.position) - 2].head
            try setHead(row.partition, before, connection)
        }
    }

    /// Those behind it are moved down, the head as well.
    static func add(_ row: StoredEvent, _ rows: [StoredEvent]) -> Tampering {
        Tampering(name: "addition", row, [.added]) { connection in
            for later in rows.reversed() where later.position >= row.position {
                try move(row.partition, later.position, to: later.position + 1, connection)
            }
            try insert(row.partition, at: row.position, connection)
            try setHead(
                row.partition, LogHead(position: Position(rows.count) + 1, hash: rows.last!.hash), connection)
        }
    }

    static func addAtEnd(_ rows: [StoredEvent]) -> Tampering {
        let (partition, end) = (rows[0].partition, Position(rows.count) + 1)
        return Tampering(
            name: "addition at the end", partition: partition, position: end, kinds: [.added]
        ) { try insert(partition, at: end, $0) }
    }

    /// A row is changed, and every hash from it on is made anew, the head's as well: only the checkpoint knows.
    static func rewrite(_ row: StoredEvent, _ rows: [StoredEvent]) -> Tampering {
        let end = rows.last!
        return Tampering(name: "rewriting from \(row.position)", end, [.changed]) { connection in
            try connection.execute(
                """
                UPDATE events SET data = '{}' WHERE partition_name = \(row.partition) AND position = \(row.position)
                """)
            let before = row.position == 1 ? "" : rows[Int(row.position) - 2].hash
            var chain = HashChain(head: before)
            for later in try StoredLog(connection).read(row.partition, after: row.position - 1, limit: 1000) {
                let hash = chain.add(later)
                try connection.execute(
                    """
                    UPDATE events SET hash = \(hash) WHERE partition_name = \(row.partition)
                    AND position = \(later.position)
                    """)
            }
            try setHead(row.partition, LogHead(position: end.position, hash: chain.head), connection)
        }
    }

    // MARK: - SQL

    static func delete(_ partition: String, _ which: String, _ connection: any SQLConnection) throws {
        try connection.execute(
            "DELETE FROM events WHERE partition_name = \(partition) AND position \(SQL(stringLiteral: which))")
    }

    static func move(
        _ partition: String, _ position: Position, to other: Position, _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "UPDATE events SET position = \(other) WHERE partition_name = \(partition) AND position = \(position)")
    }

    static func insert(_ partition: String, at position: Position, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO events (partition_name, position, stream, version, type, data, actor, causation, correlation,
            recorded_at, hash) VALUES (\(partition), \(position), 'alert-foreign', 1, 'alert.note', '{}', 'a', 'b',
            'c', 1, 'ffff')
            """)
    }

    static func setHead(_ partition: String, _ head: LogHead, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE log_partitions SET position = \(head.position), hash = \(head.hash)
            WHERE partition_name = \(partition)
            """)
    }
}

extension LogTamperTests.Tampering {
    init(
        name: String, _ row: StoredEvent, _ kinds: Set<LogFault.Kind>,
        apply: @escaping @Sendable (any SQLConnection) throws -> Void
    ) {
        self.init(name: name, partition: row.partition, position: row.position, kinds: kinds, apply: apply)
    }
}
