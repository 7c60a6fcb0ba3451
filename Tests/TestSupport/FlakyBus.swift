import Foundation
import Messaging
import Persistence

/// A bus whose broker goes away and comes back on demand. Its consumers lose their partitions when it goes, and get
/// them again when it comes back, as those of a group do.
public final class FlakyBus: MessageBus, @unchecked Sendable {  // everything mutable under `lock` only
    public struct Outage: OutageError, CustomStringConvertible {
        public let isOutage = true
        public var description: String { "the broker is away" }

        public init() {}
    }

    public enum Mood: Sendable {
        case there
        case away
        /// Takes what is published, and the word of it is lost.
        case silent
    }

    public var partitions: Partitions { bus.partitions }

    private let bus: any MessageBus
    private let lock = NSLock()
    private var current = Mood.there
    private var count = 0
    private var outages = 0
    private var subscriptions: [FlakySubscription] = []

    public init(_ bus: any MessageBus) { self.bus = bus }

    /// How many messages have got through.
    public var published: Int { lock.withLock { count } }

    public var mood: Mood {
        get { lock.withLock { current } }
        set {
            lock.withLock {
                if newValue == .away, current != .away { outages += 1 }
                current = newValue
            }
            for subscription in lock.withLock({ subscriptions }) { subscription.change(isThere: newValue != .away) }
        }
    }

    public var interruptions: Int { lock.withLock { outages } }

    public func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        if mood == .away { throw Outage() }
        try await bus.publish(messages, to: topic)
        lock.withLock { count += messages.count }
        if mood == .silent { throw Outage() }
    }

    public func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        let subscription = FlakySubscription(isThere: mood != .away) { [bus] in
            try await bus.subscribe(to: topics, as: group)
        }
        lock.withLock { subscriptions.append(subscription) }
        return subscription
    }

    public func checkReadiness() async throws { if mood == .away { throw Outage() } }

    public func close() async { await bus.close() }
}

private final class FlakySubscription: Subscription, @unchecked Sendable {  // `changes` is thread-safe, the rest fixed
    let assignments: AsyncStream<any PartitionFeed>
    private let changes: AsyncStream<Bool?>.Continuation
    private let following: Task<Void, Never>

    init(isThere: Bool, _ subscribe: @escaping @Sendable () async throws -> any Subscription) {
        let (assignments, assign) = AsyncStream.makeStream(of: (any PartitionFeed).self)
        let (moods, changes) = AsyncStream.makeStream(of: Bool?.self)
        self.assignments = assignments
        self.changes = changes
        following = Task {
            var joined: (any Subscription)?
            for await isThere in moods {
                if isThere == true, joined == nil {
                    joined = try? await subscribe()  // the bus in a table never refuses
                    let feeds = joined?.assignments
                    Task { if let feeds { for await feed in feeds { assign.yield(feed) } } }
                } else if isThere != true {
                    await joined?.close()
                    joined = nil
                }
                if isThere == nil { break }
            }
            assign.finish()
        }
        changes.yield(isThere)
    }

    func change(isThere: Bool) { changes.yield(isThere) }

    func close() async {
        changes.yield(nil)
        await following.value
    }
}
