import Foundation
import KafkaBus
import Logging
import Messaging
import Persistence
import ServiceSettings

/// Copies the log to a topic: every event at least once, in the order of its partition, each with the same key and
/// headers whenever it comes again.
///
/// The key is the log partition, as in `alert/3`, so that its events stay in their order; the header `id` is
/// `alert/3:120`, by which a repetition is known. The headers `partition`, `position` and `hash` and the body say the
/// same as a line of an export file. How far it is stands in `checkpoints`, so that it goes on where it was.
public struct LedgerTopic: Sendable {
    private static let batch = 1_000

    private let database: any SQLDatabase
    private let bus: any MessageBus
    private let topic: Topic
    private let prepare: @Sendable () async throws -> Void

    /// - Parameter topic: Its name, without the prefix of the settings.
    /// - Throws: `SettingsError` when the settings name no brokers.
    public init(_ database: any SQLDatabase, topic: String, logger: Logger) async throws {
        let reader = try await SettingsReader(arguments: [], environment: ProcessInfo.processInfo.environment)
        var settings = ProcessSettings.kafka(reader)
        settings.publishTimeout = .seconds(30)
        try reader.finish()
        let bus = try KafkaBus(settings: settings, logger: logger)
        self.init(database, topic: topic, bus: bus) { try await bus.createTopic(Topic(topic)) }
    }

    /// - Parameter prepare: Makes the topic when it is not there.
    init(
        _ database: any SQLDatabase, topic: String, bus: any MessageBus,
        prepare: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.database = database
        self.topic = Topic(topic)
        self.bus = bus
        self.prepare = prepare
    }

    /// Publishes what is there, and then what comes until it is told to stop.
    /// - Returns: How many events were published.
    public func run(
        progress: (_ more: Int) -> Void = { _ in }, until stop: () -> Bool
    ) async throws -> Int64 {
        try await prepare()
        var count: Int64 = 0
        while true {
            let partitions = try await database.reading { try StoredLog($0).partitions() }
            for partition in partitions {
                while case let more = try await publish(partition), more > 0 {
                    count += Int64(more)
                    progress(more)
                }
            }
            if stop() { return count }
            try await Task.sleep(for: .seconds(1))
        }
    }

    public func close() async { await bus.close() }

    private func publish(_ partition: String) async throws -> Int {
        let group = "ledger-export/\(topic.name)"
        let (last, rows) = try await database.reading { connection in
            let last = try Checkpoint(group: group, partition: partition, in: connection).next()
            return (last, try StoredLog(connection).read(partition, after: last, limit: Self.batch))
        }
        guard let end = rows.last else { return 0 }
        let messages = try rows.map { row in
            OutgoingMessage(
                key: row.partition, body: try JSON.encode(row),
                headers: [
                    "id": "\(row.partition):\(row.position)", "partition": row.partition,
                    "position": String(row.position), "hash": row.hash,
                ])
        }
        try await bus.publish(messages, to: topic)
        try await database.retrying { connection in
            try Checkpoint(group: group, partition: partition, in: connection)
                .save(next: end.position, expecting: last)
        }
        return rows.count
    }
}
