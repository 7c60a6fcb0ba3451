import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

extension SQLDatabase {
    /// As the first start does.
    func begin(withPartitions count: Int) async throws {
        try await transaction { try PartitionSchedules($0).begin(with: count, at: Timestamp(milliseconds: 0)) }
    }

    /// As an administrator does, once the topics have them.
    func raisePartitions(to count: Int) async throws {
        let moment = Timestamp(milliseconds: 1)
        try await transaction { connection in
            let schedules = PartitionSchedules(connection)
            let last = try #require(schedules.rows().last)
            try schedules.raise(
                to: count, after: last, since: moment,
                by: Origin(actor: "mary", causation: "c", correlation: "r"), at: moment)
        }
    }
}

extension Partitions {
    /// What one process knows, read once at its start.
    static func kept(in database: any SQLDatabase) async throws -> Partitions {
        let partitions = Partitions(in: database, now: { Timestamp(milliseconds: 10) }, logger: .test)
        try await partitions.refresh()
        return partitions
    }
}

/// Where readers of one group have got to, and what they read.
private actor Progress {
    private(set) var read: [(partition: Int, message: Message)] = []
    private(set) var owned: Set<Int> = []
    private var next: [Int: Int64] = [:]

    func next(of partition: Int) -> Int64 { next[partition] ?? 0 }

    func begin(_ partition: Int) { owned.insert(partition) }

    /// As a checkpoint does, passes over what was read.
    func take(_ messages: [Message], of partition: Int) {
        for message in messages where message.offset >= next(of: partition) {
            read.append((partition, message))
            next[partition] = message.offset + 1
        }
    }
}

