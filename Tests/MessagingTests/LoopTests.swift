import AlertCore
import Foundation
import Logging
import Messaging
import Persistence
import TestSupport
import Testing

/// A handler that appends one event for each message.
private struct Recording: MessageHandler {
    struct Payload: Codable, Sendable { var name: String }

    func effects(of messages: [Received<Payload>], partition: Int) async throws -> Effects {
        Effects { connection in
            for message in messages {
                try EventLog(connection).record(
                    type: "test.seen", data: "{}", on: "test-\(message.payload.name)", in: LogPartition("test", 0),
                    origin: Origin(actor: "t", causation: "c", correlation: "r"), at: Timestamp(milliseconds: 1))
            }
            return {}
        }
    }
}

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

private func message(_ name: String) -> OutgoingMessage {
    OutgoingMessage(key: name, body: #"{"name":"\#(name)"}"#)
}

private func streams(in database: any SQLDatabase) async throws -> [String] {
    try await database.reading { try EventLog($0).read(LogPartition("test", 0), after: 0, limit: 100).map(\.stream) }
}

@Suite(.timeLimit(.minutes(1)))
struct LoopTests {
    let clock = TestClock()

    /// Runs the loop on the only partition of a fresh bus until `body` is done.
    private func running(
        _ database: any SQLDatabase, loopDatabase: any SQLDatabase, _ body: (EmbeddedBus) async throws -> Void
    ) async throws {
        let bus = EmbeddedBus(database: database, partitionCount: 1)
        let group = ConsumerGroup("g")
        let subscription = try await bus.subscribe(to: [.alertCommands], as: group)
        let loop = Task {
            for await feed in subscription.assignments {
                try await ConsumerLoop(
                    Recording(), feed: feed, as: group, database: loopDatabase, now: clock.clock, logger: silent
                ).run()
            }
        }
        try await body(bus)
        await subscription.close()
        try await loop.value
    }

    /// The first transactions fail, before their commit or after it. Either way the loop goes on, and each message
    /// has led to one event. The fence shows that the loop is done.
    @Test(arguments: Backend.available, FaultyDatabase.Fault.allCases)
    func handlesEachMessageOnce(on backend: Backend, despite fault: FaultyDatabase.Fault) async throws {
        let database = try await backend.makeDatabase()
        let faulty = FaultyDatabase(database, faults: [fault, fault])
        try await running(database, loopDatabase: faulty) { bus in
            try await bus.publish([message("a"), message("b")], to: .alertCommands)
            try await eventually { try await streams(in: database).count == 2 }
            try await bus.publish([message("fence")], to: .alertCommands)
            try await eventually { try await streams(in: database).last == "test-fence" }
        }
        #expect(try await streams(in: database) == ["test-a", "test-b", "test-fence"])
        await database.close()
    }

    @Test(arguments: Backend.available)
    func putsAsideWhatCannotBeUnderstood(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        try await running(database, loopDatabase: database) { bus in
            let bad = OutgoingMessage(key: "k", body: "no json")
            try await bus.publish([message("a"), bad, message("b")], to: .alertCommands)
            try await eventually { try await streams(in: database) == ["test-a", "test-b"] }
        }
        let letters = try await database.reading { try DeadLetters($0).all(limit: 10) }
        #expect(letters.map(\.body) == ["no json"])
        #expect(letters.map(\.offset) == [1])
        await database.close()
    }

    @Test(arguments: Backend.available)
    func theRelayPublishesEverythingInOrder(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let bus = EmbeddedBus(database: database, partitionCount: 1)
        let partition = LogPartition("test", 0)
        @Sendable func record(_ name: String) async throws {
            try await database.transaction { connection in
                try EventLog(connection).record(
                    type: "test.seen", data: "{}", on: "test-\(name)", in: partition,
                    origin: Origin(actor: "t", causation: "c", correlation: "r"), at: Timestamp(milliseconds: 1))
            }
        }
        for index in 0..<20 { try await record("\(index)") }
        let signal = Signal()
        let relay = LogRelay(
            partition, to: .alertEvents, bus: bus,
            database: FaultyDatabase(database, faults: [.beforeCommit]), signal: signal, logger: silent
        ) { OutgoingMessage(key: $0.stream, body: "\($0.position)") }
        let running = Task { await relay.run() }
        try await record("last")
        signal.notify()
        let feed = try #require(await firstFeed(of: bus, .alertEvents))
        try await feed.start(at: 0)
        var bodies: [String] = []
        while !bodies.suffix(1).elementsEqual(["21"]) { bodies += try #require(await feed.next(max: 50)).map(\.body) }
        running.cancel()
        await running.value
        // The batch whose checkpoint was lost came twice; nothing is missing and nothing is out of order.
        #expect(bodies.count >= 21)
        #expect(Set(bodies).count == 21)
        var first: [String] = []
        for body in bodies where !first.contains(body) { first.append(body) }
        #expect(first == (1...21).map(String.init))
        await database.close()
    }

    private func firstFeed(of bus: EmbeddedBus, _ topic: Topic) async throws -> (any PartitionFeed)? {
        for await feed in try await bus.subscribe(to: [topic], as: ConsumerGroup("reader")).assignments { return feed }
        return nil
    }

    @Test(arguments: Backend.available)
    func dueWorkIsDoneAtItsTimeAndAgainWhenItsWorkerFails(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let done = Done()
        let clock = clock
        try await database.transaction { connection in
            try DueWork(connection).schedule(
                "later", kind: "k", partition: 0, payload: "", at: clock.now.advanced(by: .seconds(100)))
            try DueWork(connection).schedule("now", kind: "k", partition: 0, payload: "", at: clock.now)
        }
        let signal = Signal()
        let loop = DueWorkLoop(
            kind: "k", partition: 0, lease: .seconds(10), database: database, signal: signal, now: clock.clock,
            logger: silent
        ) { items in
            for item in items where await done.add(item.id) > 1 {
                try await database.transaction { try DueWork($0).finish([item.id], kind: "k") }
            }
        }
        let running = Task { await loop.run() }
        try await eventually { await done.count("now") == 1 }
        clock.advance(by: .seconds(11))  // the lease of the worker that did not finish it
        signal.notify()
        try await eventually { await done.count("now") == 2 }
        #expect(await done.count("later") == 0)
        clock.advance(by: .seconds(100))
        signal.notify()
        try await eventually { await done.count("later") == 1 }
        running.cancel()
        await running.value
        await database.close()
    }

    /// Without the end of a lease: the clock stands still.
    @Test(arguments: Backend.available)
    func whatCouldNotBeBegunIsTakenAgain(on backend: Backend) async throws {
        let database = try await backend.makeDatabase()
        let done = Done()
        try await database.transaction { [clock] connection in
            for id in ["finished", "failed"] {
                try DueWork(connection).schedule(id, kind: "k", partition: 0, payload: "", at: clock.now)
            }
        }
        let loop = DueWorkLoop(
            kind: "k", partition: 0, lease: .seconds(100), database: database, signal: Signal(), now: clock.clock,
            logger: silent
        ) { items in
            for item in items.sorted(by: { $0.id > $1.id }) {
                guard await done.add(item.id) > 1 || item.id == "finished" else { throw Failed() }
                try await database.transaction { try DueWork($0).finish([item.id], kind: "k") }
            }
        }
        let running = Task { await DueWorkLoop.$pollInterval.withValue(.milliseconds(10)) { await loop.run() } }
        try await eventually { await done.count("failed") == 2 }
        running.cancel()
        await running.value
        #expect(await done.count("finished") == 1)
        await database.close()
    }

    private struct Failed: Error {}
}

private actor Done {
    private var counts: [String: Int] = [:]

    func add(_ id: String) -> Int {
        counts[id, default: 0] += 1
        return counts[id, default: 0]
    }

    func count(_ id: String) -> Int { counts[id, default: 0] }
}

struct OffsetTrackerTests {
    @Test func followsTheLowestThatIsOpen() {
        var tracker = OffsetTracker(next: 10)
        for offset: Int64 in 10..<15 { tracker.begin(offset) }
        tracker.finish(12)
        tracker.finish(11)
        #expect(tracker.lowWaterMark == 10)
        tracker.finish(10)
        #expect(tracker.lowWaterMark == 13)
        tracker.finish(10)
        #expect(tracker.lowWaterMark == 13)
        tracker.finish(14)
        tracker.finish(13)
        #expect(tracker.lowWaterMark == 15 && tracker.openCount == 0)
        tracker.begin(20)  // a gap, as compaction leaves it
        #expect(tracker.lowWaterMark == 20)
        tracker.finish(20)
        #expect(tracker.lowWaterMark == 21)
    }

    @Test(arguments: 0..<100)
    func neverPassesAnOpenOffset(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var tracker = OffsetTracker(next: 0)
        var open: Set<Int64> = []
        var next: Int64 = 0
        for _ in 0..<200 {
            if Bool.random(using: &generator) {
                tracker.begin(next)
                open.insert(next)
                next += 1
            } else if let offset = open.sorted().randomElement(using: &generator) {
                tracker.finish(offset)
                open.remove(offset)
            }
            #expect(tracker.lowWaterMark == open.min() ?? next)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct PartitionRecorderTests {
    /// Messages finish in the wrong order, transactions fail in both ways: each is recorded, the checkpoint comes last.
    @Test(arguments: Backend.available, FaultyDatabase.Fault.allCases)
    func recordsEverything(on backend: Backend, despite fault: FaultyDatabase.Fault) async throws {
        let database = try await backend.makeDatabase()
        let bus = EmbeddedBus(database: database, partitionCount: 1)
        try await bus.publish((0..<50).map { message("m\($0)") }, to: .webhookDeliveries)
        let group = ConsumerGroup("g")
        let subscription = try await bus.subscribe(to: [.webhookDeliveries], as: group)
        let faulty = FaultyDatabase(database, faults: [fault, fault, fault])
        var feeds = subscription.assignments.makeAsyncIterator()
        let feed = try #require(await feeds.next())
        let recorder = PartitionRecorder<String>(
            feed: feed, as: group, database: faulty, openLimit: 10, logger: silent,
            write: { records, connection in
                for record in records {
                    try connection.execute(
                        """
                        INSERT INTO alert_numbers (reservation, number) VALUES (\(record), 1)
                        ON CONFLICT (reservation) DO NOTHING
                        """)
                }
            })
        let running = Task {
            try await recorder.run(batchLimit: 7) { messages in
                for message in messages.reversed() { recorder.finish(message.offset, with: [message.key]) }
            }
        }
        try await eventually {
            try await database.reading {
                try Checkpoint(group: "g", partition: "webhook-deliveries/0", in: $0).next()
            } == 50
        }
        await subscription.close()
        try await running.value
        let count = try await database.reading { try $0.execute("SELECT count(*) FROM alert_numbers")[0].integer(0) }
        #expect(count == 50)
        await database.close()
    }
}
