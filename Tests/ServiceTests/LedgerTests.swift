import AlertCore
import Crypto
import Foundation
import Logging
import Messaging
import Persistence
import TestSupport
import Testing

@testable import Bootstrap
@testable import SelfAudit

/// What leaves a system and comes back: checkpoints beside it, its log on a topic, copies of its database.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct LedgerTests {
    static let noon = Timestamp(milliseconds: 1_790_000_000_000)

    static func append(_ numbers: ClosedRange<Int>, to database: any SQLDatabase) async throws {
        for number in numbers {
            try await database.transaction { connection in
                try EventLog(connection).record(
                    type: "alert.note", data: "{\"n\":\(number)}", on: "alert-\(number % 3)",
                    in: LogPartition("alert", number % 2),
                    origin: Origin(actor: "t", causation: "c", correlation: "r"), at: noon)
            }
        }
    }

    static func folder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "tocsin-\(UInt64.random(in: 0 ... .max))").path()
    }

    // MARK: - Checkpoints

    @Test(arguments: Backend.available)
    func twoProcessesMakeEachCheckpointOnce(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let clock = TestClock(Self.noon)
            let secrets = SecretBox(key: SymmetricKey(size: .bits256))
            let files = [Self.folder(), Self.folder()]
            let keepers = files.map { file in
                CheckpointKeeper(
                    database: database, secrets: secrets, interval: .seconds(60), file: file, now: clock.clock,
                    logger: SelfAuditTests.quiet)
            }
            for round in 0..<4 {
                try await Self.append(round * 10...round * 10 + 3, to: database)
                await withTaskGroup(of: Void.self) { tasks in
                    for keeper in keepers {
                        tasks.addTask { try? await keeper.keep() }  // both at once: one can lose
                    }
                }
                clock.advance(by: .seconds(60))
            }
            for keeper in keepers { try await keeper.keep() }
            let rows = try await database.reading { try AuditCheckpoints($0).page(offset: 0, limit: 100) }
            #expect(rows.total == 5)
            for file in files {
                let kept = try CheckpointFile(path: file).read()
                #expect(kept == Array(rows.rows.reversed()))
                try FileManager.default.removeItem(atPath: file)
            }
            let keys = try secrets.checkpointKeys().map(\.base64)
            #expect(try await LogVerification.verify(database, kept: rows.rows, trusted: keys).isIntact)
        }
    }

    // MARK: - A topic

    @Test(arguments: Backend.available)
    func theLogGoesToATopicAtLeastOnce(on backend: Backend) async throws {
        struct Halt: Error {}
        try await backend.withDatabase { database in
            try await Self.append(1...30, to: database)
            let bus = EmbeddedBus(database: database, partitionCount: 2)
            // The first time, what was published is not written down.
            let dying = LedgerTopic(database, topic: "ledger", bus: InterruptedBus(bus: bus) { throw Halt() })
            await #expect(throws: Halt.self) { _ = try await dying.run { true } }
            let topic = LedgerTopic(database, topic: "ledger", bus: bus)
            #expect(try await topic.run { true } == 30)
            #expect(try await topic.run { true } == 0)
            try await Self.append(31...35, to: database)
            #expect(try await topic.run { true } == 5)
            let messages = try await database.reading { connection in
                try connection.execute(
                    """
                    SELECT message_key, headers, body FROM bus_messages WHERE topic = 'ledger'
                    ORDER BY partition, message_offset
                    """
                ).map { ($0.text(0), $0.text(1), $0.text(2)) }
            }
            // Of each partition in their order, those of the first attempt twice.
            var positions: [String: [Int64]] = [:]
            for (key, headers, body) in messages {
                let event = try JSON.decode(body, as: StoredEvent.self)
                let names: [String: String] = try JSON.decode(headers)
                #expect(event.partition == key && names["id"] == "\(key):\(event.position)")
                guard positions[key]?.contains(event.position) != true else { continue }
                positions[key, default: []].append(event.position)
            }
            #expect(positions.values.reduce(0) { $0 + $1.count } == 35)
            #expect(positions.values.allSatisfy { $0 == $0.sorted() })
            #expect(messages.count > 35)
        }
    }

    // MARK: - Backup

    @Test func aCopyIsTakenWhileTheServerWrites() async throws {
        let (data, copies) = (Self.folder(), Self.folder())
        try FileManager.default.createDirectory(atPath: copies, withIntermediateDirectories: true)
        let access = try await LedgerAccess.open(data: data, databaseURL: nil, isNew: true)
        try Data("key".utf8).write(to: URL(filePath: "\(data)/secret.key"))
        try await Self.append(1...20, to: access.database)
        let writing = Task { try await Self.append(21...120, to: access.database) }
        let backup = DatabaseBackup(data: data)
        let outcome = try await backup.take(to: "\(copies)/one", hasKey: true)
        try await writing.value
        #expect(outcome.events >= 20 && outcome.key == "\(copies)/one.key")
        for name in ["one", "one.key"] {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(copies)/\(name)")[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o600)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies).sorted() == ["one", "one.key"])
        // It replaces nothing, and gives nothing to a server that runs.
        await #expect(throws: DatabaseBackup.Refusal.self) { try await backup.take(to: "\(copies)/one", hasKey: true) }
        let busy = await #expect(throws: DatabaseBackup.Refusal.self) {
            try await backup.restore(from: "\(copies)/one", key: nil, isReplacing: true)
        }
        #expect(busy?.description.contains("in use") == true)
        await access.close()
        try Data("other".utf8).write(to: URL(filePath: "\(data)/secret.key"))
        await #expect(throws: DatabaseBackup.Refusal.self) {
            try await backup.restore(from: "\(copies)/one", key: nil, isReplacing: false)
        }
        let restored = try await backup.restore(from: "\(copies)/one", key: nil, isReplacing: true)
        #expect(restored.events == outcome.events)
        #expect(FileManager.default.contents(atPath: "\(data)/secret.key") == Data("key".utf8))
        #expect(FileManager.default.contents(atPath: "\(data)/secret.key.replaced") == Data("other".utf8))
        #expect(FileManager.default.fileExists(atPath: "\(data)/tocsin.db.replaced"))
        for folder in [data, copies] { try FileManager.default.removeItem(atPath: folder) }
    }

    @Test func aCopyThatWasChangedIsRefused() async throws {
        let (data, other, file) = (Self.folder(), Self.folder(), Self.folder())
        let access = try await LedgerAccess.open(data: data, databaseURL: nil, isNew: true)
        try await Self.append(1...20, to: access.database)
        _ = try await DatabaseBackup(data: data).take(to: file, hasKey: true)
        try await access.database.transaction { connection in
            _ = try connection.execute("UPDATE events SET actor = 'x' WHERE position = 3")
        }
        let refused = await #expect(throws: DatabaseBackup.Refusal.self) {
            try await DatabaseBackup(data: data).take(to: "\(file).2", hasKey: true)
        }
        #expect(refused?.faults.map(\.position) == [3, 3])
        #expect(!FileManager.default.fileExists(atPath: "\(file).2"))
        await access.close()
        var bytes = try #require(FileManager.default.contents(atPath: file))
        let place = try #require(bytes.firstRange(of: Data("{\"n\":7}".utf8)))
        bytes[place.lowerBound + 5] = UInt8(ascii: "8")
        try bytes.write(to: URL(filePath: file))
        let refusal = await #expect(throws: DatabaseBackup.Refusal.self) {
            try await DatabaseBackup(data: other).restore(from: file, key: nil, isReplacing: false)
        }
        #expect(refusal?.faults.first?.kind == .changed)
        #expect(try FileManager.default.contentsOfDirectory(atPath: other) == [])
        for path in [data, other, file] { try FileManager.default.removeItem(atPath: path) }
    }
}
