import Foundation
import Persistence

/// The bus of the all-in-one quick start: a table in the same database. For one process: all its partitions
/// are always this process's own, and what it has published last is read from memory.
public final class EmbeddedBus: MessageBus, @unchecked Sendable {  // `isClosed` under `lock` only
    public let partitions: Partitions

    /// How long a feed sleeps at most when nobody wakes it.
    private static let pollInterval = Duration.seconds(1)
    private static let trimInterval = Duration.seconds(60)

    private let database: any SQLDatabase
    private let trimming: Task<Void, Never>
    private let lock = NSLock()
    /// By partition, made when they are first asked for.
    private var tails: [String: PartitionTail] = [:]
    private var isClosed = false

    public convenience init(database: any SQLDatabase, partitionCount: Int = 4) {
        self.init(database: database, partitions: Partitions(partitionCount))
    }

    public init(database: any SQLDatabase, partitions: Partitions) {
        self.database = database
        self.partitions = partitions
        trimming = Task {
            while !Task.isCancelled {
                // Both fail only for now, or at the end: the next round trims what this one left.
                try? await Task.sleep(for: Self.trimInterval)
                try? await Self.trim(database)
            }
        }
    }

    deinit { trimming.cancel() }

    public func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        try await publishHere(messages, to: topic) { _ in }
    }

    public func publish(
        _ messages: [OutgoingMessage], to topic: Topic, in database: any SQLDatabase,
        and write: @escaping @Sendable (any SQLConnection) throws -> Void
    ) async throws {
        if (database as AnyObject) === (self.database as AnyObject) {
            return try await publishHere(messages, to: topic, and: write)
        }
        try await publish(messages, to: topic)
        try await database.transaction(write)
    }

    private func publishHere(
        _ messages: [OutgoingMessage], to topic: Topic,
        and write: @escaping @Sendable (any SQLConnection) throws -> Void
    ) async throws {
        try checkOpen()
        let schedule = messages.isEmpty ? nil : try await partitions.schedule(for: messages, on: topic)
        let rows = Dictionary(grouping: messages) { schedule?.partition(of: $0, on: topic) ?? 0 }
            .sorted { $0.key < $1.key }
        let published = try await database.retrying { connection in
            let published = try rows.map { partition, messages in
                (partition, try Self.append(messages, topic: topic.name, partition: partition, in: connection))
            }
            try write(connection)
            return published
        }
        for (partition, messages) in published { tail(topic, partition).add(messages) }
    }

    public func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        EmbeddedSubscription(partitions: partitions, topics: topics) { [self] topic, partition in
            EmbeddedFeed(
                topic: topic, partition: partition, database: database, tail: tail(topic, partition),
                pollInterval: Self.pollInterval)
        }
    }

    private func tail(_ topic: Topic, _ partition: Int) -> PartitionTail {
        lock.withLock {
            let name = "\(topic.name)/\(partition)"
            let tail = tails[name] ?? PartitionTail()
            tails[name] = tail
            return tail
        }
    }

    public func checkReadiness() async throws {
        try checkOpen()
        try await database.reading { connection in _ = try connection.execute("SELECT 1") }
    }

    public func close() async {
        trimming.cancel()
        lock.withLock { isClosed = true }
    }

    /// Reads everything from the table again, for a test that has changed it.
    func forgetPublished() { lock.withLock { tails.values.forEach { $0.forget() } } }

    private func checkOpen() throws(StoreError) {
        if lock.withLock({ isClosed }) { throw StoreError(.unavailable, "the bus is closed") }
    }

    /// Deletes what every group has processed.
    static func trim(_ database: any SQLDatabase) async throws {
        try await database.transaction { connection in
            let done = try connection.execute(
                """
                SELECT b.topic, b.partition, min(c.next_offset) FROM bus_partitions b, checkpoints c
                WHERE c.partition_name = b.topic || '/' || b.partition GROUP BY b.topic, b.partition
                """)
            for row in done {
                try connection.execute(
                    """
                    DELETE FROM bus_messages WHERE topic = \(row.text(0)) AND partition = \(row.integer(1))
                    AND message_offset < \(row.integer(2))
                    """)
            }
        }
    }

    private static func append(
        _ messages: [OutgoingMessage], topic: String, partition: Int, in connection: any SQLConnection
    ) throws -> [Message] {
        let after = try connection.execute(
            """
            INSERT INTO bus_partitions (topic, partition, next_offset)
            VALUES (\(topic), \(partition), \(messages.count))
            ON CONFLICT (topic, partition)
            DO UPDATE SET next_offset = bus_partitions.next_offset + excluded.next_offset RETURNING next_offset
            """)[0].integer(0)
        let first = after - Int64(messages.count)
        let rows: [[SQLValue]] = try messages.enumerated().map { index, message in
            [
                .text(topic), .integer(Int64(partition)), .integer(first + Int64(index)), .text(message.key),
                .text(message.headers.isEmpty ? "{}" : try JSON.encode(message.headers)),
                .text(message.body),
            ]
        }
        try connection.insert(
            rows, into: "bus_messages",
            columns: ["topic", "partition", "message_offset", "message_key", "headers", "body"])
        return messages.enumerated().map { index, message in
            Message(message, offset: first + Int64(index))
        }
    }
}

