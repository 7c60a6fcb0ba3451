import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// From the request to the mailboxes of those who have subscribed.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct SubscribedAlertTests {
    private struct Scene: Sendable {
        let world: DoorWorld

        @discardableResult
        func send(_ method: String, _ path: String, _ body: JSONValue? = nil, _ status: Int = 201) async throws
            -> JSONValue
        {
            let bytes = try body.map { try JSONEncoder().encode($0) } ?? Data()
            let headers = DoorWorld.basic("admin").merging(["Content-Type": "application/json"]) { $1 }
            let answer = try await world.send(method, "/api/xm/1\(path)", bytes, headers: headers)
            #expect(answer.status == status, "\(method) \(path): \(answer.body)")
            return status == 204 ? .null : try answer.json
        }

        func form(_ fields: [String: JSONValue] = [:]) async throws {
            let body = fields.merging(["name": "Monitoring"]) { $1 }
            try await send("POST", "/plans/\(DoorWorld.plan.id)/subscription-forms", .object(body))
        }

        /// To hosts whose name holds `db`.
        func subscribe(_ names: [String], _ fields: [String: JSONValue] = [:]) async throws -> String {
            let body: [String: JSONValue] = [
                "name": "Databases", "form": "Monitoring", "recipients": .array(names.map(JSONValue.string)),
                "criteria": [["name": "Host", "operator": "CONTAINS", "value": "db"]],
            ]
            return try await send("POST", "/subscriptions", .object(body.merging(fields) { $1 }))["id"]?.string ?? ""
        }

        /// - Returns: The alert, when everything of now has happened.
        func alert(host: String = "db1", recipients: [String]? = nil) async throws -> AlertRow {
            var body: [String: JSONValue] = ["properties": ["Host": .string(host)]]
            body["recipients"] = recipients.map { .array($0.map { ["id": .string($0)] }) }
            let text = String(decoding: try JSONEncoder().encode(JSONValue.object(body)), as: UTF8.self)
            let made = try await world.activity(world.trigger("simple", text)).alerts
            let row = try await world.alert(try #require(made.first).number)
            try await world.settle()
            return row
        }

        /// Who has mail about an alert: the beginnings of the addresses.
        func told(_ row: AlertRow) -> [String] {
            world.mailbox.all.filter { $0.alertNumber == row.details.number }
                .map { String($0.address.prefix { $0 != "@" }) }.sorted()
        }
    }

    private static func run(on backend: Backend, _ test: @escaping @Sendable (Scene) async throws -> Void) async throws
    {
        try await DoorWorld.run(DoorWorld.Options(alertFlood: nil), on: backend) { world in
            try await test(Scene(world: world))
        }
    }

    @Test(arguments: Backend.available)
    func whoSubscribedIsTold(on backend: Backend) async throws {
        try await Self.run(on: backend) { scene in
            let before = try await scene.alert()
            #expect(scene.told(before) == ["bob"] && before.details.subscriptions.isEmpty)
            try await scene.form()
            let id = try await scene.subscribe(["eve", "bob"])
            let met = try await scene.alert()
            // Bob is a recipient anyway, and has one message.
            #expect(scene.told(met) == ["bob", "eve"])
            #expect(met.details.subscriptions.map(\.id) == [id] && met.details.recipients.map(\.targetName) == ["bob"])
            let other = try await scene.alert(host: "web1")
            #expect(scene.told(other) == ["bob"])

            let explained = try await scene.send("GET", "/events/\(met.id)/explain?person=eve", nil, 200)
            let line = explained["lines"]?.array?.first { $0["kind"] == "NOTIFIED" }
            #expect(line?["rule"] == "SUBSCRIPTION")
            #expect(line?["text"]?.string?.hasPrefix("subscription Databases") == true)
            let bob = try await scene.send("GET", "/events/\(met.id)/explain?person=bob", nil, 200)
            let rules = (bob["lines"]?.array ?? []).compactMap { $0["rule"]?.string }
            #expect(rules.contains("NAMED") && rules.contains("DUPLICATE"))
            let recipients = try await scene.send("GET", "/events/\(met.id)/recipients", nil, 200)
            let rows = (recipients["data"]?.array ?? []).map { [$0["targetName"], $0["targeted"]] }
            #expect(rows == [["bob", true], ["eve", false]])

            // What was decided stands in the log, and is what a replay gives.
            let history = try await scene.world.database.reading { connection in
                try EventLog(connection).read(streams: ["escalation-\(met.id)"])
                    .map { try EventCodec<AlertEscalation.Event>.decode($0.data) }
            }
            let state = AlertEscalation.replay(history)
            #expect(state.terms.subscriptions == met.details.subscriptions && state.people["id-eve"] != nil)
        }
    }

    @Test(arguments: Backend.available)
    func theDelayIsWaitedFor(on backend: Backend) async throws {
        try await Self.run(on: backend) { scene in
            try await scene.form(["notificationDelay": 10])
            _ = try await scene.subscribe(["eve"])
            let quick = try await scene.alert()
            let slow = try await scene.alert()
            #expect(scene.told(quick) == ["bob"] && scene.told(slow) == ["bob"])
            try await scene.world.pass(until: scene.world.clock.now.advanced(by: .seconds(9 * 60)))
            try await scene.world.settle()
            #expect(scene.told(slow) == ["bob"])
            try await scene.send("POST", "/events", ["id": .string(quick.id), "status": "TERMINATED"], 200)
            try await scene.world.settle()
            try await scene.world.pass(until: scene.world.clock.now.advanced(by: .seconds(2 * 60)))
            try await scene.world.settle()
            #expect(scene.told(slow) == ["bob", "eve"] && scene.told(quick) == ["bob"])
        }
    }

    @Test(arguments: Backend.available)
    func oneWayAsksForNothing(on backend: Backend) async throws {
        try await Self.run(on: backend) { scene in
            try await scene.form(["oneWay": true, "scope": "FORM", "form": "Down"])
            _ = try await scene.subscribe(["eve", "rest"])
            let row = try await scene.alert()
            #expect(scene.told(row) == ["bob", "eve", "rest"])
            let messages = scene.world.mailbox.all
            let answers = Dictionary(uniqueKeysWithValues: messages.map { ($0.address, $0.answers.count) })
            #expect(answers == ["bob@example.org": 1, "eve@example.org": 0, "rest@example.org": 0])
            let eve = try #require(messages.first { $0.address == "eve@example.org" })
            #expect(!eve.html.contains("/respond/") && !eve.text.contains("Acknowledge"))
            let asked = try await scene.world.database.reading { connection in
                try Notifications(connection).ofAlert(row.id).filter(\.plan.isOneWay).map(\.plan.recipient.targetName)
            }
            #expect(asked.sorted() == ["eve", "rest"])
        }
    }

    @Test(arguments: Backend.available)
    func whoIsNoSubscriberAnyMoreIsNotTold(on backend: Backend) async throws {
        try await Self.run(on: backend) { scene in
            try await scene.form()
            let id = try await scene.subscribe(["eve", "rest"])
            let first = try await scene.alert()
            #expect(scene.told(first) == ["bob", "eve", "rest"])
            try await scene.send("DELETE", "/subscriptions/\(id)/subscribers/rest", nil, 200)
            let second = try await scene.alert()
            #expect(scene.told(second) == ["bob", "eve"])
            try await scene.send("DELETE", "/people/eve", nil, 200)
            let third = try await scene.alert()
            #expect(scene.told(third) == ["bob"] && third.details.subscriptions.isEmpty)
            // It is there, for those who come.
            try await scene.send("PUT", "/subscriptions/\(id)/subscribers", ["rest"], 200)
            let fourth = try await scene.alert()
            #expect(scene.told(fourth) == ["bob", "rest"])
            try await scene.send("DELETE", "/subscriptions/\(id)", nil, 200)
            let fifth = try await scene.alert()
            #expect(scene.told(fifth) == ["bob"])
        }
    }
}
