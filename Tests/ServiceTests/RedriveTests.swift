import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import WebhookDispatcher

/// What people order for deliveries, and what heals by itself; on every database.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct RedriveTests {
    let redrive = DeliveryOrder.redrive(by: RedriveWorld.mary, cause: "test")

    /// The target fails until the dead letters are there, and works when they are sent again: in order, under the same
    /// ids.
    @Test(arguments: Backend.available)
    func deadLettersAreSentAgainInOrder(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        try await world.put("i", path: "/fail/8")
        try await world.running {
            for number in 1...2 { try await world.addAlert("a\(number)", Int64(number)) }
            try await eventually("dead letters") {
                try await world.statuses("i") == Array(repeating: .exhausted, count: 8)
            }
            let failed = await world.sink.ids(at: "/fail/8")
            #expect(Set(failed).count == 8)
            #expect(try await world.order(redrive, rate: 40) { $0.statuses = [.exhausted] } == 8)
            #expect(try await world.order(redrive) { $0.statuses = [.exhausted] } == 0, "they are on their way")
            try await eventually("redriven") {
                try await world.statuses("i") == Array(repeating: .delivered, count: 8)
            }
            let again = Array(await world.sink.ids(at: "/fail/8").dropFirst(8))
            #expect(Set(again) == Set(failed) && again.count == 8)
            let arrived = try await world.arrived("/fail/8")
            #expect(arrived[1] == RedriveWorld.inOrder + RedriveWorld.inOrder)
            #expect(arrived[2] == RedriveWorld.inOrder + RedriveWorld.inOrder)
        }
        let events = try await world.events(try await world.rows("i")[0].id)
        let redriven = events.filter { if case .redriven(RedriveWorld.mary, "test", _) = $0 { true } else { false } }
        #expect(redriven.count == 1 && events.count == 7)
        #expect(try await world.database.reading { try DeliveryOrders($0).pending() } == 0)
        await world.close()
    }

    /// Crashes before and after each commit: every order is carried out, none twice.
    @Test(arguments: Backend.available, FaultyDatabase.Fault.allCases)
    func ordersSurviveFailedCommits(on backend: Backend, _ fault: FaultyDatabase.Fault) async throws {
        let world = try await RedriveWorld(backend)
        try await world.put("i", path: "/fail/4")
        try await world.running {
            try await world.addAlert("a", 1)
            try await eventually { try await world.statuses("i") == Array(repeating: .exhausted, count: 4) }
        }
        _ = try await world.order(redrive) { $0.statuses = [.exhausted] }
        let faulty = FaultyDatabase(world.database, faults: Array(repeating: fault, count: 4))
        try await world.running(try world.dispatcher(database: faulty)) {
            try await eventually("redriven", within: .seconds(120)) {
                try await world.statuses("i") == Array(repeating: .delivered, count: 4)
            }
        }
        for row in try await world.rows("i") {
            let redriven = try await world.events(row.id).filter { if case .redriven = $0 { true } else { false } }
            #expect(redriven.count == 1)
        }
        await world.close()
    }

    /// A delivery that is sent again goes before those that wait behind it, and after those before it.
    @Test(arguments: Backend.available)
    func theOrderOfAnAlertIsKept(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        try await world.put("i", path: "/fail/2", schedule: [])
        try await world.running {
            try await world.addAlert("a", 1)
            // The first two are given up by the schedule, the others go through.
            try await eventually { try await world.statuses("i") == [.exhausted, .exhausted, .delivered, .delivered] }
            try await world.put("i", path: "/fail/2") { $0.deployed = false }
            // Longer than the dispatcher's look at the directory is good for.
            try await Task.sleep(for: .milliseconds(300))
            try await world.addAlert("b", 2)
            try await eventually("skips") { try await world.rows("i").filter { $0.alert == "b" }.count == 4 }
            // Out of service: what is ordered waits, first of all the first.
            _ = try await world.order(redrive) { $0.statuses = [.exhausted] }
            try await eventually("parked") {
                let rows = try await world.rows("i").filter { $0.alert == "a" }
                return rows.prefix(2).map(\.reason) == ["disabled", "behind"]
            }
            try await world.put("i", path: "/ok")
            _ = try await world.order(redrive) { $0.statuses = [.parked] }
            try await eventually("through") {
                try await world.rows("i").filter { $0.alert == "a" }.allSatisfy { $0.status == .delivered }
            }
        }
        #expect(try await world.arrived("/ok")[1] == ["active", "suspended"])
        let skipped = try await world.rows("i").filter { $0.alert == "b" }
        #expect(skipped.map(\.status) == Array(repeating: .skipped, count: 4))
        #expect(skipped.allSatisfy { $0.reason == "notDeployed" && $0.configuration != nil })
        await world.close()
    }

    /// The first of an alert is given up: the next one goes.
    @Test(arguments: Backend.available)
    func whatIsGivenUpLetsTheNextOneGo(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        try await world.put("i", path: "/fail/1", schedule: [3600])
        try await world.running {
            try await world.addAlert("a", 1)
            try await eventually("parked") {
                try await world.rows("i").map(\.reason) == ["retry", "behind", "behind", "behind"]
            }
            let first = try await world.rows("i")[0].id
            let cancel = DeliveryOrder.cancel(by: RedriveWorld.mary, cause: "test")
            #expect(try await world.order(cancel, isCancelling: true) { $0.ids = [first] } == 1)
            try await eventually("the others") {
                try await world.statuses("i") == [.cancelled, .delivered, .delivered, .delivered]
            }
            #expect(try await world.rows("i")[0].detail == "given up by mary")
            #expect(try await world.events(first).contains { if case .cancelled = $0 { true } else { false } })
        }
        await world.close()
    }

    /// Requested by a process that has seen the new integration, sent by one whose look at the directory is older.
    @Test(arguments: Backend.available)
    func anIntegrationThatIsNewIsLookedFor(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        let old = DirectoryCache(database: world.database, interval: .seconds(3600))
        _ = try await old.current()
        try await world.put("new", path: "/new")
        let version = try await DirectoryCache(database: world.database).current().integrationVersions["new"]
        let request = WebhookDelivery.Request(
            id: "d", integration: NamedReference(id: "new", name: "new"), trigger: .status, alert: "a",
            alertNumber: 1, sequence: 1, payload: "{}", correlation: "r", configuration: version)
        try await world.bus.publish([try OutgoingMessage(key: "new", encoding: request)], to: .webhookDeliveries)
        try await world.running(try world.dispatcher(directory: old)) {
            try await eventually("delivered") { try await world.statuses("new") == [.delivered] }
        }
        let events = try await world.events("d")
        #expect(events.count == 3, "requested, attempted, delivered: it was never parked")
        await world.close()
    }

    /// Its due work was lost, and it has none before it: the sweep finds it, and all of the alert goes on.
    @Test(arguments: Backend.available)
    func whatWaitsForNothingIsFound(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        try await world.put("i", path: "/fail/1", schedule: [3600])
        try await world.running {
            try await world.addAlert("a", 1)
            try await eventually { try await world.rows("i").map(\.reason) == ["retry", "behind", "behind", "behind"] }
        }
        let first = try await world.rows("i")[0]
        func sweep(after pause: Duration) async throws -> [String] {
            let at = world.now().advanced(by: pause)
            return try await DeliverySweep(
                database: world.database, partitions: Partitions(RedriveWorld.partitions), now: { at },
                logger: RedriveWorld.silent
            ).sweep()
        }
        #expect(try await sweep(after: .seconds(120)).isEmpty, "it has its time")
        // The head goes without a word, as no code does: its due work, and it itself.
        try await world.database.transaction { connection in
            try DueWork(connection).finish([first.id], kind: DeliveryWriter.dueKind)
        }
        #expect(try await sweep(after: .zero).isEmpty, "it has only just changed")
        #expect(try await sweep(after: .seconds(120)) == [first.id])
        #expect(try await sweep(after: .seconds(120)).isEmpty, "once")
        try await world.database.transaction { connection in
            try connection.execute("UPDATE due_work SET due_at = 0 WHERE kind = 'webhook'")
        }
        try await world.running {
            try await eventually("all of it") {
                try await world.statuses("i") == Array(repeating: .delivered, count: 4)
            }
        }
        #expect(try await world.arrived("/fail/1")[1] == ["active"] + RedriveWorld.inOrder)
        await world.close()
    }
}
