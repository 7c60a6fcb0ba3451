import API
import AlertCore
import Messaging
import Persistence
import TestSupport
import Testing

/// Replays and verdicts by REST.
@Suite(.inTurn) struct ReplayRoutesTests {
    static let target = "55555555-0000-4000-8000-000000000001"

    static func addTarget(_ world: ConsoleWorld, _ change: (inout Integration) -> Void = { _ in }) async throws {
        var integration = Integration(
            id: target, plan: ConsoleWorld.plan.id, form: ConsoleWorld.form.id, name: "Chat",
            integrationType: .outbound,
            operation: .sendWebhook, triggeredBy: .status, endpoint: "e", path: "/x")
        change(&integration)
        let (wanted, now) = (integration, world.clock.now)
        try await world.database.transaction { connection in
            try Directory(connection).put(
                wanted, by: Origin(actor: "<test>", causation: "t", correlation: "t"), at: now)
        }
    }

    @Test func beginsOnceShowsAndCancels() async throws {
        try await ConsoleWorld.run { world in
            let alert = try await world.addAlert()
            world.clock.advance(by: .seconds(60))
            try await world.carryOut(.suspend(by: ConsoleWorld.anna), on: alert)
            try await world.carryOut(.comment(id: "c", by: ConsoleWorld.anna, text: "t"), on: alert)
            try await Self.addTarget(world)
            let wish: [String: JSONValue] = ["integration": "chat", "since": "2026-03-09T14:00:00Z", "id": "R-1"]
            let dry = try await world.call("POST", "/replays", .object(wish.merging(["dryRun": true]) { $1 })).json
            #expect(dry["total"] == 2 && dry["events"] == 3 && dry["isComplete"] == true)
            #expect(dry["sample"]?.array?.first?["payload"]?["status"] == "active")
            #expect(try await world.call("GET", "/replays").json["total"] == 0)
            let later = wish.merging(["dryRun": true, "since": "2026-03-09T14:00:30Z"]) { $1 }
            #expect(try await world.call("POST", "/replays", .object(later)).json["total"] == 1)
            let placed = wish.merging(["dryRun": true, "since": "alert/0:2"]) { $1 }
            #expect(try await world.call("POST", "/replays", .object(placed)).json["total"] == 1)

            let begun = try await world.call("POST", "/replays", .object(wish))
            #expect(begun.status == 202)
            #expect(try begun.json["id"] == "r-1" && begun.json["status"] == "RUNNING" && begun.json["events"] == 3)
            let again = try await world.call("POST", "/replays", .object(wish))
            #expect(again.status == 200)
            #expect(try again.json == begun.json)
            let other = try await world.call("POST", "/replays", .object(wish.merging(["id": "R-2"]) { $1 }))
            #expect(other.status == 409 && other.body.contains("r-1"))
            #expect(try await world.call("GET", "/replays?integration=\(Self.target)").json["total"] == 1)
            #expect(try await world.call("GET", "/replays/r-1").json["by"] == "admin")
            let cancelled = try await world.call("POST", "/replays/r-1/cancel", [:]).json
            #expect(cancelled["status"] == "CANCELLED" && cancelled["cancelledBy"] == "admin")
            #expect(try await world.call("POST", "/replays/none/cancel", [:]).status == 404)
            #expect(try await world.call("GET", "/replays/none").status == 404)
        }
    }

