import AlertCore
import Foundation
import Logging
import Persistence
import TestSupport
import Testing

@testable import Messaging

/// Messages while the broker is away: none is lost, none overtakes another, and their consumers get them.
@Suite(.timeLimit(.minutes(1)))
struct SpoolingBusTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let realTime: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    /// One installation: a broker, a database, and any number of processes on them.
    private struct World {
        let database: any SQLDatabase
        let disk: any SQLDatabase
        let table: EmbeddedBus
        let broker: FlakyBus

        init(_ backend: Backend) async throws {
            database = try await backend.makeDatabase()
            disk = try await Backend.sqlite.makeDatabase()
            table = EmbeddedBus(database: disk, partitionCount: 2)
            broker = FlakyBus(table)
        }

        func bus(limit: Int = 1000, patience: Duration = .seconds(60)) -> SpoolingBus {
            SpoolingBus(
                broker, database: database,
                settings: SpoolSettings(
                    limits: Spool.Limits(messages: limit, bytes: 1_000_000), patience: patience,
                    pulse: .milliseconds(20), lease: .seconds(2)), now: realTime, logger: silent)
        }

        func spooled() async throws -> Int { try await database.reading { try Spool($0).content().count } }

        /// The broker is no longer what it was: of each partition, it has the messages before `offset`.
        func forget(from offset: Int64) async throws {
            try await disk.transaction { connection in
                try connection.execute("DELETE FROM bus_messages WHERE message_offset >= \(offset)")
                try connection.execute(
                    "UPDATE bus_partitions SET next_offset = \(offset) WHERE next_offset > \(offset)")
            }
            table.forgetPublished()
        }

        func end(_ buses: SpoolingBus...) async {
            for bus in buses { await bus.close() }
            await database.close()
        }
    }

    /// What arrives at the broker, by key.
    private func arrived(_ bus: any MessageBus, _ topic: Topic, count: Int) async throws -> [String: [String]] {
        let subscription = try await bus.subscribe(to: [topic], as: ConsumerGroup("reader"))
        let reader = Reader(of: subscription)
        try await eventually("\(count) messages at the broker") { await reader.count >= count }
        await reader.close()
        return await Dictionary(grouping: reader.messages, by: \.key).mapValues { $0.map(\.body) }
    }

    private func message(_ key: String, _ body: Int) -> OutgoingMessage {
        OutgoingMessage(key: key, body: String(body), headers: ["n": String(body)])
    }

    @Test(arguments: Backend.available)
    func aBrokerThatIsThereGetsEverything(on backend: Backend) async throws {
        let world = try await World(backend)
        let bus = world.bus()
        try await bus.publish((0..<10).map { message("k", $0) }, to: .alertCommands)
        #expect(world.broker.published == 10)
        #expect(try await world.spooled() == 0)
        #expect(bus.degradation == nil)
        await world.end(bus)
    }

    /// Two processes publish for some keys each, and both drain: once the broker is back, everything arrives, each
    /// key's messages in their order, and nothing twice.
    @Test(arguments: Backend.available)
    func whatIsSpooledFollowsInOrderAndOnce(on backend: Backend) async throws {
        let world = try await World(backend)
        let buses = [world.bus(), world.bus()]
        world.broker.mood = .away
        let publishing = Task {
            await withTaskGroup(of: Void.self) { tasks in
                for key in 0..<6 {
                    tasks.addTask {
                        for body in 0..<60 {
                            _ = try? await buses[key % 2].publish([message("k\(key)", body)], to: .alertCommands)
                            try? await Task.sleep(for: .milliseconds(4))
                        }
                    }
                }
            }
        }
        try await eventually("something is spooled") { try await world.spooled() > 20 }
        #expect(buses[0].degradation?.contains("away") == true)
        world.broker.mood = .there  // while they go on
        await publishing.value
        let found = try await arrived(world.table, .alertCommands, count: 360)
        for key in 0..<6 { #expect(found["k\(key)"] == (0..<60).map(String.init), "k\(key)") }
        try await eventually("the spool is empty") { try await world.spooled() == 0 }
        try await eventually("all is well again") { buses.allSatisfy { $0.degradation == nil } }
        await world.end(buses[0], buses[1])
    }

    /// The broker has the message, and nobody knows: it comes a second time, after the first.
    @Test(arguments: Backend.available)
    func whatIsInDoubtComesAgain(on backend: Backend) async throws {
        let world = try await World(backend)
        let bus = world.bus()
        world.broker.mood = .silent
        try await bus.publish([message("k", 1)], to: .inboundRequests)
        world.broker.mood = .there
        try await bus.publish([message("k", 2)], to: .inboundRequests)
        let found = try await arrived(world.table, .inboundRequests, count: 3)
        #expect(found["k"] == ["1", "1", "2"])
        await world.end(bus)
    }

    @Test(arguments: Backend.available)
    func aFullSpoolRefusesRequestsBeforeTheSystemsOwnMessages(on backend: Backend) async throws {
        let world = try await World(backend)
        let bus = world.bus(limit: 5)
        world.broker.mood = .away
        try await bus.publish((0..<5).map { message("k", $0) }, to: .inboundRequests)
        await #expect(throws: SpoolFull.self) { try await bus.publish([message("k", 5)], to: .inboundRequests) }
        try await bus.publish((0..<5).map { message("k", $0) }, to: .alertCommands)
        await #expect(throws: SpoolFull.self) { try await bus.publish([message("k", 5)], to: .alertCommands) }
        #expect(try await world.spooled() == 10)
        await world.end(bus)
    }

    /// The broker confirms two messages and loses them before anybody reads them: whoever has sent them sends them
    /// again, and offsets that are given a second time are read a second time.
    @Test(arguments: Backend.available)
    func whatTheBrokerLosesIsSentAgain(on backend: Backend) async throws {
        let world = try await World(backend)
        let bus = world.bus()
        let seen = Seen()
        let group = ConsumerGroup("g")
        func consume() -> Task<Void, any Error> {
            Task {
                try await PartitionLoop(of: [.alertCommands], as: group, bus: bus, logger: Self.silent) { feed in
                    try await ConsumerLoop(
                        seen, feed: feed, as: group, database: world.database, now: Self.realTime, logger: Self.silent
                    ).run()
                }.run()
            }
        }
        try await bus.publish((0..<5).map { message("a", $0) }, to: .alertCommands)
        let first = consume()
        try await eventually("before") { seen.count == 5 }
        first.cancel()
        _ = await first.result
        try await bus.publish((5..<7).map { message("a", $0) }, to: .alertCommands)
        try await world.forget(from: 3)
        let second = consume()
        try await eventually("what was lost") { Set(seen.bodies(of: "a")).isSuperset(of: 0..<7) }
        try await bus.publish([message("a", 7)], to: .alertCommands)
        try await eventually("what comes then") { seen.bodies(of: "a").last == 7 }
        try await eventually("a word of it") {
            bus.degradation?.contains("lost messages of alert-commands/") == true
        }
        second.cancel()
        _ = await second.result
        await world.end(bus)
    }

    /// The broker goes away at once after it has confirmed something, and has lost it when it is back: it is sent
    /// again, before what was published since.
    @Test(arguments: Backend.available)
    func whatAnInterruptedBrokerHadConfirmedComesFirst(on backend: Backend) async throws {
        let world = try await World(backend)
        let bus = world.bus()
        try await bus.publish((0..<5).map { message("a", $0) }, to: .alertCommands)
        world.broker.mood = .away
        try await bus.publish((5..<8).map { message("a", $0) }, to: .alertCommands)
        try await world.forget(from: 2)
        #expect(try await world.spooled() == 8)
        world.broker.mood = .there
        try await bus.publish([message("a", 8)], to: .alertCommands)
        let found = try await arrived(world.table, .alertCommands, count: 11)
        #expect(found["a"] == ([0, 1] + (0..<9)).map(String.init))
        await world.end(bus)
    }

    /// A broker that is away for long: the consumer gets what was published before, meanwhile and after, in the order
    /// of each key. What was published shortly before comes again, as it may have been read or not.
    @Test(arguments: Backend.available)
    func consumersAreServedFromTheDatabase(on backend: Backend) async throws {
        let world = try await World(backend)
        let bus = world.bus(patience: .milliseconds(200))
        let seen = Seen()
        let group = ConsumerGroup("g")
        let loop = Task {
            try await PartitionLoop(of: [.alertCommands], as: group, bus: bus, logger: Self.silent) { feed in
                try await ConsumerLoop(
                    seen, feed: feed, as: group, database: world.database, now: Self.realTime, logger: Self.silent
                ).run()
            }.run()
        }
        func publish(_ bodies: Range<Int>) async throws {
            for body in bodies {
                try await bus.publish([message("a", body), message("b", body)], to: .alertCommands)
            }
        }
        try await publish(0..<20)
        try await eventually("before") { seen.firsts(of: "a").count == 20 && seen.firsts(of: "b").count == 20 }
        world.broker.mood = .away
        try await publish(20..<40)
        try await eventually("meanwhile") { seen.firsts(of: "a").count == 40 && seen.firsts(of: "b").count == 40 }
        #expect(world.broker.published == 40, "nothing has been near the broker")
        world.broker.mood = .there
        try await publish(40..<60)
        try await eventually("after") { seen.firsts(of: "a").count == 60 && seen.firsts(of: "b").count == 60 }
        try await eventually("the spool is empty") { try await world.spooled() == 0 }
        for key in ["a", "b"] {
            #expect(seen.firsts(of: key) == Array(0..<60), "\(key)")
            #expect(seen.bodies(of: key).filter { $0 >= 20 }.count == 40, "nothing else of \(key) comes again")
        }
        loop.cancel()
        _ = await loop.result
        await world.end(bus)
    }
}

/// Remembers what it has been given.
private final class Seen: MessageHandler, @unchecked Sendable {  // `all` under `lock` only
    typealias Payload = Int
    private let lock = NSLock()
    private var all: [(key: String, body: Int)] = []

    var count: Int { lock.withLock { all.count } }

    func bodies(of key: String) -> [Int] { lock.withLock { all.filter { $0.key == key }.map(\.body) } }

    /// Each body once, in the order of its first arrival.
    func firsts(of key: String) -> [Int] {
        var known: Set<Int> = []
        return bodies(of: key).filter { known.insert($0).inserted }
    }

    func effects(of messages: [Received<Int>], partition: Int) async throws -> Effects {
        lock.withLock { all += messages.map { ($0.message.key, $0.payload) } }
        return .none
    }
}
