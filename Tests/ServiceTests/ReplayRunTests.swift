import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import WebhookDispatcher

/// The history of alerts, sent to an integration that is new; on every database.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct ReplayRunTests {
    func done(_ world: RedriveWorld, _ id: String) async throws -> Replay? {
        let replay = try await world.database.reading { try Replays($0).get(id) }
        return replay?.status == .running ? nil : replay
    }

    @Test(arguments: Backend.available)
    func aNewIntegrationGetsTheHistoryInOrder(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        for number in 1...5 { try await world.addAlert("a\(number)", Int64(number), isPublished: false) }
        try await world.put("new", path: "/new")
        try await world.running {
            try await world.replay("r1", to: "new", rate: 3)
            try await eventually("the replay") { try await done(world, "r1") != nil }
            try await eventually("its deliveries") {
                try await world.statuses("new") == Array(repeating: .delivered, count: 20)
            }
            let replay = try #require(try await done(world, "r1"))
            #expect(replay.status == .done && replay.sent == 20 && replay.scanned == 20 && replay.isComplete)
            #expect(try await world.rows("new").allSatisfy { $0.replay == "r1" && $0.configuration != nil })

            // A second one passes over what is there, unless asked for.
            try await world.replay("r2", to: "new")
            try await eventually { try await done(world, "r2")?.passedOver == 20 }
            #expect(await world.sink.ids(at: "/new").count == 20)
            try await world.replay("r3", to: "new", includesSent: true)
            try await eventually("once more") { await world.sink.ids(at: "/new").count == 40 }
        }
        #expect(Set(await world.sink.ids(at: "/new")).count == 40)
        let arrived = try await world.arrived("/new")
        for number in 1...5 { #expect(arrived[Int64(number)] == RedriveWorld.inOrder + RedriveWorld.inOrder) }
        await world.close()
    }

    /// A crash between the publishing of a step and its saving: the step is repeated, and makes nothing new.
    @Test(arguments: Backend.available)
    func aRepeatedStepMakesNothingNew(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        for number in 1...3 { try await world.addAlert("a\(number)", Int64(number), isPublished: false) }
        try await world.put("new", path: "/new")
        try await world.replay("r1", to: "new", rate: 500)
        let partition = Partitioning.partition(of: "new", count: RedriveWorld.partitions)
        struct Crash: Error {}
        let crashing = InterruptedBus(bus: world.bus) { throw Crash() }
        func runner(_ bus: any MessageBus) -> ReplayRunner {
            ReplayRunner(
                bus: bus, database: world.database, directory: DirectoryCache(database: world.database),
                partition: partition, now: world.now, logger: RedriveWorld.silent)
        }
        for _ in 1...2 { await #expect(throws: Crash.self) { try await runner(crashing).step("r1") } }
        try await world.running {
            // What was published is delivered, while the replay knows nothing of it.
            try await eventually("the first time") { await world.sink.ids(at: "/new").count >= 12 }
            try await eventually("the end") { try await done(world, "r1")?.sent == 12 }
            try await eventually("written") {
                try await world.statuses("new") == Array(repeating: .delivered, count: 12)
            }
        }
        let ids = await world.sink.ids(at: "/new")
        #expect(ids.count == 12 && Set(ids).count == 12)
        // Somebody who was owner before, and is late, changes nothing.
        try await runner(world.bus).step("r1")
        #expect(try await done(world, "r1")?.sent == 12)
        await world.close()
    }

    @Test(arguments: Backend.available)
    func aReplayCanBeCancelledAndItsTargetCanGo(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        for number in 1...3 { try await world.addAlert("a\(number)", Int64(number), isPublished: false) }
        try await world.put("new", path: "/new")
        try await world.replay("r1", to: "new", rate: 1)
        try await world.replay("r2", to: "gone")
        try await world.running {
            try await eventually("the first") { await !world.sink.ids(at: "/new").isEmpty }
            try await world.database.retrying { connection in
                try Replays(connection).update("r1") { replay in
                    (replay.status, replay.endedBy) = (.cancelled, RedriveWorld.mary)
                    return true
                }
            }
            try await eventually("nothing left to do") {
                try await world.database.reading { try DeliveryOrders($0).pending() } == 0
            }
            let replay = try #require(try await done(world, "r1"))
            #expect(replay.status == .cancelled && replay.endedBy == RedriveWorld.mary && replay.sent < 12)
            let gone = try await done(world, "r2")
            #expect(gone?.status == .failed && gone?.problem == "the integration has been deleted")
        }
        await world.close()
    }

    /// What an integration does not get is recorded once, with the rule and its version, whatever comes again.
    @Test(arguments: Backend.available)
    func whatIsNotSentIsRecorded(on backend: Backend) async throws {
        let world = try await RedriveWorld(backend)
        try await world.put("away", path: "/away") { $0.deployed = false }
        try await world.put("agent", path: "/agent") { $0.operation = .sendToAgent }
        try await world.put("answers", path: "/answers") { $0.triggeredBy = .response }
        try await world.running {
            try await world.addAlert("a", 1)
            try await eventually("skips") { try await world.rows("away").count == 4 }
            let events = try await world.database.reading { try EventLog($0).read(streams: ["alert-a"]) }
            try await world.bus.publish(events.map { try AlertEventMessage.outgoing(of: $0) }, to: .alertEvents)
            try await world.addAlert("b", 2)
            try await eventually("the second alert") { try await world.rows("away").count == 8 }
        }
        let version = try await DirectoryCache(database: world.database).current().integrationVersions["away"]
        let away = try await world.rows("away")
        #expect(away.map(\.sequence) == [1, 2, 3, 4, 1, 2, 3, 4])
        #expect(away.allSatisfy { $0.reason == "notDeployed" && $0.configuration == version && version != nil })
        #expect(try await world.rows("agent").map(\.reason) == Array(repeating: "notExecuted", count: 8))
        #expect(try await world.rows("answers").isEmpty, "another trigger is no skip")
        #expect(try await world.events(away[0].id).count == 1)
        await world.close()
    }
}
