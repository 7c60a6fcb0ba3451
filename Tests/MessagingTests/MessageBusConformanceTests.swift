import AlertCore
import Foundation
import Messaging
import Persistence
import Testing

/// A make of bus. A new one joins ``all`` and passes, or is wrong.
struct BusUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes topics that nobody has used, the four of ``Topic/all``, with so many partitions.
    let makeCluster: @Sendable (_ partitionCount: Int) async throws -> BusCluster

    /// For one process or many.
    static let all: [BusUnderTest] = [embedded] + shared
    /// Those whose partitions several processes share.
    static let shared: [BusUnderTest] = [kafka].compactMap(\.self)
}

/// The topics of one test, and the way to them.
struct BusCluster: Sendable {
    /// Opens a bus as a process of its own would.
    let openBus: @Sendable () async throws -> any MessageBus
    /// Where the number of partitions is kept.
    let schedule: any SQLDatabase
}

/// What every bus has to do.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct MessageBusConformanceTests {
    let group = ConsumerGroup("group")
    let topic = Topic.alertCommands

    @Test(arguments: BusUnderTest.all)
    func deliversInOrderPerKey(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(4).openBus()
        let keys = (0..<20).map { "key-\($0)" }
        for round in 0..<5 {
            try await bus.publish(keys.map { OutgoingMessage(key: $0, body: "\(round)") }, to: topic)
        }
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await eventually("100 messages") { await reader.messages.count == 100 }
        for key in keys {
            let received = await reader.received.filter { $0.message.key == key }
            #expect(received.map(\.message.body) == ["0", "1", "2", "3", "4"])
            #expect(Set(received.map(\.partition)) == [Partitioning.partition(of: key, count: 4)])
        }
        for (_, messages) in await reader.byPartition {
            #expect(messages.map(\.offset) == messages.indices.map(Int64.init))
        }
        await reader.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func carriesEveryText(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        let sent = [
            OutgoingMessage(key: "a", body: "", headers: [:]),
            OutgoingMessage(key: "", body: "no key", headers: ["empty": "", "naïve": "Grüße 🚨\u{0}"]),
            OutgoingMessage(key: "ключ", body: "日本語 🚨\u{0}\n", headers: ["cause": "1", "trace": "00-ab"]),
            OutgoingMessage(key: "large", body: String(repeating: "x", count: 900_000)),
        ]
        for message in sent { try await bus.publish([message], to: topic) }
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await eventually("all messages") { await reader.messages.count == sent.count }
        for (message, original) in zip(await reader.messages, sent) {
            #expect(message.key == original.key)
            #expect(message.body == original.body)
            #expect(message.headers == original.headers)
        }
        await reader.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func keepsTopicsApart(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(2).openBus()
        try await bus.publish([OutgoingMessage(key: "k", body: "command")], to: .alertCommands)
        try await bus.publish([OutgoingMessage(key: "k", body: "event")], to: .alertEvents)
        try await bus.publish([OutgoingMessage(key: "k", body: "request")], to: .inboundRequests)
        let reader = Reader(of: try await bus.subscribe(to: [.alertCommands, .alertEvents], as: group))
        try await eventually("two messages, four partitions") {
            let counts = (await reader.messages.count, await reader.ownedNames.count)
            return counts == (2, 4)
        }
        let received = await reader.received.map { "\($0.topic.name) \($0.message.body)" }
        #expect(Set(received) == ["alert-commands command", "alert-events event"])
        await reader.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func givesGroupsTheirOwnCopies(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        let first = Reader(of: try await bus.subscribe(to: [topic], as: group))
        let second = Reader(of: try await bus.subscribe(to: [topic], as: ConsumerGroup("others")))
        try await bus.publish([OutgoingMessage(key: "k", body: "for all")], to: topic)
        try await eventually("a copy each") {
            let counts = (await first.messages.count, await second.messages.count)
            return counts == (1, 1)
        }
        await first.close()
        await second.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.shared)
    func sharesPartitionsAndHandsThemOver(on make: BusUnderTest) async throws {
        let cluster = try await make.makeCluster(4)
        let (one, two) = (try await cluster.openBus(), try await cluster.openBus())
        let first = Reader(of: try await one.subscribe(to: [topic], as: group))
        try await eventually("all to the first") { await first.owned == [0, 1, 2, 3] }
        let second = Reader(of: try await two.subscribe(to: [topic], as: group))
        try await eventually("two each") {
            let (mine, others) = (await first.owned, await second.owned)
            return mine.count == 2 && others.count == 2 && mine.union(others) == [0, 1, 2, 3]
        }
        await first.close()
        try await eventually("all to the second") { await second.owned == [0, 1, 2, 3] }
        try await two.publish((0..<40).map { OutgoingMessage(key: "\($0)", body: "") }, to: topic)
        try await eventually("all messages to the second") {
            Set(await second.messages.map(\.key)).count == 40
        }
        await second.close()
        await one.close()
        await two.close()
    }

    @Test(arguments: BusUnderTest.shared)
    func givesAPartitionToNobodyBeforeItsRelease(on make: BusUnderTest) async throws {
        let cluster = try await make.makeCluster(1)
        let bus = try await cluster.openBus()
        let subscription = try await bus.subscribe(to: [topic], as: group)
        var assignments = subscription.assignments.makeAsyncIterator()
        let feed = try #require(await assignments.next())
        try await feed.start(at: 0)
        let closing = Task { await subscription.close() }
        #expect(try await feed.next(max: 1) == nil)

        let heir = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await Task.sleep(for: .milliseconds(1500))  // Nothing is to happen: there is nothing to poll for.
        #expect(await heir.owned.isEmpty)
        feed.release()
        try await eventually("the heir has it", within: .seconds(8)) { await heir.owned == [0] }
        await closing.value
        await heir.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func beginsWhereItIsTold(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        try await bus.publish((0..<10).map { OutgoingMessage(key: "k", body: "\($0)") }, to: topic)
        for (start, expected) in [(0, 0), (4, 4), (9, 9)] {
            let reader = Reader(of: try await bus.subscribe(to: [topic], as: group), from: Int64(start))
            try await eventually("the last message") { await reader.messages.last?.offset == 9 }
            #expect(await reader.messages.map(\.offset) == (Int64(expected)..<10).map(\.self))
            await reader.close()
        }
        // At the end: waits for what comes.
        let atEnd = Reader(of: try await bus.subscribe(to: [topic], as: group), from: 10)
        try await eventually("an assignment") { await atEnd.owned == [0] }
        try await bus.publish((10..<16).map { OutgoingMessage(key: "k", body: "\($0)") }, to: topic)
        try await eventually("the new messages") {
            await atEnd.messages.last?.offset == 15
        }
        #expect(await atEnd.messages.map(\.offset) == [10, 11, 12, 13, 14, 15])
        await atEnd.close()
        await bus.close()
    }

    /// A log that ends before where its reader was: the reader is told, once, and gets what comes there now.
    @Test(arguments: BusUnderTest.all)
    func saysThatTheLogWasCut(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        try await bus.publish((0..<10).map { OutgoingMessage(key: "k", body: "\($0)") }, to: topic)
        let subscription = try await bus.subscribe(to: [topic], as: group)
        var feeds = subscription.assignments.makeAsyncIterator()
        let feed = try #require(await feeds.next())
        try await feed.start(at: 13)
        await #expect(throws: LogCut(end: 10, position: 13)) { try await feed.next(max: 100) }
        try await bus.publish((10..<16).map { OutgoingMessage(key: "k", body: "\($0)") }, to: topic)
        var found: [Int64] = []
        while found.count < 6, let batch = try await feed.next(max: 100) { found += batch.map(\.offset) }
        #expect(found == [10, 11, 12, 13, 14, 15])
        feed.release()
        await subscription.close()
        await bus.close()
    }

    /// The broker's idea of the group's offset does not matter.
    @Test(arguments: BusUnderTest.all)
    func trustsTheCheckpointNotTheCommit(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        try await bus.publish((0..<10).map { OutgoingMessage(key: "k", body: "\($0)") }, to: topic)
        let first = Reader(of: try await bus.subscribe(to: [topic], as: group))
        try await eventually("all messages") { await first.messages.count == 10 }
        await first.close()  // It has committed 10.
        let second = Reader(of: try await bus.subscribe(to: [topic], as: group), from: 7)
        try await eventually("the rest again") { await second.messages.map(\.offset) == [7, 8, 9] }
        await second.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func losesNothingForASlowReader(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        let body = String(repeating: "x", count: 500)
        let before = residentBytes()
        let reader = Reader(of: try await bus.subscribe(to: [topic], as: group), batch: 50, pause: .milliseconds(2))
        let messages = (0..<20_000).map { OutgoingMessage(key: "k", body: "\($0) \(body)") }
        try await bus.publish(messages, to: topic)
        try await eventually("20,000 messages", within: .seconds(60)) { await reader.count == 20_000 }
        #expect(await reader.messages.map(\.offset) == (0..<20_000).map(Int64.init))
        #expect(residentBytes() - before < 200_000_000)
        await reader.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func letsAWaitingReaderBeCancelled(on make: BusUnderTest) async throws {
        let bus = try await make.makeCluster(1).openBus()
        let subscription = try await bus.subscribe(to: [topic], as: group)
        var assignments = subscription.assignments.makeAsyncIterator()
        let feed = try #require(await assignments.next())
        try await feed.start(at: 0)
        let reading = Task { try await feed.next(max: 1) }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        try await bus.publish([OutgoingMessage(key: "k", body: "later")], to: topic)
        #expect(try await feed.next(max: 1)?.map(\.body) == ["later"])
        feed.release()
        await subscription.close()
        await bus.close()
    }

    @Test(arguments: BusUnderTest.all)
    func closesInEveryState(on make: BusUnderTest) async throws {
        let cluster = try await make.makeCluster(2)
        let unused = try await cluster.openBus()
        await unused.close()
        await unused.close()
        await #expect(throws: (any Error).self) {
            try await unused.publish([OutgoingMessage(key: "k", body: "")], to: topic)
        }
        await #expect(throws: (any Error).self) { try await unused.checkReadiness() }

        let bus = try await cluster.openBus()
        try await bus.checkReadiness()
        try await bus.publish([], to: topic)
        let start = ContinuousClock.now
        let hasty = try await bus.subscribe(to: [topic], as: group)
        await hasty.close()
        await hasty.close()
        for await _ in hasty.assignments { Issue.record("assigned after the close") }

        let unstarted = try await bus.subscribe(to: [topic], as: group)
        var assignments = unstarted.assignments.makeAsyncIterator()
        let feed = try #require(await assignments.next())
        await unstarted.close()
        try await feed.start(at: 0)
        #expect(try await feed.next(max: 1) == nil)
        feed.commit(next: 1)
        feed.release()
        feed.release()
        #expect(ContinuousClock.now - start < .seconds(20))
        await bus.close()
    }
}
