import Foundation
import Logging
import Messaging
import Testing

@testable import KafkaBus

/// What is Kafka's own, beside what every bus does. Needs brokers.
@Suite(.enabled(if: BusUnderTest.kafkaBrokers != nil), .timeLimit(.minutes(2)))
struct KafkaBusTests {
    let topic = Topic.alertCommands
    let group = ConsumerGroup("group")

    private func settings(partitionCount: Int) throws -> KafkaSettings {
        KafkaSettings.test(brokers: try #require(BusUnderTest.kafkaBrokers), partitionCount: partitionCount)
    }

    @Test func createsTopicsOnce() async throws {
        var settings = try settings(partitionCount: 3)
        let bus = try KafkaBus(settings: settings, logger: .test)
        try await bus.createTopics()
        try await bus.createTopics()
        await bus.close()

        settings.partitionCount = 4
        let greedy = try KafkaBus(settings: settings, logger: .test)
        let refused = await #expect(throws: KafkaError.self) { try await greedy.createTopics() }
        #expect(refused?.code == .misconfigured)
        #expect(refused?.detail.hasSuffix("-inbound-requests has 3 partitions; there have to be 4") == true)
        let unpublished = await #expect(throws: KafkaError.self) {
            try await greedy.publish([OutgoingMessage(key: "k", body: "")], to: topic)
        }
        #expect(unpublished?.code == .misconfigured)
        await greedy.close()

        settings.partitionCount = 2
        let modest = try KafkaBus(settings: settings, logger: .test)
        try await modest.createTopics()
        await modest.close()
    }

    /// The process is killed, and comes back under its name before its session has ended.
    /// A log that was cut and has grown beyond the reader's place again, as is seen by the message before it:
    /// everything that may be another one is read. Stood for by two logs, each of them read from the place in the
    /// other.
    @Test func aLogWithOtherMessagesIsReadAgain() async throws {
        let brokers = try #require(BusUnderTest.kafkaBrokers)
        let marks = try await withFeed(brokers, bodies: 0..<20) { feed in
            try await feed.start(at: 0)
            var found: [Message] = []
            while found.count < 20, let batch = try await feed.next(max: 100) { found += batch }
            #expect(feed.mark(before: 0) == nil)
            feed.commit(next: 15)
            #expect(feed.mark(before: 3) == nil, "nobody asks for it any more")
            return (before: feed.mark(before: 15), last: feed.mark(before: 20))
        }
        try await Task.sleep(for: .milliseconds(2))  // Other messages have other times.
        let last = try #require(marks.last)
        #expect(marks.before?.hasPrefix("14@") == true && last.hasPrefix("19@"))
        try await withFeed(brokers, bodies: 100..<130) { feed in
            try await feed.start(at: 20, after: last)
            await #expect(throws: LogCut(end: 0, position: 20)) { try await feed.next(max: 100) }
            var found: [String] = []
            while found.count < 30, let batch = try await feed.next(max: 100) { found += batch.map(\.body) }
            #expect(found == (100..<130).map(String.init))
            // The same log: nothing is read again.
            let mark = try #require(feed.mark(before: 25))
            try await feed.start(at: 25, after: mark)
            #expect(try await feed.next(max: 100)?.map(\.offset) == [25, 26, 27, 28, 29])
        }
    }

    /// Gives `body` the feed of a topic of one partition that has messages of these numbers.
    private func withFeed<T>(
        _ brokers: String, bodies: Range<Int>, _ body: (any PartitionFeed) async throws -> T
    ) async throws -> T {
        let bus = try KafkaBus(settings: .test(brokers: brokers, partitionCount: 1), logger: .test)
        try await bus.createTopics([.alertCommands])
        try await bus.publish(bodies.map { OutgoingMessage(key: "k", body: "\($0)") }, to: .alertCommands)
        let subscription = try await bus.subscribe(to: [.alertCommands], as: ConsumerGroup("g"))
        var feeds = subscription.assignments.makeAsyncIterator()
        let feed = try #require(await feeds.next())
        let result = try await body(feed)
        feed.release()
        await subscription.close()
        await bus.close()
        return result
    }

