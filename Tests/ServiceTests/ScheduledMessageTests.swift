import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

@testable import API

/// Messages that are sent by themselves, from the call that schedules them to the alert.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct ScheduledMessageTests {
    private static let origin = Origin(actor: "<test>", causation: "test", correlation: "test")

    /// A world that looks often, and has everything of the one before where it is given one.
    private static func run(
        _ options: DoorWorld.Options = .init(), on backend: Backend = .sqlite,
        _ test: @escaping @Sendable (DoorWorld) async throws -> Void
    ) async throws {
        try await DueWorkLoop.$pollInterval.withValue(.milliseconds(20)) {
            try await DoorWorld.run(options, on: backend, test)
        }
    }

    private static func body(
        _ world: DoorWorld, in delay: Duration = .seconds(3600), _ recurrence: [String: JSONValue] = [:]
    ) -> JSONValue {
        let start = world.clock.now.advanced(by: delay)
        return [
            "name": "Weekly test",
            "event": ["form": ["id": .string(DoorWorld.form.id)], "properties": ["Host": "db1"], "priority": "HIGH"],
            "recurrence": .object(
                ["frequency": "ONCE", "startTime": .string(start.iso)].merging(recurrence) { $1 }),
        ]
    }

    @discardableResult
    private static func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, as login: String = "rest", on world: DoorWorld
    ) async throws -> Answer {
        var headers = DoorWorld.basic(login)
        headers["Content-Type"] = "application/json"
        let data = try body.map { try JSONEncoder().encode($0) } ?? Data()
        return try await world.send(method, "/api/xm/1/\(path)", data, headers: headers)
    }

    private static func made(_ world: DoorWorld, _ body: JSONValue) async throws -> String {
        let answer = try await call("POST", "scheduled-messages", body, on: world)
        #expect(answer.status == 201, "\(answer.body)")
        return try answer.json["id"]?.string ?? ""
    }

    private static func message(_ id: String, on world: DoorWorld) async throws -> JSONValue {
        try await call("GET", "scheduled-messages/\(id)", on: world).json
    }

    private static func alerts(on world: DoorWorld) async throws -> Int64 {
        try await world.get("/events")["total"]?.integer ?? 0
    }

    /// Waits until the message says that it was sent, or why it was not.
    private static func attempted(_ id: String, _ time: JSONValue?, on world: DoorWorld) async throws -> JSONValue {
        var found: JSONValue = .null
        try await eventually("\(id) at \(String(describing: time))") {
            found = try await message(id, on: world)
            return found["previousFireTime"] == time || found["problem"]?["fireTime"] == time
        }
        return found
    }

    @Test(arguments: Backend.available)
    func areSentAtTheirTimeAndOnce(on backend: Backend) async throws {
        try await Self.run(on: backend) { world in
            let id = try await Self.made(world, Self.body(world, ["frequency": "DAILY"]))
            let before = try await Self.message(id, on: world)
            let due = try #require(before["nextFireTime"])
            #expect(before.at("owner.targetName") == "rest" && before["previousFireTime"] == nil)
            #expect(before.at("event.form.name") == "Down" && before.at("event.properties.Host") == "db1")
            world.clock.advance(by: .seconds(3599))
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await Self.alerts(on: world) == 0, "it is not time yet")
            world.clock.advance(by: .seconds(2))
            let after = try await Self.attempted(id, due, on: world)
            #expect(after["problem"] == nil && after["nextFireTime"] != due && after["nextFireTime"] != nil)
            let request = try #require(after["previousRequestId"]?.string)
            let activity = try await world.activity(of: request)
            #expect(activity.status == .completed && activity.alerts.count == 1)
            let alert = try await world.alert(activity.alerts[0].number)
            #expect(alert.details.submitter.id == "id-rest" && alert.details.priority == .high)

            // A process that dies after it has sent the message, before it has written that, finds it due again.
            try await world.database.transaction { connection in
                let directory = Directory(connection)
                var message = try #require(try directory.get(ScheduledMessage.self, id: id))
                message.nextFireTime = message.previousFireTime
                message.previousFireTime = nil
                message.previousRequest = nil
                try directory.put(message, by: Self.origin, at: world.clock.now)
                try directory.schedule(message, generation: 0)
            }
            let again = try await Self.attempted(id, due, on: world)
            #expect(again["previousRequestId"] == .string(request) && again["nextFireTime"] == after["nextFireTime"])
            // Another request, to know that those before have been dealt with.
            _ = try await world.activity(world.trigger())
            #expect(try await Self.alerts(on: world) == 2)
        }
    }

    @Test(arguments: Backend.available)
    func areSentLateOnceAfterARestart(on backend: Backend) async throws {
        let database = KeptOpen(database: try await backend.makeDatabase())
        let clock = TestClock(DoorWorld.start)
        let secrets = SecretBox(key: .init(data: [UInt8](repeating: 7, count: 32)))
        try await DoorWorld.addContent(to: database, secrets)
        var options = DoorWorld.Options()
        options.existing = (database, clock, secrets)
        let ids = InTurnBox()
        try await Self.run(options) { world in
            ids.value = [
                try await Self.made(world, Self.body(world, ["frequency": "DAILY"])),
                try await Self.made(world, Self.body(world, in: .seconds(7200))),
            ]
        }
        // Three hours after the second time of the daily one, more than a day after that of the other.
        clock.advance(by: .seconds(100_800))
        try await Self.run(options) { world in
            let daily = try await Self.attempted(
                ids.value[0], .string(DoorWorld.start.advanced(by: .seconds(90_000)).iso), on: world)
            #expect(daily["problem"] == nil, "\(daily)")
            #expect(daily["nextFireTime"]?.string == DoorWorld.start.advanced(by: .seconds(176_400)).iso)
            _ = try await world.activity(of: daily["previousRequestId"]?.string ?? "")
            let once = try await Self.attempted(
                ids.value[1], .string(DoorWorld.start.advanced(by: .seconds(7200)).iso), on: world)
            #expect(once["nextFireTime"] == nil && once["previousFireTime"] == nil)
            #expect(once.at("problem.message")?.string?.hasPrefix("Nobody was there") == true)
            let count = try await Self.alerts(on: world)
            #expect(count == 1)
        }
        await database.database.close()
    }

    @Test(arguments: Backend.available)
    func endAndAreRefused(on backend: Backend) async throws {
        try await Self.run(on: backend) { world in
            let end: JSONValue = ["endBy": "REPETITIONS", "repetitions": 2]
            let id = try await Self.made(world, Self.body(world, ["frequency": "DAILY", "end": end]))
            var due = try await Self.message(id, on: world)["nextFireTime"]
            world.clock.advance(by: .seconds(3601))
            due = try await Self.attempted(id, due, on: world)["nextFireTime"]
            world.clock.advance(by: .seconds(86_400))
            let last = try await Self.attempted(id, due, on: world)
            #expect(last["nextFireTime"] == nil && last["problem"] == nil)

            // Whose form may not be sent any more says so, and tries the next time.
            let other = try await Self.made(world, Self.body(world, ["frequency": "DAILY"]))
            due = try await Self.message(other, on: world)["nextFireTime"]
            var form = DoorWorld.form
            form.senderPermissions = [SenderPermission(senderType: .person, sender: "id-admin")]
            try await Self.put(form, in: world)
            world.clock.advance(by: .seconds(3601))
            var refused = try await Self.attempted(other, due, on: world)
            #expect(refused.at("problem.message")?.string?.contains("Its owner may not send the form Down.") == true)
            #expect(refused["nextFireTime"] != nil && refused["previousFireTime"] == nil)
            try await Self.put(DoorWorld.form, in: world)
            due = refused["nextFireTime"]
            world.clock.advance(by: .seconds(86_400))
            refused = try await Self.attempted(other, due, on: world)
            #expect(refused["problem"] == nil && refused["previousFireTime"] == due)

            // Whose form is gone is over.
            due = refused["nextFireTime"]
            try await world.database.transaction { connection in
                try Directory(connection).delete(
                    Form.self, id: DoorWorld.form.id, by: Self.origin, at: world.clock.now)
            }
            world.clock.advance(by: .seconds(86_400))
            let gone = try await Self.attempted(other, due, on: world)
            #expect(gone.at("problem.message") == "Its form has been deleted." && gone["nextFireTime"] == nil)
            let log = try await world.database.reading { connection in
                try EventLog(connection).read(streams: ["config-scheduledmessage-\(other)"]).map(\.data)
            }
            #expect(log.count == 4 && log.last?.contains("Its form has been deleted.") == true)
        }
    }

    private static func put(_ entry: some DirectoryEntry & Sendable, in world: DoorWorld) async throws {
        let now = world.clock.now
        try await world.database.transaction { try Directory($0).put(entry, by: origin, at: now) }
    }

    @Test(arguments: Backend.available)
    func areChangedAndTakenAway(on backend: Backend) async throws {
        try await Self.run(on: backend) { world in
            let id = try await Self.made(world, Self.body(world))
            let due = try await Self.message(id, on: world)["nextFireTime"]
            let renamed = try await Self.call(
                "POST", "scheduled-messages", ["id": .string(id), "name": "Renamed"], on: world)
            #expect(try renamed.json["name"] == "Renamed" && renamed.json["nextFireTime"] == due)
            let later = world.clock.now.advanced(by: .seconds(7200)).iso
            let moved = try await Self.call(
                "POST", "scheduled-messages",
                ["id": .string(id), "recurrence": ["frequency": "ONCE", "startTime": .string(later)]], on: world)
            #expect(moved.status == 200, "\(moved.body)")
            #expect(try moved.json["nextFireTime"] == .string(later))
            world.clock.advance(by: .seconds(3700))
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await Self.alerts(on: world) == 0, "the old time is none any more")
            let seen = try await Self.call("GET", "scheduled-messages", as: "admin", on: world).json["total"]
            #expect(seen == 1)
            #expect(try await Self.call("GET", "scheduled-messages", as: "bob", on: world).json["total"] == 0)
            #expect(try await Self.call("GET", "scheduled-messages/\(id)", as: "bob", on: world).status == 404)
            #expect(try await Self.call("DELETE", "scheduled-messages/\(id)", as: "bob", on: world).status == 403)
            #expect(try await Self.call("DELETE", "scheduled-messages/\(id)", on: world).status == 200)
            #expect(try await Self.call("DELETE", "scheduled-messages/\(id)", on: world).status == 204)
            world.clock.advance(by: .seconds(7200))
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await Self.alerts(on: world) == 0)
        }
    }

    @Test func refusesWhatCouldNotBeSent() async throws {
        try await Self.run { world in
            let good = Self.body(world).object ?? [:]
            let event = good["event"]?.object ?? [:]
            func with(_ change: [String: JSONValue]) -> JSONValue { .object(good.merging(change) { $1 }) }
            func sending(_ change: [String: JSONValue]) -> JSONValue {
                with(["event": .object(event.merging(change) { $1 })])
            }
            let start = JSONValue.string(world.clock.now.advanced(by: .seconds(60)).iso)
            for (body, word) in [
                (with(["name": .null]), "name"), (with(["recurrence": .null]), "recurrence"),
                (with(["recurrence": ["frequency": "ONCE"]]), "recurrence.startTime"),
                (with(["recurrence": ["frequency": "HOLIDAY", "startTime": start]]), "HOLIDAY"),
                (with(["recurrence": ["frequency": "ONCE", "startTime": "2001-01-01T00:00:00Z"]]), "recurrence"),
                (with(["recurrence": ["frequency": "SOMETIMES", "startTime": start]]), "recurrence.frequency"),
                (sending(["form": "none"]), "event.form"), (sending(["properties": [:]]), "event.properties.Host"),
                (sending(["recipients": ["nobody"]]), "event.recipients[0]"),
                (sending(["scenario": "none"]), "event.scenario"), (sending(["callbacks": []]), "event.callbacks"),
                (sending(["attachments": [["name": "a", "path": "/a"]]]), "event.attachments[0].path"),
                (with(["owner": "ghost"]), "owner"),
            ] {
                let answer = try await Self.call("POST", "scheduled-messages", body, on: world)
                #expect(answer.status == 400 && answer.body.contains(word), "\(word): \(answer.body)")
            }
            let other = try await Self.call("POST", "scheduled-messages", with(["owner": "admin"]), on: world)
            #expect(other.status == 403)
            #expect(
                try await Self.call("POST", "scheduled-messages", Self.body(world), as: "bob", on: world).status == 403)
            #expect(
                try await Self.call("POST", "scheduled-messages", with(["id": "none"]), on: world).status == 404)
        }
    }
}

/// What one world made, for the next one.
private final class InTurnBox: @unchecked Sendable {  // one world after the other
    var value: [String] = []
}

/// A database that outlives those who close it.
private struct KeptOpen: SQLDatabase {
    let database: any SQLDatabase

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T { try await database.transaction(body) }

    func reading<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> T
    ) async throws -> T { try await database.reading(body) }

    func close() async {}
}
