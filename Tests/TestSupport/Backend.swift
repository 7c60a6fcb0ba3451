import AlertCore
import Crypto
import Foundation
import Persistence
import PostgresDatabase
import SQLiteDatabase

/// The databases that the conformance suites run on. PostgreSQL joins when it is offered.
public enum Backend: String, CaseIterable, Sendable {
    case sqlite, postgres

    static let postgresURL = ProcessInfo.processInfo.environment["TEST_POSTGRES_URL"]

    public static var available: [Backend] { postgresURL == nil ? [.sqlite] : allCases }

    /// A migrated database of the test's own, empty; as in the product, what is personal in its log is sealed.
    public func makeDatabase() async throws -> any SQLDatabase {
        let database = try await makeEmptyDatabase().sealing()
        try await Migrator.bundled().run(on: database)
        return database
    }

    /// A migrated database of the test's own, closed when the test is done with it.
    public func withDatabase(_ test: (any SQLDatabase) async throws -> Void) async throws {
        let database = try await makeDatabase()
        do {
            try await test(database)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    /// A database of the test's own without a schema.
    public func makeEmptyDatabase() async throws -> any SQLDatabase {
        guard self == .postgres, let url = Self.postgresURL else {
            return try SQLiteDatabase(path: FileManager.default.temporaryFile)
        }
        let schema = "test_\(UInt64.random(in: 0 ... .max))"
        let admin = PostgresDatabase(url: url, connections: 1)
        try await admin.transaction { connection in
            _ = try connection.execute(SQL(stringLiteral: "CREATE SCHEMA \(schema)"))
        }
        await admin.close()
        let separator = url.contains("?") ? "&" : "?"
        return PostgresDatabase(url: "\(url)\(separator)options=-csearch_path%3D\(schema)", connections: 4)
    }
}

extension SQLDatabase {
    /// The same database, with a vault.
    /// - Parameter now: By which keys are forgotten.
    public func sealing(
        with secrets: SecretBox = SecretBox(key: .init(data: [UInt8](repeating: 5, count: 32))),
        now: @escaping Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    ) -> SealingDatabase {
        SealingDatabase(self, vault: PersonVault(secrets: secrets, now: now))
    }
}

extension FileManager {
    /// The path of a file that is not there yet.
    var temporaryFile: String {
        temporaryDirectory.appending(path: "tocsin-test-\(UInt64.random(in: 0 ... .max)).db").path()
    }
}
