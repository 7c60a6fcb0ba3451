import AlertCore
import Foundation
import Logging
import Persistence

/// A membership that outlives the broker: feeds of the broker's while it answers; while it answers nobody, feeds that
/// read the database, of partitions that this process has a lease of.
final class SpoolSubscription: Subscription, @unchecked Sendable {  // what changes, under `lock` only
    /// How many partitions are taken in one round: others have a chance to take the rest.
    private static let takenAtOnce = 2
    /// What may have been on its way to another topic when the broker went away.
    private static let rewindTime = Duration.seconds(30)

    let assignments: AsyncStream<any PartitionFeed>

    private let primary: any Subscription
    private let topics: [Topic]
    private let group: ConsumerGroup
    private let partitions: Partitions
    private let parts: SpoolParts
    private let again: SpoolAgain
    private let assign: AsyncStream<any PartitionFeed>.Continuation
    private let lock = NSLock()
    private var served: [String: any ServedFeed] = [:]
    private var isClosed = false
    private var tasks: [Task<Void, Never>] = []

    init(
        _ primary: any Subscription, to topics: [Topic], as group: ConsumerGroup, partitions: Partitions,
        parts: SpoolParts, again: SpoolAgain
    ) {
        (assignments, assign) = AsyncStream.makeStream()
        self.primary = primary
        self.topics = topics
        self.group = group
        self.partitions = partitions
        self.parts = parts
        self.again = again
        let forwarding = Task { [self] in await forward() }
        let serving = Task { [self] in await serve() }
        lock.withLock { tasks = [forwarding, serving] }
    }

    func close() async {
        let feeds = lock.withLock {
            isClosed = true
            return Array(served.values)
        }
        assign.finish()
        feeds.forEach { $0.end() }
        await primary.close()
        // In a task of its own: where the caller's is cancelled, no pause would last.
        await Task { await leave() }.value
        lock.withLock { tasks }.forEach { $0.cancel() }
    }

