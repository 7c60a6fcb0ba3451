import AlertCore
import Foundation
import Logging
import Messaging
import Persistence
import TestSupport
import Testing

/// Partitions that come from the broker at one time and from the database at another.
@Suite(.timeLimit(.minutes(1)))
struct SpoolSubscriptionTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let realTime: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// Works on each feed until it ends, and remembers which are open.
    private final class Owner: @unchecked Sendable {  // everything mutable under `lock` only
        private let lock = NSLock()
        private var open: [String: [String]] = [:]
        private var most = 0

        /// How many feeds of one partition have been open together, at most.
        var mostAtOnce: Int { lock.withLock { most } }

        /// From where the partitions come now.
        var sources: [String] { lock.withLock { open.values.flatMap(\.self).sorted() } }

        func own(_ subscription: any Subscription) async {
            await withDiscardingTaskGroup { tasks in
                for await feed in subscription.assignments {
                    change {
                        $0.append(feed.offsetsOf)
                    } at: {
                        feed.partition
                    }
                    tasks.addTask { await self.work(feed) }
                }
            }
        }

        private func work(_ feed: any PartitionFeed) async {
            do {
                try await feed.start(at: 0)
                while try await feed.next(max: 10) != nil {}
            } catch {
                Issue.record("a feed has failed: \(error)")
            }
            change {
                $0.removeAll { $0 == feed.offsetsOf }
            } at: {
                feed.partition
            }
            feed.release()
        }

        private func change(_ change: (inout [String]) -> Void, at partition: () -> Int) {
            lock.withLock {
                change(&open["\(partition())", default: []])
                most = max(most, open.values.map(\.count).max() ?? 0)
            }
        }
    }

    /// The broker comes back while the database is away: its feeds wait for those that the database has served, however
    /// little is known of leases.
    @Test(arguments: Backend.available)
    func aPartitionComesFromOneSideAtATime(on backend: Backend) async throws {
        let database = AbsentDatabase(try await backend.makeDatabase())
        let disk = try await Backend.sqlite.makeDatabase()
        let broker = FlakyBus(EmbeddedBus(database: disk, partitionCount: 2))
        let bus = SpoolingBus(
            broker, database: database,
            settings: SpoolSettings(patience: .milliseconds(100), pulse: .milliseconds(20), lease: .seconds(2)),
            now: Self.realTime, logger: Self.silent)
        let owner = Owner()
        let subscription = try await bus.subscribe(to: [.alertCommands], as: ConsumerGroup("g"))
        let owning = Task { await owner.own(subscription) }
        try await eventually("the broker's") { owner.sources == ["", ""] }
        broker.mood = .away
        try await eventually("the database's") { owner.sources == ["@spool", "@spool"] }
        database.isAbsent = true
        broker.mood = .there
        try await Task.sleep(for: .milliseconds(200))
        database.isAbsent = false
        try await eventually("the broker's again") { owner.sources == ["", ""] }
        #expect(owner.mostAtOnce == 1)
        await subscription.close()
        await owning.value
        await bus.close()
        await database.close()
        await disk.close()
    }
}