private final class EmbeddedSubscription: Subscription, @unchecked Sendable {  // mutable state under `lock` only
    /// How soon partitions are noticed that were added.
    private static let lookInterval = Duration.seconds(1)

    private let partitions: Partitions
    private let topics: [Topic]
    private let makeFeed: @Sendable (Topic, Int) -> EmbeddedFeed
    private let lock = NSLock()
    private let closed = Signal()
    private var feeds: [EmbeddedFeed] = []
    private var isClosed = false

    init(
        partitions: Partitions, topics: [Topic], _ makeFeed: @escaping @Sendable (Topic, Int) -> EmbeddedFeed
    ) {
        self.partitions = partitions
        self.topics = topics
        self.makeFeed = makeFeed
    }

    var assignments: AsyncStream<any PartitionFeed> {
        AsyncStream { [self] in
            while !Task.isCancelled {
                let (isOver, feed) = lock.withLock { (isClosed, takeFeed()) }
                if isOver { return nil }
                if let feed { return feed }
                await closed.wait(upTo: Self.lookInterval)
            }
            return nil
        }
    }

    func close() async {
        let feeds = lock.withLock {
            isClosed = true
            return self.feeds
        }
        feeds.forEach { $0.end() }
        closed.notify()
    }

    /// The next that has not been handed out: the partitions in their order, each of every topic.
    private func takeFeed() -> EmbeddedFeed? {
        guard !isClosed, !topics.isEmpty, let count = partitions.known?.count, feeds.count < count * topics.count
        else { return nil }
        let feed = makeFeed(topics[feeds.count % topics.count], feeds.count / topics.count)
        feeds.append(feed)
        return feed
    }
}

private final class EmbeddedFeed: PartitionFeed, @unchecked Sendable {  // mutable state under `lock` only
    let topic: Topic
    let partition: Int
    private let database: any SQLDatabase
    private let tail: PartitionTail
    private let added = Signal()
    private let pollInterval: Duration
    private let lock = NSLock()
    private var offset: Int64 = 0
    private var hasEnded = false
    private var cut: LogCut?

    init(topic: Topic, partition: Int, database: any SQLDatabase, tail: PartitionTail, pollInterval: Duration) {
        self.topic = topic
        self.partition = partition
        self.database = database
        self.tail = tail
        self.pollInterval = pollInterval
        tail.join(added)
    }

    deinit { tail.leave(added) }

    func start(at offset: Int64) async throws {
        let end = try await database.reading { [topic, partition] connection in
            try connection.execute(
                "SELECT next_offset FROM bus_partitions WHERE topic = \(topic.name) AND partition = \(partition)"
            ).first?.integer(0) ?? 0
        }
        lock.withLock {
            self.offset = min(offset, end)
            if offset > end { cut = LogCut(end: end, position: offset) }
        }
    }

    func next(max: Int) async throws -> [Message]? {
        var asksDatabase = false
        while true {
            let (offset, hasEnded, cut) = lock.withLock {
                defer { self.cut = nil }
                return (self.offset, self.hasEnded, self.cut)
            }
            if let cut { throw cut }
            try Task.checkCancellation()
            if hasEnded { return nil }
            var found = asksDatabase ? .unknown : tail.read(from: offset, max: max)
            if case .unknown = found {
                let messages = try await read(from: offset, max: max)
                tail.noteRead(upTo: messages.last.map { $0.offset + 1 } ?? offset, isEmpty: messages.isEmpty)
                found = messages.isEmpty ? tail.read(from: offset, max: max) : .messages(messages)
            }
            if case .messages(let messages) = found, let last = messages.last {
                lock.withLock { self.offset = last.offset + 1 }
                return messages
            }
            // Somebody else may have published: a process that is not this one wakes nobody here.
            asksDatabase = await !added.wait(upTo: pollInterval)
        }
    }

    func commit(next offset: Int64) {}  // the checkpoint, in the same database, says all

    func release() {}  // there is no other member

    func end() {
        lock.withLock { hasEnded = true }
        added.notify()
    }

    private func read(from offset: Int64, max: Int) async throws -> [Message] {
        try await database.reading { [topic, partition] connection in
            try connection.execute(
                """
                SELECT message_offset, message_key, body, headers FROM bus_messages
                WHERE topic = \(topic.name) AND partition = \(partition) AND message_offset >= \(offset)
                ORDER BY message_offset LIMIT \(max)
                """
            ).map { row in
                Message(
                    offset: row.integer(0), key: row.text(1), body: row.text(2),
                    headers: row.text(3) == "{}"
                        ? [:] : try JSONDecoder().decode([String: String].self, from: Data(row.text(3).utf8)))
            }
        }
    }
}
