import AlertCore
import Persistence
import TestSupport
import Testing

/// Answers of those who have signed in.
@Suite(.inTurn) struct ResponseRoutesTests {
    private static func responses(to alert: String, in world: ConsoleWorld) async throws -> [String] {
        let row = try await world.call("GET", "/audits?eventId=\(alert)&auditType=RESPONSE_RECEIVED").json
        return (row["data"]?.array ?? []).map { entry in
            let response = entry["response"]
            return "\(response?["response"]?.string ?? "") \(response?["source"]?.string ?? "") "
                + (response?["comment"]?.string ?? "-")
        }
    }

    @Test func takesAnswersByREST() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addNotification(of: id, [])
            let path = "/events/\(id)/responses"
            let first = try await world.call(
                "POST", path, ["response": "acknowledge", "comment": "on it"], as: "oncall")
            #expect(first.status == 201)
            let made = try first.json
            #expect(made["response"] == "Acknowledge" && made["source"] == "API")
            // The same answer by its number, and by another way, is the same.
            #expect(try await world.call("POST", path, ["response": "1"], as: "oncall").status == 200)
            #expect(try await Self.responses(to: id, in: world) == ["Acknowledge API on it"])
            // Whoever may change alerts may answer as well; whoever only looks may not.
            #expect(try await world.call("POST", path, ["response": "1"], as: "admin").status == 201)
            #expect(try await world.call("POST", path, ["response": "1"], as: "admin").status == 200)
            #expect(try await world.call("POST", path, ["response": "1"], as: "watcher").status == 403)
            for wrong: JSONValue in [["response": "Nonsense"], [:], ["response": "7"]] {
                #expect(try await world.call("POST", path, wrong, as: "oncall").status == 400)
            }
            #expect(try await world.call("POST", path, ["response": "2"], as: "oncall").status == 201)
            world.clock.advance(by: .seconds(600))
            let late = try await world.call("POST", path, ["response": "3"], as: "oncall")
            let words = try late.json["message"]?.string ?? ""
            #expect(late.status == 409 && words.contains("ended 10 minutes ago by Anna Berg"))
            #expect(try await world.call("POST", path, ["response": "3"], as: "admin").status == 409)
        }
    }

    @Test func takesAnswersInTheConsole() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let cookie = try await world.signIn("oncall")
            let page = try await world.page("/console/alerts/\(id)", cookie)
            #expect(page.body.contains("action=\"/console/alerts/\(id)/respond\""))
            #expect(page.body.contains("value=\"\(ConsoleWorld.resolve.id)\">Resolve</button>"))
            let form = ["csrf": page.csrf, "option": ConsoleWorld.acknowledge.id, "comment": "from my phone"]
            #expect(try await world.post("/console/alerts/\(id)/respond", form, cookie).status == 303)
            #expect(try await world.post("/console/alerts/\(id)/respond", form, cookie).status == 303)
            #expect(try await Self.responses(to: id, in: world) == ["Acknowledge WEB from my phone"])
            try await world.carryOut(.terminate(by: ConsoleWorld.anna), on: id)
            let late = try await world.post("/console/alerts/\(id)/respond", form, cookie)
            #expect(late.status == 303)  // it was given before the end
            let other = ["csrf": page.csrf, "option": ConsoleWorld.resolve.id]
            let refused = try await world.post("/console/alerts/\(id)/respond", other, cookie)
            #expect(refused.status == 409 && refused.body.contains("by Anna Berg"))
            let ended = try await world.page("/console/alerts/\(id)", cookie)
            #expect(!ended.body.contains("/respond\""))
        }
    }
}
