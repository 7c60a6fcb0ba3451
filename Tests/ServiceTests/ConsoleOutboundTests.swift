import AlertCore
import Foundation
import TestSupport
import Testing

/// The page of an outbound integration.
@Suite(.inTurn) struct ConsoleOutboundTests {
    private func make(_ world: ConsoleWorld, port: Int) async throws -> (plan: String, id: String) {
        let plan = try await world.call("POST", "/plans", ["name": "Servers"]).json["id"]?.string ?? ""
        let form = try await world.call("POST", "/plans/\(plan)/forms", ["name": "Down"]).json["id"]?.string ?? ""
        _ = try await world.call(
            "POST", "/plans/\(plan)/endpoints", ["name": "Sink", "url": .string("http://127.0.0.1:\(port)")])
        let made = try await world.call(
            "POST", "/plans/\(plan)/integrations",
            [
                "name": "Tickets", "integrationType": "OUTBOUND_WEBHOOK", "triggeredBy": "STATUS",
                "endpoint": "Sink", "form": .string(form), "path": "/ok",
            ])
        return (plan, try made.json["id"]?.string ?? "")
    }

    @Test func settingsAreSavedAndRefused() async throws {
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let (plan, id) = try await make(world, port: 1)
            #expect(try await world.page("/console/workflows/\(plan)", cookie).body.contains("/console/outbound/\(id)"))
            let path = "/console/outbound/\(id)"
            let page = try await world.page(path, cookie)
            #expect(page.status == 200 && page.body.contains("Tickets") && page.body.contains("whsec_"))
            var fields = [
                "csrf": page.csrf, "filter": "payload.status == 'active' && 1 < 2", "order": "NONE",
                "retrySchedule": "1, 2", "timeoutSeconds": "5", "concurrency": "", "requestsPerSecond": "0.5",
                "deployed": "true",
            ]
            #expect(try await world.post("\(path)/settings", fields, cookie).status == 303)
            let saved = try await world.call("GET", "/plans/\(plan)/integrations/\(id)").json
            #expect(
                saved["delivery"] == [
                    "filter": "payload.status == 'active' && 1 < 2", "order": "NONE", "timeoutSeconds": 5,
                    "concurrency": 16, "requestsPerSecond": .number(0.5), "payloadVersion": 1,
                ])
            #expect(saved["retrySchedule"] == [1, 2])
            let shown = try await world.page(path, cookie).body
            #expect(shown.contains("payload.status == &#39;active&#39; &amp;&amp; 1 &lt; 2"))
            // What was typed stays on the page, with what is wrong about it.
            fields["filter"] = "payload.status = 1"
            let refused = try await world.post("\(path)/settings", fields, cookie)
            #expect(refused.status == 400 && refused.body.contains("delivery.filter"))
            #expect(refused.body.contains("payload.status = 1</textarea>"))
            fields["filter"] = ""
            fields["timeoutSeconds"] = "soon"
            let wrong = try await world.post("\(path)/settings", fields, cookie)
            #expect(wrong.status == 400 && wrong.body.contains("delivery.timeoutSeconds"))
        }
    }

    @Test func keysAreRotatedAndASampleIsSent() async throws {
        let sink = TestSink()
        let port = try await sink.start()
        try await ConsoleWorld.run { world in
            let cookie = try await world.signIn()
            let (_, id) = try await make(world, port: port)
            let path = "/console/outbound/\(id)"
            let csrf = try await world.page(path, cookie).csrf
            let rotate = ["csrf": csrf, "scheme": "v1a", "overlapHours": "2"]
            #expect(try await world.post("\(path)/rotate", rotate, cookie).status == 303)
            let page = try await world.page(path, cookie).body
            #expect(page.contains("whpk_") && !page.contains("whsk_") && page.contains("until "))
            let wrong = ["csrf": csrf, "scheme": "v1a", "overlapHours": "721"]
            #expect(try await world.post("\(path)/rotate", wrong, cookie).status == 400)
            let tried = try await world.post("\(path)/test", ["csrf": csrf], cookie)
            #expect(tried.status == 200 && tried.body.contains("The target answered 204 after"))
            #expect(tried.body.contains("POST http://127.0.0.1:\(port)/ok") && tried.body.contains("webhook-id: "))
            #expect(await sink.bodies(at: "/ok").count == 1)
            #expect(try await world.page("/console/outbound/nobody", cookie).status == 404)
        }
        await sink.stop()
    }
}
