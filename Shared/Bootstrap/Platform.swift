import AlertCore
import Crypto
import Foundation
import KafkaBus
import Logging
import Messaging
import Persistence
import PostgresDatabase
import SQLiteDatabase
import ServiceSettings

/// What services stand on: a database, a bus, the directory, the key. Production and the all-in-one server differ
/// in how this is made, and in nothing else.
public struct Platform: Sendable {
    public let database: any SQLDatabase
    /// The same, with more time for a statement: for what goes through a month of the log.
    public let patientDatabase: any SQLDatabase
    public let bus: any MessageBus
    public let directory: DirectoryCache
    public let secrets: SecretBox
    private let logger: Logger
    /// Of the settings: the first number of partitions.
    private let firstPartitionCount: Int
    private let createTopics: @Sendable () async throws -> Void

    init(
        database: any SQLDatabase, patientDatabase: (any SQLDatabase)? = nil, bus: any MessageBus, secrets: SecretBox,
        firstPartitionCount: Int, logger: Logger,
        createTopics: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.database = database
        self.patientDatabase = patientDatabase ?? database
        self.bus = bus
        directory = DirectoryCache(database: database)
        self.secrets = secrets
        self.firstPartitionCount = firstPartitionCount
        self.logger = logger
        self.createTopics = createTopics
    }

    /// Keeps how many partitions there are, at the first start, and makes the topics on the brokers, if there are any.
    public func prepareBus() async throws {
        try await database.retrying { [firstPartitionCount] connection in
            try PartitionSchedules(connection).begin(with: firstPartitionCount, at: Self.now())
        }
        try await bus.partitions.refresh()
        try await createTopics()
    }

    /// Says when the settings name a number of partitions that there has never been: they are for the first start only.
    public func checkPartitions() async throws {
        let schedule = try await bus.partitions.refresh()
        guard !schedule.counts.contains(firstPartitionCount) else { return }
        logger.warning(
            "TOCSIN_PARTITIONS is for the first start only: raise the number with tocsin partitions raise",
            metadata: ["setting": "\(firstPartitionCount)", "partitions": "\(schedule.count)"])
    }

    /// Seconds that a statement of ``patientDatabase`` may take.
    private static let patience = 3600

    /// Real time.
    public static let now: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// Opens what the settings say.
    public static func open(_ settings: ProcessSettings, logger: Logger) throws -> Platform {
        switch settings.mode {
        case .embedded(let directory, let key, let partitions):
            return try embedded(directory, key: key, partitionCount: partitions, logger: logger)
        case .production(let url, let connections, let timeout, let key, let kafka, let spool):
            let vault = PersonVault(secrets: key, now: now)
            let database = SealingDatabase(
                PostgresDatabase(url: url, connections: connections, timeout: timeout), vault: vault)
            let patientDatabase = SealingDatabase(
                PostgresDatabase(url: url, connections: 2, timeout: patience), vault: vault)
            let partitions = Partitions(in: database, now: now, logger: logger)
            let broker = try KafkaBus(settings: kafka, partitions: partitions, logger: logger)
            let bus = SpoolingBus(broker, database: database, settings: spool, now: now, logger: logger)
            return Platform(
                database: database, patientDatabase: patientDatabase, bus: bus, secrets: key,
                firstPartitionCount: kafka.partitionCount, logger: logger
            ) { try await broker.createTopics() }
        }
    }

    /// The directory is made if it is not there.
    private static func embedded(
        _ path: String, key: SecretBox?, partitionCount: Int, logger: Logger
    ) throws -> Platform {
        let folder = URL(filePath: path, directoryHint: .isDirectory)
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let secrets = try key ?? keptKey(in: folder)
            let database = SealingDatabase(
                try SQLiteDatabase(path: folder.appending(path: "tocsin.db").path()),
                vault: PersonVault(secrets: secrets, now: now))
            let partitions = Partitions(in: database, now: now, logger: logger)
            return Platform(
                database: database, bus: EmbeddedBus(database: database, partitions: partitions), secrets: secrets,
                firstPartitionCount: partitionCount, logger: logger)
        } catch let error as CocoaError {
            throw SettingsError(
                problems: ["\(Setting.data.flag): \(path) cannot be used: \(error.localizedDescription)"])
        } catch let error as StoreError {
            throw SettingsError(problems: ["\(Setting.data.flag): \(error.detail)"])
        }
    }

    /// Lets go of everything, the database last.
    public func close() async {
        await bus.close()
        await patientDatabase.close()
        await database.close()
    }

    /// The key beside the database, made at the first start.
    static func keptKey(in folder: URL) throws -> SecretBox {
        let file = folder.appending(path: "secret.key")
        if !FileManager.default.fileExists(atPath: file.path()) {
            let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0).base64EncodedData() }
            guard
                FileManager.default.createFile(
                    atPath: file.path(), contents: key, attributes: [.posixPermissions: 0o600])
            else { throw SettingsError(problems: ["\(file.path()) cannot be written"]) }
        }
        do {
            return SecretBox(keyring: try Keyring(file: file))
        } catch {
            throw SettingsError(problems: ["\(file.path()) holds no key: \(error)"])
        }
    }
}
