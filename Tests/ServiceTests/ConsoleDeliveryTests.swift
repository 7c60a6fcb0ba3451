import API
import AlertCore
import Messaging
import Persistence
import TestSupport
import Testing

/// The pages of deliveries, dead letters and replays.
@Suite(.inTurn) struct ConsoleDeliveryTests {
    @Test func listsDeliveriesAndOrdersThemAfterADryRun() async throws {
        try await ConsoleWorld.run { world in
            try await DeliveryRoutesTests.fill(world)
            let cookie = try await world.signIn()
            let all = try await world.page("/console/deliveries", cookie)
            #expect(all.status == 200)
            for word in ["Delivered", "Failed", "Waiting", "100001", "id-dead", "behind an earlier one"] {
                #expect(all.body.contains(word), "\(word)")
            }
            #expect(!all.body.contains("Send these again"), "not what is delivered")
            let failed = try await world.page("/console/deliveries?status=EXHAUSTED", cookie)
            #expect(failed.body.contains("/console/deliveries/order?status=EXHAUSTED&amp;action=redrive"))
            #expect(try await world.page("/console/deliveries?event=7", cookie).status == 404)

            let dry = try await world.page("/console/deliveries/order?status=EXHAUSTED&action=redrive", cookie)
            #expect(dry.body.contains("2 of: status EXHAUSTED") && dry.body.contains("Send 2 again"))
            let form = ["csrf": dry.csrf, "action": "redrive", "status": "EXHAUSTED", "rate": "5"]
            let bad = form.merging(["rate": "0"]) { $1 }
            #expect(try await world.post("/console/deliveries/order", bad, cookie).status == 400)
            #expect(try await world.post("/console/deliveries/order", form, cookie).status == 303)
            #expect(try await world.database.reading { try DeliveryOrders($0).pending() } == 2)
            let none = try await world.page("/console/deliveries/order?status=EXHAUSTED&action=redrive", cookie)
            #expect(none.body.contains("nothing of the kind"))
        }
    }

    @Test func showsADeliveryWithEveryExchange() async throws {
        try await ConsoleWorld.run { world in
            try await DeliveryRoutesTests.fill(world)
            let cookie = try await world.signIn()
            let row = try await world.call("GET", "/deliveries?status=PARKED").json["data"]?.array?.first
            let path = "/console/deliveries/\(row?["id"]?.string ?? "")"
            let page = try await world.page(path, cookie)
            #expect(page.body.contains("Give up") && page.body.contains("Send again now"))
            #expect(page.body.contains("eventIdentifier"), "the payload")
            #expect(try await world.post("\(path)/cancel", ["csrf": page.csrf], cookie).location.hasPrefix(path))
            let dead = try await world.call("GET", "/deliveries?status=EXHAUSTED").json["data"]?.array?.first
            let failed = try await world.page("/console/deliveries/\(dead?["id"]?.string ?? "")", cookie)
            #expect(failed.body.contains("Attempt 8") && failed.body.contains("HTTP 503"))
            #expect(failed.body.contains("busy") && !failed.body.contains("Give up</button>"))
            #expect(try await world.page("/console/deliveries/none", cookie).status == 404)
        }
    }

    @Test func beginsAReplayAfterADryRun() async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert()
            try await ReplayRoutesTests.addTarget(world)
            let cookie = try await world.signIn()
            let page = try await world.page("/console/replays", cookie)
            #expect(page.body.contains("Chat") && page.body.contains("There has been no replay"))
            let form = [
                "csrf": page.csrf, "integration": ReplayRoutesTests.target, "since": "2026-03-09T14:00:00Z",
                "rate": "5",
            ]
            let dry = try await world.post("/console/replays", form.merging(["action": "dry"]) { $1 }, cookie)
            #expect(dry.status == 200 && dry.body.contains("1 would be sent, of 1 events"))
            let wrong = try await world.post("/console/replays", form.merging(["since": "soon"]) { $1 }, cookie)
            #expect(wrong.status == 400 && wrong.body.contains("soon is no time"))
            let begun = try await world.post("/console/replays", form, cookie)
            #expect(begun.status == 303)
            let replay = try await world.page(begun.location, cookie)
            #expect(replay.body.contains("0 of 1 events") && replay.body.contains("Running"))
            let cancelled = try await world.post("\(begun.location)/cancel", ["csrf": replay.csrf], cookie)
            #expect(try await world.page(cancelled.location, cookie).body.contains("Cancelled"))
            #expect(try await world.page("/console/replays", cookie).body.contains("Cancelled"))
        }
    }

    @Test func publishesDeadLettersAgain() async throws {
        try await ConsoleWorld.run { world in
            try await DeliveryRoutesTests.fill(world)
            let letter = DeadLetter(
                topic: "alert-events", partition: 0, offset: 4, key: "k", body: "<{", reason: "no JSON",
                recordedAt: world.clock.now)
            try await world.database.transaction { try DeadLetters($0).add(letter) }
            let cookie = try await world.signIn()
            let page = try await world.page("/console/dead-letters", cookie)
            #expect(page.body.contains("<strong>2</strong> to outbound integrations") && page.body.contains("&lt;{"))
            let asked = try await world.page("/console/dead-letters?ask=true", cookie)
            #expect(asked.body.contains("<strong>1</strong> of the messages"))
            let form = ["csrf": asked.csrf, "id": "alert-events/0/4"]
            #expect(try await world.post("/console/dead-letters/redrive", form, cookie).status == 303)
            let after = try await world.page("/console/dead-letters", cookie)
            #expect(after.body.contains("Published again") && after.body.contains("by admin"))
        }
    }

    @Test func thePageOfAnAlertSaysWhyForEachEvent() async throws {
        try await ConsoleWorld.run { world in
            let alert = try await world.addAlert()
            try await ReplayRoutesTests.addTarget(world) { $0.deployed = false }
            let now = world.clock.now
            try await world.database.transaction { connection in
                let skip = WebhookDelivery.Skip(
                    id: "skip", integration: NamedReference(id: ReplayRoutesTests.target, name: "Chat"),
                    trigger: .status, alert: alert, alertNumber: 100_001, sequence: 1,
                    refusal: DeliveryRefusal(.notDeployed, "the integration was not deployed"), configuration: 2)
                try WebhookDeliveries(connection).put([WebhookDeliveryRow(skip, at: now)])
            }
            let cookie = try await world.signIn()
            let page = try await world.page("/console/alerts/\(alert)", cookie)
            #expect(page.body.contains("Not deployed") && page.body.contains("the integration was not deployed"))
            #expect(page.body.contains("configuration 2, now"))
        }
    }

    /// Who may only read sees everything and finds no button.
    @Test func whoMayNotConfigureOnlyLooks() async throws {
        try await ConsoleWorld.run { world in
            try await DeliveryRoutesTests.fill(world)
            let cookie = try await world.signIn("watcher")
            for path in ["/console/deliveries?status=EXHAUSTED", "/console/replays", "/console/dead-letters"] {
                let page = try await world.page(path, cookie)
                #expect(page.status == 200 && !page.body.contains("again…") && !page.body.contains("Begin</button>"))
            }
            #expect(try await world.page("/console/deliveries/order?status=EXHAUSTED", cookie).status == 403)
            let csrf = try await world.page("/console/me", cookie).csrf
            for path in ["/console/deliveries/order", "/console/replays", "/console/dead-letters/redrive"] {
                #expect(try await world.post(path, ["csrf": csrf, "rate": "1"], cookie).status == 403)
            }
        }
    }
}
