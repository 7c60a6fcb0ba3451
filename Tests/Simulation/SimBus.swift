import Messaging

/// One process's way to the broker.
final class SimBus: MessageBus, @unchecked Sendable {  // one thread
    /// Whether or not it was taken: no answer has come in time.
    struct Unanswered: OutageError {
        let isOutage = true
    }

    private let broker: SimBroker
    private let process: SimProcess
    private let faults: Faults
    private let chance: Chance
    private(set) var interruptions = 0
    /// Whether the broker has confirmed anything since the last interruption.
    private var hasConfirmed = false

    init(_ broker: SimBroker, for process: SimProcess, faults: Faults, chance: Chance) {
        self.broker = broker
        self.process = process
        self.faults = faults
        self.chance = chance
        broker.add(self, of: process)
    }

    var partitions: Partitions { broker.partitions }

    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {
        try await process.gate(after: chance.milliseconds(0...3), isEffect: true)
        guard !messages.isEmpty else { return }
        try await reach()
        let before = interruptions
        let fault = faults.ofPublish(chance)
        let delay = faults.delay(chance)
        switch fault {
        case .lost: break
        case .partly: messages.prefix(chance.int(0...messages.count - 1)).forEach { append($0, topic, delay) }
        case .none, .unacknowledged: messages.forEach { append($0, topic, delay) }
        }
        try await process.gate(after: chance.milliseconds(0...3), isEffect: true)
        // The connection was lost meanwhile: the answer can have been there already.
        let isAnswered = interruptions == before || chance.happens(0.5)
        if fault != .none || !isAnswered { throw Unanswered() }
        if interruptions == before { hasConfirmed = true }
    }

    /// All brokers are out of reach.
    func interrupt() {
        guard hasConfirmed else { return }
        hasConfirmed = false
        interruptions += 1
    }

    private func append(_ message: OutgoingMessage, _ topic: Topic, _ delay: Duration) {
        broker.append(message, to: topic, after: delay, by: process)
    }

    private func reach() async throws {
        guard broker.isOutOfReach(of: process) else { return }
        try await process.gate(after: chance.milliseconds(500...5000))
        throw Unanswered()
    }

    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        try await process.gate(after: chance.milliseconds(0...20))
        let subscription = SimSubscription(broker, topics: topics, group: group.name, process, faults, chance)
        subscription.join()
        return subscription
    }

    func checkReadiness() async throws {
        try await process.gate(after: chance.milliseconds(0...3))
        guard broker.isOutOfReach(of: process) else { return }
        try await process.gate(after: chance.milliseconds(500...2000))
        throw Unanswered()
    }

    func close() async {}
}

/// A membership; one that is lost without the process knowing joins again once it finds out.
final class SimSubscription: Subscription, @unchecked Sendable {  // one thread
    let assignments: AsyncStream<any PartitionFeed>
    private let give: AsyncStream<any PartitionFeed>.Continuation
    private let broker: SimBroker
    private let topics: [Topic]
    private let group: String
    private let process: SimProcess
    private let faults: Faults
    private let chance: Chance
    private var member: SimMember?
    private var isClosed = false

    init(
        _ broker: SimBroker, topics: [Topic], group: String, _ process: SimProcess, _ faults: Faults, _ chance: Chance
    ) {
        (assignments, give) = AsyncStream.makeStream()
        self.broker = broker
        self.topics = topics
        self.group = group
        self.process = process
        self.faults = faults
        self.chance = chance
    }

    /// Once the broker is there.
    func join() {
        guard !isClosed, !process.isDead else { return }
        guard !broker.isOutOfReach(of: process) else { return joinLater() }
        let member = SimMember(
            process, group: group, topics: topics, faults: faults, chance: chance, give: { [give] in give.yield($0) }
        ) { [self] in
            joinLater()
        }
        self.member = member
        broker.join(member)
    }

    /// Found out when the process runs again and asks.
    private func joinLater() {
        let delay = chance.milliseconds(500...3000)
        Task {
            do { try await process.gate(after: delay) } catch { return }
            join()
        }
    }

    func close() async {
        isClosed = true
        if let member { broker.leave(member) }
        give.finish()
    }
}

/// A member of a group, as the broker knows it.
final class SimMember: @unchecked Sendable {  // one thread
    let process: SimProcess
    let group: String
    let topics: [Topic]
    let faults: Faults
    let chance: Chance
    var feeds: [SimBroker.Place: SimFeed] = [:]
    var hasLeft = false
    private let handOut: (any PartitionFeed) -> Void
    private let rejoin: () -> Void

    init(
        _ process: SimProcess, group: String, topics: [Topic], faults: Faults, chance: Chance,
        give: @escaping (any PartitionFeed) -> Void, rejoin: @escaping () -> Void
    ) {
        self.process = process
        self.group = group
        self.topics = topics
        self.faults = faults
        self.chance = chance
        handOut = give
        self.rejoin = rejoin
    }

    func give(_ feed: SimFeed) { handOut(feed) }

    /// All brokers are out of reach: each may have lost what it had.
    func interrupt() { for feed in feeds.values.sorted(by: { $0.number < $1.number }) { feed.doubt() } }

    func endFeeds() { for feed in feeds.values.sorted(by: { $0.number < $1.number }) { feed.end() } }

    /// The group goes on without it: it notices a while after it runs again.
    /// - Parameter limit: Milliseconds; what hears nothing of the broker for its session's time knows sooner.
    func lost(noticing limit: Int = 15_000) {
        guard !process.isDead else { return }
        let delay = chance.milliseconds(0...limit)
        Task {
            do { try await process.gate(after: delay) } catch { return }
            endFeeds()
            rejoin()
        }
    }
}