    @Test(
        arguments: [
            ([:], 400, "integration"), (["integration": "Chat"], 400, "since"),
            (["integration": "Chat", "since": "yesterday"], 400, "since"),
            (["integration": "Chat", "since": "alert/0:9"], 404, "alert/0:9"),
            (["integration": "Chat", "since": "alert/0:0"], 400, "since"),
            (["integration": "None", "since": "2026-03-09T14:00:00Z"], 404, "None"),
            (["integration": "Prometheus", "since": "2026-03-09T14:00:00Z"], 400, "integration"),
            (["integration": "Chat", "since": "2026-03-09T14:00:00Z", "rate": 501], 400, "rate"),
            (["integration": "Chat", "since": "2026-03-09T14:00:00Z", "includeSent": "no"], 400, "includeSent"),
        ] as [(JSONValue, Int, String)])
    func refusesAReplayThatIsNone(_ body: JSONValue, _ status: Int, _ hint: String) async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert()
            try await Self.addTarget(world)
            let answer = try await world.call("POST", "/replays", body)
            #expect(answer.status == status && answer.body.contains(hint), "\(answer.body)")
            #expect(try await world.call("GET", "/replays").json["total"] == 0)
        }
    }

    @Test func refusesATargetThatTakesNothing() async throws {
        let wish: JSONValue = ["integration": "Chat", "since": "2026-03-09T14:00:00Z"]
        try await ConsoleWorld.run { world in
            try await Self.addTarget(world) { $0.deployed = false }
            #expect(try await world.call("POST", "/replays", wish).status == 409)
            try await Self.addTarget(world) { $0.operation = .sendToAgent }
            #expect(try await world.call("POST", "/replays", wish).status == 409)
        }
    }

    @Test func saysWhyAndWhyNot() async throws {
        try await ConsoleWorld.run { world in
            let alert = try await world.addAlert()
            try await world.addDelivery(of: alert, to: "dead", [world.attempt(1, status: 500)])
            world.clock.advance(by: .seconds(120))
            try await Self.addTarget(world)
            try await world.carryOut(.comment(id: "c", by: ConsoleWorld.anna, text: "t"), on: alert)
            try await world.carryOut(.suspend(by: ConsoleWorld.anna), on: alert)
            let now = world.clock.now
            try await world.database.transaction { connection in
                let skip = WebhookDelivery.Skip(
                    id: "skip", integration: NamedReference(id: Self.target, name: "Chat"), trigger: .status,
                    alert: alert, alertNumber: 100_001, sequence: 3,
                    refusal: DeliveryRefusal(.filter, "Severity is low"), configuration: 2)
                try WebhookDeliveries(connection).put([WebhookDeliveryRow(skip, at: now)])
            }
            func why(_ query: String = "") async throws -> [JSONValue] {
                try await world.call("GET", "/events/100001/why\(query)").json["data"]?.array ?? []
            }
            let all = try await why()
            #expect(all.map { $0["outcome"] } == ["CREATED_LATER", "WAITING", "FILTERED"])
            #expect(all[1]["integration"]?["name"] == "id-dead" && all[1]["until"] != nil && all[1]["delivery"] != nil)
            #expect(all[2]["text"] == "Severity is low" && all[2]["configurationVersion"] == 2)
            #expect(all[2]["currentVersion"] != nil && all[2]["kind"] == "alert.suspended" && all[2]["sequence"] == 3)
            let one = try await why("?integration=chat")
            #expect(one.map { $0["outcome"] } == ["CREATED_LATER", "OTHER_TRIGGER", "FILTERED"])
            #expect(try await why("?integration=prometheus").map { $0["outcome"] }.first == "NOT_OUTBOUND")
            #expect(try await why("?sequence=3").count == 1)
            #expect(try await world.call("GET", "/events/100001/why?integration=none").status == 404)
            #expect(try await world.call("GET", "/events/100001/why?sequence=x").status == 400)
            #expect(try await world.call("GET", "/events/7/why").status == 404)

            try await Self.addTarget(world) { $0.deployed = false }
            let versions = try await world.call("GET", "/integrations/\(Self.target)/configurations").json
            let rows = versions["data"]?.array ?? []
            #expect(rows.map { $0["configuration"]?["deployed"] } == [false, true])
            let view = try await DirectoryCache(database: world.database).current()
            #expect(rows.first?["version"]?.integer == view.integrationVersions[Self.target])
            #expect(try await world.call("GET", "/integrations/none/configurations").status == 404)
        }
    }
}
