import AlertCore
import Crypto
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Checkpoints are signed, follow one another, and vouch for the log, also against its own database.
struct AuditCheckpointTests {
    static let secrets = LogTamperTests.secrets
    static let noon = LedgerContent.noon

    static func make(
        _ count: Int, in database: any SQLDatabase, by secrets: SecretBox = secrets, after seconds: Int = 0
    ) async throws -> [SignedCheckpoint] {
        for number in seconds + 1...seconds + count {
            try await database.transaction { connection in
                try LedgerContent.addAlert(4 * Int.random(in: 1_000...9_000_000) + 1, in: connection)
                _ = try AuditCheckpoints(connection).makeIfDue(
                    every: .zero, by: secrets, at: noon.advanced(by: .seconds(number)))
            }
        }
        return try await database.reading { try AuditCheckpoints($0).after(0, limit: 100) }
    }

    @Test(arguments: Backend.available)
    func oneIsMadeWhenItIsTime(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            func make(_ seconds: Int) async throws -> Int64? {
                try await database.transaction { connection in
                    try AuditCheckpoints(connection).makeIfDue(
                        every: .seconds(60), by: Self.secrets, at: Self.noon.advanced(by: .seconds(seconds)))?
                        .checkpoint().number
                }
            }
            let numbers = [try await make(0), try await make(59), try await make(60), try await make(61)]
            #expect(numbers == [1, nil, 2, nil])
            let page = try await database.reading { try AuditCheckpoints($0).page(offset: 0, limit: 1) }
            #expect(page.total == 2)
            #expect(try page.rows.map { try $0.checkpoint().number } == [2])
        }
    }

    @Test(arguments: Backend.available)
    func theirChainAndSignaturesAreChecked(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let all = try await Self.make(4, in: database)
            let trusted = try Self.secrets.checkpointKeys().map(\.base64)
            let intact = try await LogVerification.verify(database, kept: all, trusted: trusted)
            #expect(intact.isIntact && intact.checkpoints == 4 && intact.notes.isEmpty, "\(intact)")
            let unsure = try await LogVerification.verify(database)
            #expect(unsure.isIntact && unsure.notes.count == 1)
            let stranger = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
            let others = try stranger.checkpointKeys().map(\.base64)
            let foreign = try await LogVerification.verify(database, trusted: others)
            #expect(foreign.faults.map(\.kind) == Array(repeating: .signature, count: 4))
            // One is gone; one is changed.
            let without = CheckpointCheck(stored: [all[0], all[2], all[3]], trusted: trusted)
            #expect(without.faults.first?.kind == .checkpoint && without.faults.first?.position == 2)
            let forged = SignedCheckpoint(
                document: all[1].document.replacing("\"number\":2", with: "\"number\":2 "), hash: all[1].hash,
                publicKey: all[1].publicKey, signature: all[1].signature)
            let changed = CheckpointCheck(stored: [all[0], forged, all[2]], trusted: trusted)
            #expect(changed.faults.map(\.kind).contains(.signature))
            // The newest are gone from the database, but not elsewhere.
            let cut = CheckpointCheck(stored: Array(all.prefix(2)), kept: all, trusted: trusted)
            #expect(cut.faults.map(\.position) == [3, 4])
        }
    }

    /// Whoever has the key of today vouches for what the key of yesterday has signed.
    @Test(arguments: Backend.available)
    func aRotationOfTheKeyBreaksNothing(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            let next = SecretBox(key: SymmetricKey(data: [UInt8](repeating: 9, count: 32)))
            _ = try await Self.make(2, in: database)
            _ = try await Self.make(2, in: database, by: next, after: 2)
            let trusted = try next.checkpointKeys().map(\.base64)
            #expect(try await LogVerification.verify(database, trusted: trusted).isIntact)
            let old = try Self.secrets.checkpointKeys().map(\.base64)
            let faults = try await LogVerification.verify(database, trusted: old).faults
            #expect(faults.map(\.position) == [3, 4] && faults.allSatisfy { $0.kind == .signature })
        }
    }

    @Test func aFileTakesWhatIsMissing() async throws {
        try await Backend.sqlite.withDatabase { database in
            let all = try await Self.make(5, in: database)
            let path = ExportImportTests.temporaryFile()
            let file = CheckpointFile(path: path)
            #expect(try file.lastNumber() == 0)
            try file.append(Array(all.prefix(2)))
            #expect(try file.lastNumber() == 2)
            // A process died while it wrote the third.
            let half = try JSON.encode(all[2]).prefix(50)
            var text = try String(contentsOfFile: path, encoding: .utf8)
            text += half
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try file.lastNumber() == 2)
            try file.append(Array(all.suffix(3)))
            #expect(try file.lastNumber() == 5)
            #expect(try file.read() == all)
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
