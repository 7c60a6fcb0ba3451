import Crypto
import Foundation

/// Brings a database to the newest schema. Migrations only go forward; each is one transaction. A checksum
/// of every file that has run is kept: a file that was edited afterwards is refused.
public struct Migrator: Sendable {
    struct Migration: Sendable {
        let name: String
        /// The one that it is for, which its name ends with; `nil` for all.
        let dialect: SQLDialect?
        let statements: [SQL]
        let checksum: String

        init(name: String, text: String) {
            self.name = name
            dialect = name.firstRange(of: ".").flatMap { SQLDialect(rawValue: String(name[$0.upperBound...])) }
            checksum = SHA256.hash(data: Data(text.utf8)).hexadecimal
            let code = text.split(separator: "\n").map { line in
                line.prefix(upTo: line.range(of: "--")?.lowerBound ?? line.endIndex)
            }
            statements = code.joined(separator: "\n").split(separator: ";")
                .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
                .filter { !$0.isEmpty }
                .map(SQL.init(stringLiteral:))
        }
    }

    let migrations: [Migration]

    /// The migrations that ship with this module, in order of their numbers.
    public static func bundled() throws -> Migrator {
        guard let folder = Bundle.module.resourceURL?.appending(path: "Migrations") else {
            throw StoreError(.invalid, "the migrations are missing beside the executable")
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        return Migrator(
            migrations: try files.filter { $0.hasSuffix(".sql") }.map { file in
                let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
                return Migration(name: String(file.dropLast(4)), text: text)
            })
    }

    /// Runs what has not run yet; safe to call from several processes at once.
    /// - Returns: The names of the migrations that ran now.
    @discardableResult
    public func run(on database: any SQLDatabase) async throws -> [String] {
        try await makeTable(in: database)
        var ran: [String] = []
        let dialect = try await database.reading { $0.dialect }
        for migration in migrations(for: dialect) where try await run(migration, on: database) {
            ran.append(migration.name)
        }
        return ran
    }

    private func migrations(for dialect: SQLDialect) -> [Migration] {
        migrations.filter { $0.dialect == nil || $0.dialect == dialect }
    }

    /// On PostgreSQL, of those who make a table that is not there at the same time, one fails with a broken unique
    /// index of the catalogue, whatever `IF NOT EXISTS` says: the table is there then, or soon.
    private func makeTable(in database: any SQLDatabase) async throws {
        for attempt in 1... {
            do {
                return try await database.retrying { connection in
                    _ = try connection.execute(
                        "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, checksum TEXT NOT NULL)")
                }
            } catch  where attempt < Self.tableAttempts {
                try await Task.sleep(for: .milliseconds(20 * attempt))
            }
        }
    }

    private static let tableAttempts = 8

    /// The migrations that have not run on the database yet.
    public func pending(on database: any SQLDatabase) async throws -> [String] {
        let (done, dialect) = try await database.reading { connection -> (Set<String>, SQLDialect) in
            do {
                let rows = try connection.execute("SELECT name FROM schema_migrations")
                return (Set(rows.map { $0.text(0) }), connection.dialect)
            } catch let error as StoreError where error.code == .invalid {
                return ([], connection.dialect)  // not even the table is there
            }
        }
        return migrations(for: dialect).map(\.name).filter { !done.contains($0) }
    }

    private func run(_ migration: Migration, on database: any SQLDatabase) async throws -> Bool {
        try await database.retrying { connection in
            // The insert comes first: whoever comes second waits for it, and then finds the row.
            let inserted = try connection.execute(
                """
                INSERT INTO schema_migrations (name, checksum) VALUES (\(migration.name), \(migration.checksum))
                ON CONFLICT (name) DO NOTHING RETURNING name
                """)
            guard inserted.isEmpty else {
                for statement in migration.statements { try connection.execute(statement) }
                return true
            }
            let checksum = try connection.execute(
                "SELECT checksum FROM schema_migrations WHERE name = \(migration.name)")[0].text(0)
            guard checksum == migration.checksum else {
                throw StoreError(.invalid, "migration \(migration.name) has changed since it was run")
            }
            return false
        }
    }
}