    @Test func givesAStaticMemberItsPartitionsBackAtOnce() async throws {
        var settings = try settings(partitionCount: 4)
        let bus = try KafkaBus(settings: settings, logger: .test)
        try await bus.createTopics()
        settings.sessionTimeout = .seconds(30)
        settings.instanceID = "one"
        let mortal = try MortalMember(settings: settings, group: group, topic: topic)
        try await eventually("all to the first") { mortal.ownedCount == 4 }
        settings.instanceID = "two"
        let witness = try KafkaBus(settings: settings, logger: .test)
        let other = Reader(of: try await witness.subscribe(to: [topic], as: group))
        try await eventually("two each") {
            let count = await other.owned.count
            return count == 2 && mortal.ownedCount == 2
        }
        let (kept, lost) = (await other.owned, mortal.partitions)
        mortal.die()

        settings.instanceID = "one"
        let restarted = try KafkaBus(settings: settings, logger: .test)
        let start = ContinuousClock.now
        let reader = Reader(of: try await restarted.subscribe(to: [topic], as: group))
        try await eventually("its partitions", within: .seconds(10)) { await reader.owned == lost }
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(await other.owned == kept)
        await reader.close()
        await other.close()
        await restarted.close()
        await witness.close()
        await bus.close()
    }

    /// Two processes with one instance id: the older one is told, and ends.
    @Test func fencesTheOlderOfTwoWithOneName() async throws {
        var settings = try settings(partitionCount: 1)
        let bus = try KafkaBus(settings: settings, logger: .test)
        try await bus.createTopics()
        settings.instanceID = "one"
        let static1 = try KafkaBus(settings: settings, logger: .test)
        let older = Reader(of: try await static1.subscribe(to: [topic], as: group))
        try await eventually("an assignment") { await older.owned == [0] }
        let newer = Reader(of: try await static1.subscribe(to: [topic], as: group))
        try await eventually("the older one is told") { await !older.failures.isEmpty }
        #expect(await older.failures.first as? KafkaError != nil)
        #expect((await older.failures.first as? KafkaError)?.code == .fenced)
        await older.close()
        await newer.close()
        await static1.close()
        await bus.close()
    }
}

/// What needs no broker.
struct KafkaBusOfflineTests {
    @Test func saysWhoDoesNotAnswer() async throws {
        var settings = KafkaSettings(brokers: ["127.0.0.1:1", "127.0.0.1:2"], partitionCount: 1)
        settings.publishTimeout = .seconds(1)
        let bus = try KafkaBus(settings: settings, logger: .test)
        let start = ContinuousClock.now
        let unready = await #expect(throws: KafkaError.self) { try await bus.checkReadiness() }
        #expect(unready?.isRetryable == true)
        #expect(unready?.detail.contains("127.0.0.1:1, 127.0.0.1:2") == true)
        let unpublished = await #expect(throws: KafkaError.self) {
            try await bus.publish([OutgoingMessage(key: "k", body: "")], to: .alertEvents)
        }
        #expect(unpublished?.isRetryable == true)
        let subscription = try await bus.subscribe(to: [.alertEvents], as: ConsumerGroup("group"))
        await subscription.close()
        await bus.close()
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test func namesAllThatIsWrongWithSettings() throws {
        var settings = KafkaSettings(brokers: [], partitionCount: 0, replicationFactor: 0)
        settings.sessionTimeout = .seconds(46)
        settings.publishTimeout = .zero
        settings.messageBytesMax = 0
        #expect(settings.problems.count == 6)
        #expect(throws: KafkaError.self) { try KafkaBus(settings: settings, logger: .test) }
    }

    @Test func refusesAnUnknownProperty() throws {
        var settings = KafkaSettings(brokers: ["127.0.0.1:1"], partitionCount: 1)
        settings.extraProperties = ["security.protocoll": "ssl"]
        let error = #expect(throws: KafkaError.self) { try KafkaBus(settings: settings, logger: .test) }
        #expect(error?.code == .misconfigured)
        #expect(error?.detail.contains("security.protocoll") == true)
    }
}
