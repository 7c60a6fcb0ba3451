import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import WebhookDispatcher

/// Deliveries to one integration, of alerts that began before the partitions were raised and of others after it.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct LaneGenerationTests {
    static let raises = [5, 16]

    /// Ids of alerts whose lanes lie in different partitions, by generation; the first as an earlier version made them.
    private static let alerts =
        [DerivedID.uuid("alert", "old")]
        + (1...2).map { generation in
            DerivedID.stamped(
                at: Timestamp(milliseconds: 1_700_000_000_000), generation: generation,
                chance: [UInt8](repeating: 3, count: 8))
        }

    /// An integration whose lane lies in another partition in each generation.
    private static let integration = (0...).lazy.map { "integration-\($0)" }.first { id in
        Set(([RedriveWorld.partitions] + raises).map { Partitioning.partition(of: id, count: $0) }).count == 3
    }!

    private static let lanes = ([RedriveWorld.partitions] + raises).map {
        Partitioning.partition(of: integration, count: $0)
    }

    /// The log partition that each alert's deliveries are in, and where their due work waits.
    private func places(_ world: RedriveWorld, kind: String? = nil) async throws -> [String: Set<Int>] {
        let rows = try await world.rows(Self.integration)
        var places: [String: Set<Int>] = [:]
        for row in rows {
            let found = try await world.database.reading { connection in
                if let kind {
                    return try connection.execute(
                        "SELECT partition_number FROM due_work WHERE kind = \(kind) AND id = \(row.id)"
                    ).map { Int($0.integer(0)) }
                }
                return try EventLog(connection).read(streams: ["delivery-\(row.id)"]).map {
                    Int($0.partition.dropFirst("delivery/".count)) ?? -1
                }
            }
            places[row.alert, default: []].formUnion(found)
        }
        return places
    }

    private var expected: [String: Set<Int>] {
        Dictionary(uniqueKeysWithValues: zip(Self.alerts, Self.lanes.map { [$0] }))
    }

    /// First attempts, what is sent again by an order, and replays: all of an alert in one lane.
    @Test(arguments: Backend.available)
    func allOfAnAlertGoesThroughOneLane(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend, raises: Self.raises)
        try await world.put(Self.integration, path: "/fail/12")
        try await world.running {
            for (number, alert) in Self.alerts.enumerated() { try await world.addAlert(alert, Int64(number)) }
            try await eventually("dead letters") {
                try await world.statuses(Self.integration) == Array(repeating: .exhausted, count: 12)
            }
        }
        #expect(try await places(world) == expected)
        let redrive = DeliveryOrder.redrive(by: RedriveWorld.mary, cause: "test")
        #expect(try await world.order(redrive) { $0.statuses = [.exhausted] } == 12)
        #expect(try await places(world, kind: DeliveryOrders.dueKind) == expected)
        try await world.replay("again", to: Self.integration, includesSent: true)
        try await world.running {
            try await eventually("redriven and replayed", within: .seconds(60)) {
                try await world.statuses(Self.integration) == Array(repeating: .delivered, count: 24)
            }
        }
        #expect(try await places(world) == expected)
        let arrived = try await world.arrived("/fail/12")
        for number in Self.alerts.indices {
            #expect(arrived[Int64(number)]?.count == 12)
            #expect(arrived[Int64(number)].map { Array($0.prefix(4)) } == RedriveWorld.inOrder)
        }
        await world.close()
    }

    @Test(arguments: Backend.available)
    func theSweepGivesThemBackToTheirLanes(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend, raises: Self.raises)
        try await world.put(Self.integration, path: "/fail/99", schedule: [3600])
        try await world.running {
            for (number, alert) in Self.alerts.enumerated() { try await world.addAlert(alert, Int64(number)) }
            try await eventually("parked") {
                try await world.statuses(Self.integration) == Array(repeating: .parked, count: 12)
            }
        }
        try await world.database.transaction { connection in
            try connection.execute("DELETE FROM due_work WHERE kind = \(DeliveryWriter.dueKind)")
        }
        let at = world.now().advanced(by: .seconds(120))
        let healed = try await DeliverySweep(
            database: world.database, partitions: world.bus.partitions, now: { at }, logger: RedriveWorld.silent
        ).sweep()
        #expect(healed.count == 3, "the first of each alert")
        #expect(try await places(world, kind: DeliveryWriter.dueKind) == expected)
        await world.close()
    }

    /// One lane has known nothing but failures, and another has delivered meanwhile: nothing is taken out of service.
    @Test(arguments: Backend.available)
    func anIntegrationIsInServiceWhileOneOfItsLanesDelivers(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend, raises: Self.raises)
        try await world.put(Self.integration, path: "/ok")
        try await world.running {
            try await world.addAlert(Self.alerts[1], 1)
            try await eventually("delivered") {
                try await world.statuses(Self.integration) == Array(repeating: .delivered, count: 4)
            }
        }
        let delivered = try await world.rows(Self.integration)
        let last = try #require(delivered.map(\.updatedAt).max())
        let earlier = last.advanced(by: .seconds(-3600))
        for (since, isDisabled) in [(earlier, false), (last, true)] {
            let record = try failed(alert: Self.alerts[0], since: since, at: world.now())
            try await world.database.transaction { connection in
                try DeliveryWriter(partition: Self.lanes[0]).write([record], in: connection)
            }
            let integration = try await world.database.reading {
                try Directory($0).get(Integration.self, id: Self.integration)
            }
            #expect((integration?.disabledReason != nil) == isDisabled)
        }
        await world.close()
    }

    private func failed(alert: String, since: Timestamp, at now: Timestamp) throws -> DeliveryRecord {
        let request = WebhookDelivery.Request(
            id: "d-\(since.milliseconds)", integration: NamedReference(id: Self.integration, name: "i"),
            trigger: .status, alert: alert, alertNumber: 1, sequence: 1, payload: "{}", correlation: "r")
        let events = try WebhookDelivery.decide(Timed(.request(request), at: now), WebhookDelivery.initial)
        return DeliveryRecord(
            request: request, events: events,
            state: events.reduce(WebhookDelivery.initial, WebhookDelivery.evolve), version: Version(events.count),
            at: now, due: nil, releasesNext: false, disables: Disabling(reason: "it fails", failingSince: since),
            failures: .ended)
    }
}