/// The number of partitions is raised while messages are published and read.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PartitionRaiseTests {
    private let group = ConsumerGroup("group")
    private let topic = Topic.alertCommands

    @Test(arguments: BusUnderTest.all)
    func keepsTheOrderOfOldAndNewKeys(on make: BusUnderTest) async throws {
        let cluster = try await make.makeCluster(4)
        let isShared = make.testDescription != BusUnderTest.embedded.testDescription
        let publisher = try await cluster.openBus()
        // Knows nothing of the raise until it meets a new key.
        let other = isShared ? try await cluster.openBus() : publisher
        let progress = Progress()
        var readers = [reading(try await publisher.subscribe(to: [topic], as: group), progress)]
        if isShared { readers.append(reading(try await other.subscribe(to: [topic], as: group), progress)) }

        let old = (0..<20).map { id(generation: 0, $0) } + [DerivedID.uuid("older"), "no id at all"]
        var keys = old
        for round in 0..<40 {
            if round == 10 {
                try await publisher.addPartitions(upTo: 8)
                try await cluster.schedule.raisePartitions(to: 8)
                keys += (0..<20).map { id(generation: 1, $0) }
            }
            let bus = round % 2 == 0 ? other : publisher
            try await bus.publish(keys.map { OutgoingMessage(key: $0, body: "\(round)") }, to: topic)
            try await Task.sleep(for: .milliseconds(5))  // spreads the rounds over the raise
        }
        let total = old.count * 40 + 20 * 30
        // New partitions are seen within 10 s, and then there is a rebalance.
        try await eventually("all messages", within: .seconds(60)) { await progress.read.count >= total }
        #expect(await progress.read.count == total)
        let (before, after) = (PartitionSchedule([4]), PartitionSchedule([4, 8]))
        for key in keys {
            let found = await progress.read.filter { $0.message.key == key }
            let isOld = old.contains(key)
            #expect(found.map(\.message.body) == (isOld ? 0..<40 : 10..<40).map(String.init))
            #expect(Set(found.map(\.partition)) == [(isOld ? before : after).partition(ofStamped: key)])
        }
        #expect(await progress.owned == Set(0..<8))
        #expect(try await publisher.partitions.generationOfNewIDs() == 1)
        for reader in readers { await reader.close() }
        await publisher.close()
        if isShared { await other.close() }
    }

    /// What goes to an integration about an alert stays where the alert's generation has it.
    @Test(arguments: BusUnderTest.all)
    func placesDeliveriesByTheirAlerts(on make: BusUnderTest) async throws {
        let cluster = try await make.makeCluster(2)
        let bus = try await cluster.openBus()
        try await bus.addPartitions(upTo: 16)
        try await cluster.schedule.raisePartitions(to: 16)
        // Its random bits look like a generation, which they are not.
        let integration = "018bcfe5-6800-7001-8102-030405060708"
        let messages = (0..<2).map { generation in
            OutgoingMessage(key: integration, body: "\(generation)").placed(like: id(generation: generation, 7))
        }
        try await bus.publish(messages, to: .webhookDeliveries)
        let progress = Progress()
        let reader = reading(try await bus.subscribe(to: [.webhookDeliveries], as: group), progress)
        try await eventually("both", within: .seconds(60)) { await progress.read.count == 2 }
        for generation in 0..<2 {
            let found = await progress.read.filter { $0.message.body == "\(generation)" }
            #expect(
                found.map(\.partition) == [Partitioning.partition(of: integration, count: [2, 16][generation])])
        }
        await reader.close()
        await bus.close()
    }

    /// Repeated, and with more there already, it is as good as done.
    @Test(arguments: BusUnderTest.all)
    func addsPartitionsOnce(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(2).openBus()
        try await bus.addPartitions(upTo: 4)
        try await bus.addPartitions(upTo: 4)
        try await bus.addPartitions(upTo: 3)
        try await bus.publish([OutgoingMessage(key: "k", body: "")], to: topic)
        await bus.close()
    }

    /// A process that cannot ask how many partitions there are goes on with the keys that it knows about, and takes no
    /// others.
    @Test func placesNothingThatIsNewerThanItsKnowledge() async throws {
        let (table, kept) = (try await Backend.sqlite.makeDatabase(), try await Backend.sqlite.makeDatabase())
        try await kept.begin(withPartitions: 4)
        let bus = EmbeddedBus(database: table, partitions: try await .kept(in: kept))
        await kept.close()
        try await bus.publish([OutgoingMessage(key: id(generation: 0, 1), body: "")], to: topic)
        await #expect(throws: StoreError.self) {
            try await bus.publish([OutgoingMessage(key: id(generation: 1, 1), body: "")], to: topic)
        }
        #expect(try await bus.partitions.generationOfNewIDs() == 0)
        await bus.close()
        await table.close()
    }

    /// Ids are made in a generation from its time on; keys of it are taken before.
    @Test func waitsWithNewIDs() async throws {
        let database = try await Backend.sqlite.makeDatabase()
        try await database.begin(withPartitions: 4)
        try await database.transaction { connection in
            let schedules = PartitionSchedules(connection)
            let last = try #require(schedules.rows().last)
            try schedules.raise(
                to: 8, after: last, since: Timestamp(milliseconds: 100),
                by: Origin(actor: "mary", causation: "c", correlation: "r"), at: Timestamp(milliseconds: 1))
        }
        for (time, generation) in [(99, 0), (100, 1)] {
            let partitions = Partitions(
                in: database, now: { Timestamp(milliseconds: Int64(time)) }, logger: .test)
            #expect(try await partitions.generationOfNewIDs() == generation)
            let stamp = try await partitions.newRequestId(
                at: Timestamp(milliseconds: 5), chance: [UInt8](repeating: 1, count: 8))
            #expect(DerivedID.generation(of: stamp.id) == generation)
            #expect(partitions.known == PartitionSchedule([4, 8]))
        }
        await database.close()
    }

    private func id(generation: Int, _ number: Int) -> String {
        DerivedID.stamped(
            at: Timestamp(milliseconds: 1_700_000_000_000), generation: generation,
            chance: [0, 0, 0, 0, 0, 0, 0, UInt8(number)])
    }

    private func reading(_ subscription: any Subscription, _ progress: Progress) -> any Subscription {
        Task {
            await withTaskGroup { tasks in
                for await feed in subscription.assignments {
                    tasks.addTask {
                        do {
                            await progress.begin(feed.partition)
                            try await feed.start(at: progress.next(of: feed.partition))
                            while let messages = try await feed.next(max: 50) {
                                await progress.take(messages, of: feed.partition)
                            }
                        } catch {
                            Issue.record(error)
                        }
                        feed.release()
                    }
                }
            }
        }
        return subscription
    }
}
