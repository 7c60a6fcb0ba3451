import Foundation
import Logging
import Persistence

/// Brings the events of one log partition out to a topic, in order, at least once: its checkpoint is saved after
/// the publish, or with it.
public struct LogRelay: Sendable {
    let partition: LogPartition
    let topic: Topic
    let bus: any MessageBus
    let database: any SQLDatabase
    let signal: Signal
    let logger: Logger
    let message: @Sendable (RecordedEvent) throws -> OutgoingMessage?

    /// Names the event's position in its log partition.
    static let positionHeader = "position"

    private static let batchLimit = 500
    private static let rewindLimit = 20_000

    /// - Parameters:
    ///   - signal: Given by whoever has appended to the partition.
    ///   - message: What becomes of an event; `nil` for one that is not to leave the log.
    public init(
        _ partition: LogPartition, to topic: Topic, bus: any MessageBus, database: any SQLDatabase, signal: Signal,
        logger: Logger, message: @escaping @Sendable (RecordedEvent) throws -> OutgoingMessage?
    ) {
        self.partition = partition
        self.topic = topic
        self.bus = bus
        self.database = database
        self.signal = signal
        self.logger = logger
        self.message = message
    }

    /// Runs until the task is cancelled.
    public func run() async {
        await retryingForever(logger: logger, what: "relay of \(partition)") { try await rewindWhereInDoubt() }
        var known: Position?
        while !Task.isCancelled {
            let batch = await retryingForever(logger: logger, what: "relay of \(partition)") { [known] tries in
                try await relayBatch(after: tries == 0 ? known : nil)
            }
            guard let batch else { return }
            // Read again when there was nothing to do: somebody may have moved it back.
            known = batch.count == 0 ? nil : batch.last
            if batch.count < Self.batchLimit { await signal.wait(upTo: DueWorkLoop.pollInterval) }
        }
    }

    /// Events that carry their place in the log are missed by their readers; others have to be published again.
    private func rewindWhereInDoubt() async throws {
        guard topic.logCategory == nil, let since = try await bus.doubtfulSince() else { return }
        try await database.transaction { [self] connection in
            let first = try EventLog(connection).position(of: partition, recordedSince: since, limit: Self.rewindLimit)
            let checkpoint = checkpoint(in: connection)
            if first - 1 < (try checkpoint.next()) { try checkpoint.put(next: first - 1) }
        }
    }

    /// - Parameter known: The checkpoint, when it is known: it is read otherwise.
    /// - Returns: The checkpoint afterwards, and how many events there were.
    private func relayBatch(after known: Position?) async throws -> (last: Position, count: Int) {
        let (next, events) = try await database.reading { [self] connection in
            let next = try known ?? checkpoint(in: connection).next()
            return (next, try EventLog(connection).read(partition, after: next, limit: Self.batchLimit))
        }
        guard let last = events.last else { return (next, 0) }
        try await bus.publish(try events.compactMap(placed), to: topic, in: database) { [self] connection in
            try checkpoint(in: connection).save(next: last.position, expecting: next)
        }
        return (last.position, events.count)
    }

    /// The message for an event, which says where in the log the event is.
    private func placed(_ event: RecordedEvent) throws -> OutgoingMessage? {
        try message(event)?.with(Self.positionHeader, String(event.position))
    }

    /// The "next offset" of a relay is the position of the last event that it has published.
    private func checkpoint(in connection: any SQLConnection) -> Checkpoint {
        Checkpoint(group: "relay-\(topic.name)", partition: partition.description, in: connection)
    }
}
