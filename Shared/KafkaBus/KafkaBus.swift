import CLibRDKafka
import Foundation
import Logging
import Messaging

/// The transport on a Kafka cluster, or whatever speaks Kafka's protocol.
///
/// Order per key holds among the messages that one caller publishes one call after the other, and across
/// the producer's own retries. A message may be there twice when a publish that threw is repeated.
public final class KafkaBus: MessageBus, @unchecked Sendable {  // All mutable state is under `lock`.
    static let closeTimeout: Duration = .seconds(10)
    static let publishBatchMax = 10_000
    static let publishBatchBytesMax = 16_777_216

    public let partitions: Partitions
    /// New partitions are seen when a member looks at the topics again, and are given out by a rebalance.
    public let settlingTime = Duration.seconds(30)

    private let settings: KafkaSettings
    private let logger: Logger
    private let lock = NSLock()
    private var currentProducer: KafkaProducer
    private var isClosed = false
    private let interrupted = InterruptionCount()

    public var interruptions: Int { interrupted.count }

    /// Connects in the background: a cluster that is down is no reason to fail here.
    /// - Throws: ``KafkaError/Code-swift.enum/misconfigured`` with all that is wrong with the settings.
    /// - Parameter partitions: As many as the settings say, for ever, unless they are given.
    public init(settings: KafkaSettings, partitions: Partitions? = nil, logger: Logger) throws {
        guard settings.problems.isEmpty else {
            throw KafkaError(.misconfigured, settings.problems.joined(separator: "; "))
        }
        self.settings = settings
        self.partitions = partitions ?? Partitions(settings.partitionCount)
        self.logger = logger
        currentProducer = try KafkaProducer(
            settings: settings, logger: logger, onInterruption: { [interrupted] in interrupted.add() })
    }

    /// Creates the topics of the product where they are missing, and waits until they can be written.
    /// Topics that exist are left as they are; more partitions than we use are no harm.
    /// - Throws: ``KafkaError/Code-swift.enum/misconfigured`` when one has fewer partitions than there should be.
    public func createTopics() async throws { try await createTopics(Topic.all) }

    /// The same for one that is not of the product.
    public func createTopic(_ topic: Topic) async throws { try await createTopics([topic]) }

    func createTopics(_ topics: [Topic]) async throws {
        let producer = try producer()
        let settings = settings
        let count = try await partitions.schedule().count
        try await blocking {
            try producer.withHandle { handle in
                guard let existing = try handle.describeTopics(.all, within: .seconds(10)) else {
                    throw unreachable(settings, within: .seconds(10))
                }
                for topic in topics.map({ settings.name(of: $0.name) }) {
                    if !existing.contains(where: { $0.name == topic }) {
                        try handle.createTopic(
                            topic, partitions: count, replicas: settings.replicationFactor, within: .seconds(10))
                    }
                    try handle.awaitTopic(topic, .all, partitions: count, within: .seconds(10))
                }
            }
        }
    }

    /// Returns once the cluster has them, each with a leader.
    /// - Throws: ``KafkaError``; some topics can have more partitions then, which is no harm.
    public func addPartitions(upTo count: Int) async throws { try await addPartitions(upTo: count, to: Topic.all) }

    func addPartitions(upTo count: Int, to topics: [Topic]) async throws {
        let producer = try producer()
        let settings = settings
        try await blocking {
            try producer.withHandle { handle in
                guard let existing = try handle.describeTopics(.all, within: .seconds(10)) else {
                    throw unreachable(settings, within: .seconds(10))
                }
                for name in topics.map({ settings.name(of: $0.name) }) {
                    guard let topic = existing.first(where: { $0.name == name }) else {
                        throw KafkaError(.misconfigured, "there is no topic \(name)")
                    }
                    if topic.partitionCount < count {
                        try handle.createPartitions(name, upTo: count, within: .seconds(10))
                    }
                    try handle.awaitTopic(name, .all, partitions: count, within: .seconds(10))
                }
            }
        }
    }

    /// - Throws: ``KafkaError``; nothing has been published if its code is `messageTooLarge` and there is only
    ///   one message. Within ``KafkaSettings/publishTimeout`` and the wait for those before it.
    public func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        let name = settings.name(of: topic.name)
        let schedule = try await partitions.schedule(for: messages, on: topic)
        var rest = messages[...]
        while !rest.isEmpty {
            try Task.checkCancellation()
            let batch = rest.prefix(Self.batchCount(of: rest))
            try await producer().publish(
                batch, to: name, placed: KafkaPlacement(count: schedule.count) { schedule.partition(of: $0, on: topic) }
            )
            rest = rest.dropFirst(batch.count)
        }
    }

    public func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        if lock.withLock({ isClosed }) { throw KafkaError(.closed, "the bus is closed") }
        var logger = logger
        logger[metadataKey: "group"] = "\(settings.name(of: group.name))"
        let names = topics.map { (settings.name(of: $0.name), $0) }
        let membership = try GroupMembership(
            settings: settings, group: group, topics: Dictionary(uniqueKeysWithValues: names), logger: logger)
        return KafkaSubscription(membership: membership, logger: logger)
    }

    public func checkReadiness() async throws {
        let producer = try producer()
        let settings = settings
        try await blocking {
            try producer.withHandle { handle in
                guard try handle.describeTopics(.known, within: .seconds(2)) != nil else {
                    throw unreachable(settings, within: .seconds(2))
                }
            }
        }
    }

    public func close() async {
        let producer = lock.withLock {
            isClosed = true
            return currentProducer
        }
        await producer.close(sendingWithin: Self.closeTimeout)
    }

    /// How many of the first messages go in one batch: at least one.
    private static func batchCount(of messages: ArraySlice<OutgoingMessage>) -> Int {
        var bytes = 0
        for (count, message) in messages.prefix(publishBatchMax).enumerated() {
            bytes += message.byteCount
            if bytes > publishBatchBytesMax, count > 0 { return count }
        }
        return min(messages.count, publishBatchMax)
    }

    /// The producer, made anew if the last one broke.
    func producer() throws -> KafkaProducer {
        try lock.withLock {
            guard !isClosed else { throw KafkaError(.closed, "the bus is closed") }
            guard currentProducer.isBroken else { return currentProducer }
            let broken = currentProducer
            currentProducer = try KafkaProducer(
                settings: settings, logger: logger, onInterruption: { [interrupted] in interrupted.add() })
            logger.warning(
                "the producer was replaced", metadata: ["reason": "\(broken.failure.map { "\($0)" } ?? "")"])
            DispatchQueue.global().async { broken.abandon() }
            return currentProducer
        }
    }
}

private func unreachable(_ settings: KafkaSettings, within timeout: Duration) -> KafkaError {
    let brokers = settings.brokers.joined(separator: ", ")
    return KafkaError(.unavailable, "no Kafka broker of \(brokers) has answered within \(timeout)")
}

/// How often all brokers went away after they had answered.
private final class InterruptionCount: @unchecked Sendable {  // All mutable state is under `lock`.
    private let lock = NSLock()
    private var value = 0

    var count: Int { lock.withLock { value } }

    func add() { lock.withLock { value += 1 } }
}
