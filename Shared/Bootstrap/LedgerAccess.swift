import Foundation
import Logging
import Persistence
import PostgresDatabase
import SQLiteDatabase
import ServiceSettings

/// The database of a system, for whoever looks after its record: without a bus, and beside the services.
public struct LedgerAccess: Sendable {
    public let database: any SQLDatabase
    /// `nil` where no secret key is at hand.
    public let secrets: SecretBox?

    /// Opens what is there.
    /// - Parameters:
    ///   - data: A directory of the all-in-one server; `nil` for the settings'.
    ///   - databaseURL: PostgreSQL; `nil` for the settings'.
    ///   - isNew: Whether the system is to be made: directory and schema.
    /// - Throws: `SettingsError` when there is none, or when it has no log.
    public static func open(data: String?, databaseURL: String?, isNew: Bool = false) async throws -> LedgerAccess {
        let reader = try await SettingsReader(arguments: [], environment: ProcessInfo.processInfo.environment)
        let key = ProcessSettings.key(reader)
        let data = data ?? (databaseURL == nil ? reader.text(.data) : nil)
        let url = data == nil ? databaseURL ?? reader.text(.databaseURL) : nil
        let access: LedgerAccess
        if let data {
            access = try embedded(data, key: key, isNew: isNew)
        } else if let url {
            guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
                throw SettingsError(problems: ["--database has to begin with postgresql://"])
            }
            try reader.finish()
            access = LedgerAccess(PostgresDatabase(url: url, connections: 6, timeout: 600), secrets: key)
        } else {
            throw SettingsError(problems: ["Which system? Add --data DIR or --database postgresql://…"])
        }
        do {
            if isNew { try await Migrator.bundled().run(on: access.database) }
            try await access.requireLog()
        } catch {
            await access.close()
            throw error
        }
        return access
    }

    private static func embedded(_ path: String, key: SecretBox?, isNew: Bool) throws -> LedgerAccess {
        let folder = URL(filePath: path, directoryHint: .isDirectory)
        let file = folder.appending(path: "tocsin.db").path()
        if isNew {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } else if !FileManager.default.fileExists(atPath: file) {
            throw SettingsError(problems: ["There is no database \(file)."])
        }
        let hasKey = FileManager.default.fileExists(atPath: folder.appending(path: "secret.key").path())
        return LedgerAccess(
            try SQLiteDatabase(path: file, readers: 4),
            secrets: try key ?? (hasKey ? Platform.keptKey(in: folder) : nil))
    }

    /// With the secret key, what is personal in the log can be read, which what is made from it needs.
    private init(_ database: any SQLDatabase, secrets: SecretBox?) {
        self.database =
            secrets.map { SealingDatabase(database, vault: PersonVault(secrets: $0, now: Platform.now)) } ?? database
        self.secrets = secrets
    }

    /// - Throws: When what is personal in the log could not be read, and would go into other tables as it is sealed.
    public func requireSecrets() throws {
        guard secrets == nil else { return }
        throw SettingsError(
            problems: ["The secret key is needed. Put it into secret.key of the directory, or set TOCSIN_SECRET_KEY."])
    }

    private func requireLog() async throws {
        do {
            _ = try await database.reading { try $0.execute("SELECT 1 FROM log_partitions LIMIT 1") }
        } catch let error as StoreError where error.code == .invalid {
            throw SettingsError(problems: ["There is no log in this database: \(error.detail)"])
        }
    }

    public func close() async { await database.close() }

    /// The public keys that sign checkpoints, in base64; none without a secret key.
    public func checkpointKeys() throws -> [String] { try secrets?.checkpointKeys().map(\.base64) ?? [] }
}
