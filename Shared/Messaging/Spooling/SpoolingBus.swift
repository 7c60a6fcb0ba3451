import AlertCore
import Foundation
import Logging
import Metrics
import Persistence

public struct SpoolSettings: Sendable {
    /// What the spool may hold. Inbound requests are refused beyond it; the system's own messages have twice as much.
    public var limits: Spool.Limits
    /// After how long without an answer of the broker to any process consumers are served from the database: longer
    /// than a member of a group keeps its partitions without a broker.
    public var patience: Duration
    /// How often each process looks after the broker and the spool.
    public var pulse: Duration
    /// How long a partition that is served from the database stays a dead process's.
    public var lease: Duration

    public init(
        limits: Spool.Limits = Spool.Limits(messages: 1_000_000, bytes: 2_000_000_000),
        patience: Duration = .seconds(15), pulse: Duration = .seconds(1), lease: Duration = .seconds(10)
    ) {
        self.limits = limits
        self.patience = patience
        self.pulse = pulse
        self.lease = lease
    }

    func limits(for topic: Topic) -> Spool.Limits {
        topic == .inboundRequests
            ? limits : Spool.Limits(messages: limits.messages * 2, bytes: limits.bytes * 2)
    }
}

/// A transport whose broker can be away: what it cannot take is kept in the database, and taken from there.
///
/// A partition's messages go through the spool for as long as it holds any of them, so that none overtakes another.
/// When the broker answers, they follow to it. When it answers nobody for ``SpoolSettings/patience``, the consumers
/// have the partitions by leases and take their messages from the spool; those of a topic that repeats the event log
/// take them from the log. A message whose publish was in doubt can be there twice.
public final class SpoolingBus: MessageBus {
    public var partitions: Partitions { primary.partitions }

    public var settlingTime: Duration { primary.settlingTime }

    private let primary: any MessageBus
    private let parts: SpoolParts
    private let writer: SpoolWriter
    private let recent = RecentMessages()
    private let again: SpoolAgain
    private let tasks: [Task<Void, Never>]
    private let now: Clock

    public init(
        _ primary: any MessageBus, database: any SQLDatabase, settings: SpoolSettings = SpoolSettings(),
        now: @escaping Clock, logger: Logger
    ) {
        self.primary = primary
        self.now = now
        let watch = BrokerWatch(primary, database: database, settings: settings, now: now, logger: logger)
        parts = SpoolParts(
            database: database, watch: watch, settings: settings, owner: UUID().uuidString.lowercased(), now: now,
            logger: logger)
        writer = SpoolWriter(database: database, now: now)
        let drain = SpoolDrain(bus: primary, recent: recent, parts: parts)
        again = SpoolAgain(bus: primary, recent: recent, parts: parts)
        tasks = [Task { await watch.run() }, Task { await drain.run() }, Task { [again] in await again.run() }]
    }

    deinit { tasks.forEach { $0.cancel() } }

