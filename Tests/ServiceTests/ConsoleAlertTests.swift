import AlertCore
import Foundation
import Persistence
import TestSupport
import Testing

/// One alert's page: its timeline, its buttons, and that it goes on by itself; the pages of activity.
@Suite(.inTurn) struct ConsoleAlertTests {
    @Test func showsEverythingInTheOrderOfTime() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addNotification(
                of: id,
                [
                    .beginByMail, .fail(reason: "451 try later", isPermanent: false, next: nil, notBefore: nil),
                    .beginByMail, .deliver(receipt: "250 queued"),
                ])
            world.clock.advance(by: .seconds(1))
            try await world.addDelivery(
                of: id, to: "failing", [world.attempt(1, status: 503, body: "come back later")])
            try await world.addDelivery(
                of: id, to: "hanging", sequence: 2,
                [.park(.init(reason: .slow, detail: "has not answered after 5 s", until: nil))])
            world.clock.advance(by: .seconds(1))
            let response = AlertResponse(
                id: "r1", by: ConsoleWorld.anna, device: "Work Email", option: ConsoleWorld.resolve.id,
                comment: "fixed", source: "EMAIL")
            try await world.carryOut(.respond(response), on: id)
            let page = try await world.page("/console/alerts/100001", try await world.signIn()).body
            var rest = page[(page.range(of: "id=\"alert-timeline\"")?.upperBound ?? page.endIndex)...]
            for text in [
                "Alert created", "To notify Anna Berg on Work Email", "oncall was named as a recipient",
                "Attempt 1 to reach", "451 try later", "Attempt 2 to reach", "250 queued",
                "Webhook for failing (STATUS)", "Payload", "Attempt 1 for failing (STATUS): HTTP 503",
                "https://hooks.example/status · 41 ms", "come back later", "attempt 1 of 8: HTTP 503",
                "goes on at 14:00:06", "hanging (STATUS) waits: no answer yet", "has not answered after 5 s",
                "Response: Resolve", "fixed", "Ended by the response",
            ] {
                let place = rest.range(of: text)
                #expect(place != nil, "\(text) is missing, or too early")
                if let place { rest = rest[place.upperBound...] }
            }
            #expect(page.contains(">Ended</span>") && !page.contains("/suspend"))
        }
    }

    @Test func commentsSuspendsResumesAndEnds() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let cookie = try await world.signIn("oncall")
            let csrf = try await world.page("/console/alerts/\(id)", cookie).csrf
            for (action, shown) in [
                ("suspend", ">Suspended</span>"), ("resume", ">Active</span>"), ("comment", "Looking &lt;into&gt; it"),
                ("end", ">Ended</span>"),
            ] {
                let path = "/console/alerts/\(id)/\(action)"
                let form = ["csrf": csrf, "comment": "Looking <into> it"]
                let strange = try await world.post(path, form.merging(["csrf": "x"]) { $1 }, cookie)
                #expect(strange.status == 403 && strange.body.contains("did not come from a page"))
                let answer = try await world.post(path, form, cookie)
                #expect(answer.status == 303 && answer.location == "/console/alerts/\(id)", "\(action)")
                #expect(try await world.page(answer.location, cookie).body.contains(shown), "\(action)")
            }
            let again = try await world.post("/console/alerts/\(id)/end", ["csrf": csrf], cookie)
            #expect(again.status == 409 && again.body.contains("The alert has ended."))
            let empty = try await world.post("/console/alerts/\(id)/comment", ["csrf": csrf, "comment": " "], cookie)
            #expect(empty.status == 400 && empty.body.contains("comment"))
            #expect(try await world.post("/console/alerts/7/end", ["csrf": csrf], cookie).status == 404)
            #expect(try await world.post("/console/alerts/\(id)/end", ["csrf": csrf], "").status == 303)
        }
    }

    @Test func takesNoFormOfAnotherSession() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let other = try await world.page("/console/alerts/\(id)", try await world.signIn("oncall")).csrf
            let answer = try await world.post("/console/alerts/\(id)/end", ["csrf": other], try await world.signIn())
            #expect(answer.status == 403)
        }
    }

    @Test func showsNoButtonsToThoseWhoMayNot() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let cookie = try await world.signIn("watcher")
            let page = try await world.page("/console/alerts/\(id)", cookie)
            #expect(page.status == 200 && !page.body.contains("/suspend") && page.body.contains("/comment"))
            #expect(try await world.page("/console/alerts/\(id)/end", cookie).status == 403)
            let answer = try await world.post("/console/alerts/\(id)/suspend", ["csrf": page.csrf], cookie)
            #expect(answer.status == 403)
            let comment = try await world.post(
                "/console/alerts/\(id)/comment", ["csrf": page.csrf, "comment": "seen"], cookie)
            #expect(comment.status == 303)
        }
    }

    @Test func goesOnByItself() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let cookie = try await world.signIn()
            #expect(try await world.send("GET", "/console/alerts/\(id)/live").status == 401)
            #expect(try await world.page("/console/alerts/7/live", cookie).status == 404)
            let head = "GET /console/alerts/\(id)/live HTTP/1.1\r\nHost: localhost\r\nCookie: \(cookie)\r\n\r\n"
            async let stream = Exchange(port: world.port).send(Data(head.utf8), until: "Found the cause")
            try await world.carryOut(.comment(id: "c1", by: ConsoleWorld.anna, text: "Found the cause"), on: id)
            let text = String(decoding: try await stream, as: UTF8.self)
            #expect(text.contains("text/event-stream") && text.contains("event: alert\ndata: "))
            #expect(text.contains("Found the cause") && text.contains("id=\"alert-timeline\" data-live"))
        }
    }

    @Test func showsRequestsWithTheLineOfAnError() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addActivity("r-1", alerts: [.init(id: id, number: 100_001)])
            try await world.addActivity(
                "r-2", problem: .init(kind: "TypeError", message: "summary of undefined", line: 3, column: 9))
            let cookie = try await world.signIn()
            let list = try await world.page("/console/activity", cookie).body
            #expect(list.contains("Prometheus") && list.contains("summary of undefined") && list.contains("100001"))
            let fine = try await world.page("/console/activity/r-1", cookie).body
            #expect(fine.contains("Alertmanager firing, group disk") && fine.contains("/console/alerts/\(id)"))
            let failed = try await world.page("/console/activity/R-2", cookie).body
            #expect(failed.contains("line 3, column 9") && failed.contains("line culprit"))
            let culprit = failed.components(separatedBy: "line culprit\">").last ?? ""
            #expect(culprit.contains("trigger.properties.Summary = data.alerts[0].summary;"))
            #expect(failed.contains("if (data.x &lt; 2)"))
            #expect(try await world.page("/console/activity/r-3", cookie).status == 404)
            let some = try await world.page("/console/activity?integration=other", cookie).body
            #expect(some.contains("No requests yet"))
        }
    }

    @Test func showsDeadLetters() async throws {
        try await ConsoleWorld.run { world in
            let now = world.clock.now
            try await world.database.transaction { connection in
                try DeadLetters(connection).add(
                    DeadLetter(
                        topic: "alert-commands", partition: 2, offset: 881, key: "some-key", body: "{<broken>",
                        reason: "no JSON", recordedAt: now))
            }
            let page = try await world.page("/console/dead-letters", try await world.signIn()).body
            #expect(page.contains("alert-commands") && page.contains("offset 881") && page.contains("{&lt;broken&gt;"))
        }
    }
}
