import AlertCore
import Foundation
import Messaging
import Persistence
import SQLiteDatabase
import TestSupport
import Testing

@testable import API

/// How an administrator raises the number of partitions.
@Suite(.inTurn)
struct PartitionRaiseRouteTests {
    private static let origin = Origin(actor: "mary", causation: "rest-1", correlation: "1")

    @Test func raisesAndShowsTheSchedule() async throws {
        try await ConsoleWorld.run { world in
            try await world.database.transaction { try PartitionSchedules($0).begin(with: 4, at: world.clock.now) }
            let answer = try await world.call("POST", "/partitions", ["count": 8])
            #expect(answer.status == 202)
            #expect(try answer.json["count"] == 8)
            let shown = try await world.call("GET", "/partitions").json
            #expect(shown["isPending"] == false)
            #expect(shown["generations"]?.array?.map { $0["count"]?.integer } == [4, 8])
            #expect(shown["generations"]?.array?.map { $0["by"]?.string } == [nil, "admin"])
            let events = try await world.database.reading {
                try EventLog($0).read(streams: ["config-partitions-topics"])
            }
            #expect(events.map(\.origin.actor) == ["admin"])
        }
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let body: JSONValue
        let status: Int
        let says: String
    }

    @Test(arguments: [
        Case(testDescription: "nothing", body: [:], status: 400, says: "count"),
        Case(testDescription: "a text", body: ["count": "many"], status: 400, says: "count"),
        Case(testDescription: "fewer", body: ["count": 3], status: 400, says: "cannot be lowered"),
        Case(testDescription: "as many", body: ["count": 4], status: 400, says: "as many as there are"),
        Case(testDescription: "too many", body: ["count": 257], status: 400, says: "256"),
    ])
    func refuses(_ row: Case) async throws {
        try await ConsoleWorld.run { world in
            try await world.database.transaction { try PartitionSchedules($0).begin(with: 4, at: world.clock.now) }
            let answer = try await world.call("POST", "/partitions", row.body)
            #expect(answer.status == row.status)
            #expect(answer.body.contains(row.says), "\(answer.body)")
            let rows = try await world.database.reading { try PartitionSchedules($0).rows() }
            #expect(rows.map(\.count) == [4])
        }
    }

    /// The topics come first; new ids wait until readers have had time to see them, and so does the next raise.
    @Test func givesReadersTimeAndRefusesASecondRaiseMeanwhile() async throws {
        let database = try SQLiteDatabase(path: ":memory:")
        try await Migrator.bundled().run(on: database)
        try await database.transaction { try PartitionSchedules($0).begin(with: 4, at: Timestamp(milliseconds: 0)) }
        let bus = BusOfTopics(partitions: Partitions(4))
        let clock = ConsoleClock()
        let raise = PartitionRaise(bus: bus, database: database, now: { clock.now })
        bus.isAway = true
        let away = await #expect(throws: RestError.self) { _ = try await raise.carryOut(to: 8, by: Self.origin) }
        #expect(away?.code == 503)
        #expect(try await database.reading { try PartitionSchedules($0).rows().count } == 1)
        bus.isAway = false
        let rows = try await raise.carryOut(to: 8, by: Self.origin)
        #expect(bus.count == 8)
        #expect(rows.last?.since == clock.now.advanced(by: bus.settlingTime))
        clock.advance(by: .seconds(29))
        let pending = await #expect(throws: RestError.self) { _ = try await raise.carryOut(to: 16, by: Self.origin) }
        #expect(pending?.code == 409)
        #expect(bus.count == 8)
        clock.advance(by: .seconds(1))
        #expect(try await raise.carryOut(to: 16, by: Self.origin).map(\.count) == [4, 8, 16])
        await database.close()
    }
}

/// Has topics, and nobody publishes.
private final class BusOfTopics: MessageBus, @unchecked Sendable {  // used by one task
    let partitions: Partitions
    let settlingTime = Duration.seconds(30)
    var isAway = false
    private(set) var count = 4

    init(partitions: Partitions) { self.partitions = partitions }

    func addPartitions(upTo count: Int) async throws {
        if isAway { throw FlakyBus.Outage() }
        self.count = count
    }

    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {}
    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        throw StoreError(.invalid, "nobody reads this bus")
    }
    func checkReadiness() async throws {}
    func close() async {}
}