    /// Waits until the owners of the feeds have let go of them, as the broker does.
    private func leave() async {
        let deadline = ContinuousClock.now + .seconds(10)
        while lock.withLock({ !served.isEmpty }), ContinuousClock.now < deadline {
            // Nobody cancels it.
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: - By the broker

    private func forward() async {
        await withDiscardingTaskGroup { tasks in
            for await feed in primary.assignments { tasks.addTask { await self.handOut(feed) } }
            tasks.cancelAll()
        }
        // The broker has ended the membership, or it was closed.
        assign.finish()
        lock.withLock { Array(served.values) }.forEach { $0.end() }
    }

    /// Once nobody works on the partition from the database any more: not this process, and nobody with a lease, as far
    /// as one can be renewed while the broker is there.
    private func handOut(_ feed: any PartitionFeed) async {
        let name = feed.checkpointName
        var deadline: ContinuousClock.Instant?
        while !Task.isCancelled {
            if let own = lock.withLock({ served[name] }) {
                own.end()
            } else if let isLeased = await isLeased(name) {
                let last = deadline ?? .now + parts.settings.lease + .seconds(2)
                deadline = last
                guard isLeased, ContinuousClock.now < last else { break }
            }
            await pauseShortly()
        }
        // What the owner before has left in the spool comes before what this one is going to publish.
        while await !parts.watch.refresh(), !Task.isCancelled { await pauseShortly() }
        guard let category = feed.topic.logCategory else { return yield(feed) }
        let logFeed = LogFeed(feed, of: category, for: group, parts: parts)
        if passesOn { await rewindWhereInDoubt(logFeed) }
        yield(logFeed)
    }

    /// Whether the group publishes what becomes of what it reads: whoever published before us can be dead, and the
    /// broker can have lost it.
    private var passesOn: Bool { topics.count > 1 }

    private func rewindWhereInDoubt(_ feed: LogFeed) async {
        do {
            if let since = try await parts.doubtfulSince() { await feed.rewind(to: since) }
        } catch {
            parts.logger.warning(
                "a partition was not rewound", metadata: ["partition": "\(feed.partition)", "error": "\(error)"])
        }
    }

    private func pauseShortly() async {
        // Cancelled: the loop that it is in sees it.
        try? await Task.sleep(for: min(.milliseconds(100), parts.settings.pulse))
    }

    private func yield(_ feed: any PartitionFeed) { assign.yield(feed) }

    /// - Returns: `nil` when the database does not say.
    private func isLeased(_ name: String) async -> Bool? {
        do {
            return try await parts.database.reading { [group, now = parts.now()] connection in
                try PartitionLeases(connection).isTaken(name, of: group.name, at: now)
            }
        } catch {
            parts.logger.debug("a lease is not known", metadata: ["partition": "\(name)", "error": "\(error)"])
            return nil
        }
    }

    // MARK: - By the database

    private func serve() async {
        var renewed = ContinuousClock.now
        while !Task.isCancelled {
            // Cancelled: the condition sees it.
            try? await Task.sleep(for: parts.settings.pulse / 2)
            if ContinuousClock.now - renewed > parts.settings.lease / 4 {
                renewed = .now
                await renew()
            }
            if parts.watch.isServing {
                // What is before the spool's messages comes first.
                if !again.isDue { await takeSome() }
            } else {
                lock.withLock { Array(served.values) }.forEach { $0.end() }
            }
        }
    }

    private func takeSome() async {
        let count = partitions.known?.count ?? 0
        let names = topics.flatMap { topic in (0..<count).map { (topic, $0) } }.shuffled()
        var taken = 0
        for (topic, partition) in names where taken < Self.takenAtOnce {
            let name = "\(topic.name)/\(partition)"
            guard lock.withLock({ !isClosed && served[name] == nil }), await take(name) else { continue }
            taken += 1
            let feed = await makeFeed(topic, partition)
            let isWanted = lock.withLock {
                if !isClosed { served[name] = feed }
                return !isClosed
            }
            if isWanted { assign.yield(feed) } else { await giveBack(name) }
        }
    }

    private func makeFeed(_ topic: Topic, _ partition: Int) async -> any ServedFeed {
        let release: @Sendable () -> Void = { [weak self] in self?.released("\(topic.name)/\(partition)") }
        guard let category = topic.logCategory else {
            return SpoolFeed(topic, partition, parts: parts, onRelease: release)
        }
        let feed = LogFeed(topic, partition, of: category, for: group, parts: parts, onRelease: release)
        // What it has passed on, nobody can read now: it does so again, and the readers know what they have.
        if passesOn { await feed.rewind(by: Self.rewindTime) }
        return feed
    }

    private func released(_ name: String) {
        Task {
            await giveBack(name)
            lock.withLock { _ = served.removeValue(forKey: name) }
        }
    }

    private func take(_ name: String) async -> Bool {
        do {
            return try await parts.database.transaction { [parts, group] connection in
                try PartitionLeases(connection).take(
                    name, of: group.name, by: parts.owner, at: parts.now(), lasting: parts.settings.lease)
            }
        } catch {
            return false  // the next round tries again
        }
    }

    /// Feeds whose leases are lost end; without an answer they go on until somebody else has the lease.
    private func renew() async {
        for (name, feed) in lock.withLock({ served }) {
            do {
                let isOurs = try await parts.database.transaction { [parts, group] connection in
                    try PartitionLeases(connection).take(
                        name, of: group.name, by: parts.owner, at: parts.now(), lasting: parts.settings.lease)
                }
                if !isOurs { feed.end() }
            } catch {
                parts.logger.debug("a lease was not renewed", metadata: ["partition": "\(name)", "error": "\(error)"])
            }
        }
    }

    private func giveBack(_ name: String) async {
        // It ends by itself.
        try? await parts.database.retrying(attempts: 2) { [parts, group] connection in
            try PartitionLeases(connection).giveBack(name, of: group.name, by: parts.owner)
        }
    }
}

/// A feed that reads the database.
protocol ServedFeed: PartitionFeed {
    func end()
}
