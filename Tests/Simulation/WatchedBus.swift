import AlertCore
import Messaging

/// What a process has for a bus, as its services see it: tells the world who begins and ends to work on a partition.
struct WatchedBus: MessageBus {
    let bus: any MessageBus
    let process: SimProcess
    let workers: SimWorkers

    var partitions: Partitions { bus.partitions }
    var degradation: String? { bus.degradation }
    var interruptions: Int { bus.interruptions }
    var settlingTime: Duration { bus.settlingTime }

    func doubtfulSince() async throws -> Timestamp? { try await bus.doubtfulSince() }
    func addPartitions(upTo count: Int) async throws { try await bus.addPartitions(upTo: count) }

    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        try await bus.publish(messages, to: topic)
    }

    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        WatchedSubscription(try await bus.subscribe(to: topics, as: group)) { [process, workers] feed in
            WatchedFeed(feed, of: group.name, process, workers)
        }
    }

    func checkReadiness() async throws { try await bus.checkReadiness() }
    func close() async { await bus.close() }
}

private struct WatchedSubscription: Subscription {
    let assignments: AsyncStream<any PartitionFeed>
    private let inner: any Subscription

    init(_ inner: any Subscription, _ watched: @escaping @Sendable (any PartitionFeed) -> any PartitionFeed) {
        let (assignments, assign) = AsyncStream.makeStream(of: (any PartitionFeed).self)
        self.assignments = assignments
        self.inner = inner
        Task {
            for await feed in inner.assignments { assign.yield(watched(feed)) }
            assign.finish()
        }
    }

    func close() async { await inner.close() }
}

private final class WatchedFeed: PartitionFeed, @unchecked Sendable {  // one thread
    var topic: Topic { feed.topic }
    var partition: Int { feed.partition }
    var offsetsOf: String { feed.offsetsOf }

    private let feed: any PartitionFeed
    private let group: String
    private let process: SimProcess
    private let workers: SimWorkers
    /// Of the work: loops of due work begin with the feed, not only with its first message.
    private let number: Int?

    init(_ feed: any PartitionFeed, of group: String, _ process: SimProcess, _ workers: SimWorkers) {
        self.feed = feed
        self.group = group
        self.process = process
        self.workers = workers
        number = process.isDead ? nil : workers.begin(group, "\(feed.topic.name)/\(feed.partition)", process)
    }

    func start(at offset: Int64) async throws { try await feed.start(at: offset) }

    func start(at offset: Int64, after mark: String?) async throws {
        try await feed.start(at: offset, after: mark)
    }

    func mark(before offset: Int64) -> String? { feed.mark(before: offset) }
    func next(max: Int) async throws -> [Message]? { try await feed.next(max: max) }
    func commit(next offset: Int64) { feed.commit(next: offset) }

    func release() {
        if let number, !process.isDead { workers.end(number, of: group, "\(topic.name)/\(partition)") }
        feed.release()
    }
}
