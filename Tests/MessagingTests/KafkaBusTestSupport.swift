import Foundation
import Glibc
import Logging
import Messaging
import Persistence
import TestSupport
import Testing

@testable import KafkaBus

extension BusUnderTest {
    /// The brokers that the tests may use, such as those of `scripts/test-broker.sh`.
    static let kafkaBrokers = ProcessInfo.processInfo.environment["TEST_KAFKA_BROKERS"]

    static let kafka: BusUnderTest? = kafkaBrokers.map { brokers in
        BusUnderTest(testDescription: "Kafka") { partitionCount in
            let settings = KafkaSettings.test(brokers: brokers, partitionCount: partitionCount)
            let bus = try KafkaBus(settings: settings, logger: .test)
            try await bus.createTopics()
            await bus.close()
            let database = try await Backend.sqlite.makeDatabase()
            try await database.begin(withPartitions: partitionCount)
            return BusCluster(
                openBus: {
                    try KafkaBus(settings: settings, partitions: try await .kept(in: database), logger: .test)
                }, schedule: database)
        }
    }
}

extension KafkaSettings {
    /// Topics and groups that nobody has used.
    static func test(brokers: String, partitionCount: Int) -> KafkaSettings {
        var settings = KafkaSettings(
            brokers: brokers.split(separator: ",").map(String.init), partitionCount: partitionCount)
        settings.topicPrefix = "test-\(UUID().uuidString.prefix(8))-"
        settings.sessionTimeout = .seconds(6)
        return settings
    }
}

extension Logger {
    /// Silent unless `TEST_LOG_LEVEL` says otherwise.
    static let test: Logger = {
        var logger = Logger(label: "test")
        let level = ProcessInfo.processInfo.environment["TEST_LOG_LEVEL"].flatMap(Level.init(rawValue:))
        logger.logLevel = level ?? .critical
        return logger
    }()
}

/// Reads all partitions that a subscription gives it, from one offset, and remembers what it got.
actor Reader {
    struct Received: Sendable {
        let topic: Topic
        let partition: Int
        let message: Message
    }

    private(set) var received: [Received] = []
    private var current: [String: Int] = [:]
    private(set) var failures: [any Error] = []
    private let subscription: any Subscription
    private var following: Task<Void, Never>?

    var messages: [Message] { received.map(\.message) }
    var count: Int { received.count }
    /// The partitions that it has now, as numbers and as `<topic>/<number>`.
    var owned: Set<Int> { Set(current.values) }
    var ownedNames: Set<String> { Set(current.keys) }
    var byPartition: [Int: [Message]] {
        Dictionary(grouping: received, by: \.partition).mapValues { $0.map(\.message) }
    }

    init(of subscription: any Subscription, from offset: Int64 = 0, batch: Int = 500, pause: Duration = .zero) {
        self.subscription = subscription
        Task { await follow(from: offset, batch: batch, pause: pause) }
    }

    func close() async {
        await subscription.close()
        await following?.value
    }

    private func follow(from offset: Int64, batch: Int, pause: Duration) {
        following = Task {
            await withTaskGroup { group in
                for await feed in subscription.assignments {
                    group.addTask { await self.read(feed, from: offset, batch: batch, pause: pause) }
                }
            }
        }
    }

    private func read(_ feed: any PartitionFeed, from offset: Int64, batch: Int, pause: Duration) async {
        let name = "\(feed.topic.name)/\(feed.partition)"
        do {
            try await feed.start(at: offset)
            current[name] = feed.partition
            while let messages = try await feed.next(max: batch) {
                received += messages.map { Received(topic: feed.topic, partition: feed.partition, message: $0) }
                feed.commit(next: messages.last!.offset + 1)
                if pause > .zero { try await Task.sleep(for: pause) }
            }
        } catch {
            failures.append(error)
        }
        current[name] = nil
        feed.release()
    }
}

/// Waits until `condition` holds, and fails after `timeout`.
func eventually(
    _ what: String, within timeout: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + timeout
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("not in \(timeout): \(what)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// What this process occupies in memory.
func residentBytes() -> Int {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return (pages.flatMap { Int($0[1]) } ?? 0) * Int(getpagesize())
}