    /// Returns once the broker, or else the database, has all of the messages.
    /// - Throws: ``SpoolFull``; what the database says; what the broker says when it is not for being away.
    public func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        guard !messages.isEmpty else { return }
        if topic.logCategory != nil { return try await publishFromLog(messages, to: topic) }
        if again.isDue { try await again.settle() }
        if parts.watch.isClear {
            if try await publishDirectly(messages, to: topic) { return }
            return try await spool(messages, of: topic)
        }
        let mayPublish = parts.watch.mayPublish
        let schedule = try await partitions.schedule(for: messages, on: topic)
        var direct: [OutgoingMessage] = []
        var waiting: [OutgoingMessage] = []
        for message in messages {
            if mayPublish, !parts.watch.isOccupied(name(of: message, topic, schedule)) {
                direct.append(message)
            } else {
                waiting.append(message)
            }
        }
        if !direct.isEmpty, try await !publishDirectly(direct, to: topic) { try await spool(direct, of: topic) }
        guard !waiting.isEmpty else { return }
        try await spool(waiting, of: topic, onlyBehindOthers: mayPublish)
    }

    public func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        SpoolSubscription(
            try await primary.subscribe(to: topics, as: group), to: topics, as: group, partitions: partitions,
            parts: parts, again: again)
    }

    public func doubtfulSince() async throws -> Timestamp? { try await parts.doubtfulSince() }

    public func addPartitions(upTo count: Int) async throws { try await primary.addPartitions(upTo: count) }

    /// A broker that is away is no reason: see ``degradation``.
    public func checkReadiness() async throws {}

    public var degradation: String? { parts.watch.degradation }

    public func close() async {
        tasks.forEach { $0.cancel() }
        for task in tasks { await task.value }
        await primary.close()
    }

    // MARK: - Ways

    /// - Returns: `false` when the broker is away, or was meanwhile.
    private func publishDirectly(_ messages: [OutgoingMessage], to topic: Topic) async throws -> Bool {
        let schedule = try await partitions.schedule(for: messages, on: topic)
        do {
            let interruptions = primary.interruptions
            try await primary.publish(messages, to: topic)
            parts.watch.published()
            recent.add(messages, to: topic) { name(of: $0, topic, schedule) }
            return primary.interruptions == interruptions
        } catch let error as any OutageError where error.isOutage {
            parts.watch.publishFailed(error)
            return false
        }
    }

    /// What is in the log is durable without us: it waits there, and its readers find it there meanwhile.
    private func publishFromLog(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        while !parts.watch.mayPublish { try await Task.sleep(for: parts.settings.pulse / 2) }
        do {
            try await primary.publish(messages, to: topic)
            parts.watch.published()
        } catch {
            if let outage = error as? any OutageError, outage.isOutage { parts.watch.publishFailed(error) }
            throw error
        }
    }

    /// - Parameter onlyBehindOthers: What finds its partition empty goes to the broker.
    private func spool(_ messages: [OutgoingMessage], of topic: Topic, onlyBehindOthers: Bool = false) async throws {
        if again.isDue { try await again.settle() }
        let limits = parts.settings.limits(for: topic)
        let schedule = try await partitions.schedule(for: messages, on: topic)
        for (partition, messages) in grouped(messages, of: topic, schedule) {
            let additions = parts.watch.additions
            let isSpooled = try await writer.append(
                messages.map(\.entry), to: partition, limits: limits, onlyBehindOthers: onlyBehindOthers)
            if isSpooled {
                parts.watch.spooled(partition, count: messages.count)
                Counter(label: "tocsin_spooled_messages_total", dimensions: [("topic", topic.name)])
                    .increment(by: messages.count)
            } else {
                parts.watch.foundEmpty(partition, after: additions)
                if try await !publishDirectly(messages, to: topic) { try await spool(messages, of: topic) }
            }
        }
    }

    private func name(of message: OutgoingMessage, _ topic: Topic, _ schedule: PartitionSchedule) -> String {
        "\(topic.name)/\(schedule.partition(of: message, on: topic))"
    }

    private func grouped(
        _ messages: [OutgoingMessage], of topic: Topic, _ schedule: PartitionSchedule
    ) -> [(String, [OutgoingMessage])] {
        Dictionary(grouping: messages) { name(of: $0, topic, schedule) }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }
}

/// What the parts of a spooling bus have in common.
struct SpoolParts: Sendable {
    let database: any SQLDatabase
    let watch: BrokerWatch
    let settings: SpoolSettings
    /// This process.
    let owner: String
    let now: Clock
    let logger: Logger
}

extension SpoolParts {
    private static let longestPause = Duration.seconds(2)
    /// For how long after a doubt somebody may still come to what a dead process had published.
    private static let doubtMemory = Duration.seconds(300)

    /// As ``MessageBus/doubtfulSince()``.
    func doubtfulSince() async throws -> Timestamp? {
        let doubted = try await database.reading { try BrokerContact($0).doubtedAt() }
        guard let doubted, now().since(doubted) < Self.doubtMemory else { return nil }
        return Timestamp(milliseconds: max(0, doubted.milliseconds - RecentMessages.age.milliseconds))
    }

    /// What `body` gives, as soon as the database gives it: an outage of it ends no feed.
    /// - Parameters:
    ///   - isOver: Ends the waiting.
    ///   - signal: Given when it is over.
    /// - Returns: `nil` when it is over.
    func patiently<Value: Sendable>(
        _ what: String, until isOver: () -> Bool, _ signal: Signal, _ body: () async throws -> Value
    ) async throws -> Value? {
        var pause = Duration.milliseconds(50)
        while !isOver() {
            do {
                return try await body()
            } catch let error as StoreError where error.isRetryable {
                try Task.checkCancellation()
                logger.debug("\(what) goes on after an error", metadata: ["error": "\(error)"])
                await signal.wait(upTo: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
        return nil
    }
}

extension Topic {
    /// The category of the log whose events it brings out, all of them in their order; `nil` for other topics.
    var logCategory: String? { self == .alertEvents ? Alert.category : nil }
}

extension OutgoingMessage {
    var entry: Spool.Entry { Spool.Entry(key: key, headers: headers, body: body) }
}
