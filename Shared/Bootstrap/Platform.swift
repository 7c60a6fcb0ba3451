import AlertCore
import Crypto
import Foundation
import KafkaBus
import Logging
import Messaging
import OutboundHTTP
import Persistence
import PostgresDatabase
import SQLiteDatabase
import ServiceSettings

/// What services stand on: a database, a bus, the directory, the key. Production and the all-in-one server differ
/// in how this is made, and in nothing else.
public struct Platform: Sendable {
    public let database: any SQLDatabase
    public let bus: any MessageBus
    public let directory: DirectoryCache
    public let secrets: SecretBox
    /// Makes what the bus needs on its brokers, if it has any.
    public let prepareBus: @Sendable () async throws -> Void

    init(
        database: any SQLDatabase, bus: any MessageBus, secrets: SecretBox,
        prepareBus: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.database = database
        self.bus = bus
        directory = DirectoryCache(database: database)
        self.secrets = secrets
        self.prepareBus = prepareBus
    }

    /// Real time.
    public static let now: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// PostgreSQL and Kafka, as the settings say.
    public static func production(_ settings: SettingsReader, logger: Logger) throws -> Platform {
        let url = settings.required(.databaseURL)
        let connections = settings.number(.databaseConnections, in: 2...100)
        let secrets = settings.parsed(.secretKey) { try SecretBox(base64Key: $0) }
        if secrets == nil, settings.text(.secretKey) == nil { _ = settings.required(.secretKey) }
        let kafka = kafkaSettings(settings)
        try settings.finish()
        guard let secrets else { throw SettingsError(problems: ["the secret key is missing"]) }
        let database = PostgresDatabase(url: url, connections: connections)
        let bus = try KafkaBus(settings: kafka, logger: logger)
        return Platform(database: database, bus: bus, secrets: secrets) { try await bus.createTopics() }
    }

    /// One SQLite file and the embedded bus in a directory, which is made if it is not there.
    public static func embedded(_ settings: SettingsReader, directory path: String) throws -> Platform {
        let partitions = settings.number(.partitions, in: 1...256, default: 4)
        let given = settings.parsed(.secretKey) { try SecretBox(base64Key: $0) }
        try settings.finish()
        let folder = URL(filePath: path, directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let secrets = try given ?? keptKey(in: folder)
            let database = try SQLiteDatabase(path: folder.appending(path: "tocsin.db").path())
            return Platform(
                database: database, bus: EmbeddedBus(database: database, partitionCount: partitions), secrets: secrets)
        } catch let error as CocoaError {
            throw SettingsError(problems: [
                "\(Setting.data.flag): \(path) cannot be used: \(error.localizedDescription)"
            ])
        } catch let error as StoreError {
            throw SettingsError(problems: ["\(Setting.data.flag): \(error.detail)"])
        }
    }

    /// Lets go of everything, the database last.
    public func close() async {
        await bus.close()
        await database.close()
    }

    /// The key beside the database, made at the first start.
    private static func keptKey(in folder: URL) throws -> SecretBox {
        let file = folder.appending(path: "secret.key")
        if !FileManager.default.fileExists(atPath: file.path()) {
            let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedData() }
            guard
                FileManager.default.createFile(
                    atPath: file.path(), contents: key, attributes: [.posixPermissions: 0o600])
            else { throw SettingsError(problems: ["\(file.path()) cannot be written"]) }
        }
        let text = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        do {
            return try SecretBox(base64Key: text)
        } catch {
            throw SettingsError(problems: ["\(file.path()) holds no key: \(error)"])
        }
    }

    private static func kafkaSettings(_ settings: SettingsReader) -> KafkaSettings {
        let brokers = settings.required(.kafkaBrokers).split(separator: ",").map(String.init)
        var kafka = KafkaSettings(
            brokers: brokers, partitionCount: settings.number(.partitions, in: 1...256, default: 8),
            replicationFactor: settings.number(.kafkaReplication, in: 1...10))
        kafka.instanceID = settings.text(.instanceID)
        kafka.sessionTimeout = .seconds(settings.number(.kafkaSessionTimeout, in: 6...45))
        for pair in settings.text(.kafkaOptions)?.split(separator: ",") ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 {
                kafka.extraProperties[parts[0]] = parts[1]
            } else {
                settings.refuse(.kafkaOptions, "has to be name=value,name=value; it has \(pair)")
            }
        }
        if !brokers.isEmpty { kafka.problems.forEach { settings.refuse(.kafkaBrokers, $0) } }
        return kafka
    }
}
