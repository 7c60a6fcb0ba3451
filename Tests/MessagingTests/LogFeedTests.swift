import AlertCore
import Foundation
import Logging
import Persistence
import TestSupport
import Testing

@testable import Messaging

/// Consumers of a topic that repeats the event log: whatever the broker does, each event is taken once, in order.
@Suite(.timeLimit(.minutes(1)))
struct LogFeedTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let realTime: Clock = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    private static let group = ConsumerGroup("notifier")
    private static let partition = LogPartition(Alert.category, 0)

    private struct World {
        let database: any SQLDatabase
        let table: EmbeddedBus
        let broker: FlakyBus
        let bus: SpoolingBus

        init(_ backend: Backend) async throws {
            database = try await backend.makeDatabase()
            table = EmbeddedBus(database: try await Backend.sqlite.makeDatabase(), partitionCount: 1)
            broker = FlakyBus(table)
            bus = SpoolingBus(
                broker, database: database,
                settings: SpoolSettings(patience: .milliseconds(200), pulse: .milliseconds(20), lease: .seconds(2)),
                now: realTime, logger: silent)
        }

        func record(_ alerts: Range<Int>) async throws {
            let encoded = try EventCodec<Alert.Event>.encode(
                .suspended(
                    by: PersonReference(id: "p", targetName: "p", firstName: "P", lastName: "P"),
                    at: Timestamp(milliseconds: 1)), category: Alert.category)
            try await database.transaction { connection in
                for alert in alerts {
                    try EventLog(connection).record(
                        type: encoded.type, data: encoded.data, on: "alert-\(alert)", in: partition,
                        origin: Origin(actor: "t", causation: "c", correlation: "r"), at: realTime())
                }
            }
        }

        /// As the relay does, from where it is.
        func relay(_ positions: ClosedRange<Int64>) async throws {
            let events = try await database.reading { connection in
                try EventLog(connection).read(partition, after: positions.lowerBound - 1, limit: positions.count)
            }
            try await table.publish(
                try events.map { event in
                    let outgoing = try AlertEventMessage.outgoing(of: event)
                    return OutgoingMessage(
                        key: outgoing.key, body: outgoing.body,
                        headers: [LogRelay.positionHeader: String(event.position)])
                }, to: .alertEvents)
        }

        /// Consumes until `body` is done.
        func consuming(
            _ topics: [Topic] = [.alertEvents], _ body: (Events) async throws -> Void
        ) async throws {
            let events = Events()
            let loop = Task { [bus, database] in
                try await PartitionLoop(of: topics, as: group, bus: bus, logger: silent) { feed in
                    guard feed.topic == .alertEvents else { return }
                    try await ConsumerLoop(
                        events, feed: feed, as: group, database: database, now: realTime, logger: silent
                    ).run()
                }.run()
            }
            try await body(events)
            loop.cancel()
            _ = await loop.result
        }

        func end() async {
            await bus.close()
            await database.close()
        }
    }

    /// The broker has lost the fourth to the sixth of nine events, and repeats the second.
    @Test(arguments: Backend.available)
    func whatTheBrokerLostIsReadFromTheLog(on backend: Backend) async throws {
        let world = try await World(backend)
        try await world.record(1..<10)
        try await world.relay(1...3)
        try await world.relay(2...2)
        try await world.relay(7...9)
        try await world.consuming { events in
            try await eventually("all events") { events.alerts.count >= 9 }
            #expect(events.alerts == (1...9).map(String.init))
        }
        // Whoever takes over begins where the one before has ended, without asking the broker's offsets.
        try await world.record(10..<12)
        try await world.relay(10...11)
        try await world.consuming { events in
            try await eventually("the rest") { events.alerts.count >= 2 }
            #expect(events.alerts == ["10", "11"])
        }
        await world.end()
    }

    /// What a group has published of what it had read can be lost with a broker, and its process dead: whoever takes
    /// over does it again. A group that publishes nothing goes on where it was.
    @Test(arguments: Backend.available)
    func whoPassesOnBeginsAgainWhereTheBrokerWasInDoubt(on backend: Backend) async throws {
        let world = try await World(backend)
        try await world.record(1..<4)
        try await world.relay(1...3)
        let passingOn = [Topic.alertEvents, .webhookDeliveries]
        try await world.consuming(passingOn) { events in
            try await eventually("all events") { events.alerts.count == 3 }
        }
        #expect(try await world.bus.doubtfulSince() == nil)
        world.broker.mood = .away
        world.broker.mood = .there
        try await eventually("the doubt is written down") { try await world.bus.doubtfulSince() != nil }
        try await world.consuming(passingOn) { events in
            try await eventually("again") { events.alerts == ["1", "2", "3"] }
        }
        try await world.record(4..<5)
        try await world.relay(4...4)
        try await world.consuming { events in
            try await eventually("the new one") { events.alerts == ["4"] }
        }
        await world.end()
    }

    /// A message without a position in its headers is placed by its body.
    @Test func anOlderRelayIsUnderstood() async throws {
        let world = try await World(.sqlite)
        try await world.record(1..<4)
        let events = try await world.database.reading { try EventLog($0).read(Self.partition, after: 0, limit: 3) }
        try await world.table.publish(
            try events.map { try AlertEventMessage.outgoing(of: $0) }, to: .alertEvents)
        try await world.consuming { seen in
            try await eventually("all events") { seen.alerts.count >= 3 }
            #expect(seen.alerts == ["1", "2", "3"])
        }
        await world.end()
    }

    /// While no broker answers, the log is read; what the relay publishes later is known then.
    @Test(arguments: Backend.available)
    func withoutABrokerTheLogIsRead(on backend: Backend) async throws {
        let world = try await World(backend)
        try await world.record(1..<4)
        try await world.relay(1...3)
        try await world.consuming { events in
            try await eventually("before") { events.alerts.count == 3 }
            world.broker.mood = .away
            try await world.record(4..<8)
            try await eventually("meanwhile") { events.alerts.count == 7 }
            world.broker.mood = .there
            try await world.relay(4...7)
            try await world.record(8..<9)
            try await world.relay(8...8)
            try await eventually("after") { events.alerts.count >= 8 }
            #expect(events.alerts == (1...8).map(String.init))
        }
        await world.end()
    }
}

/// Remembers the alerts whose events it has been given.
private final class Events: MessageHandler, @unchecked Sendable {  // `all` under `lock` only
    typealias Payload = AlertEventMessage
    private let lock = NSLock()
    private var all: [String] = []

    var alerts: [String] { lock.withLock { all } }

    func effects(of messages: [Received<AlertEventMessage>], partition: Int) async throws -> Effects {
        lock.withLock { all += messages.map(\.payload.alert) }
        return .none
    }
}
