import API
import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

/// The event log by REST and console: searched, followed from cause to consequence, and as everything was at a time.
@Suite(.inTurn) struct AuditRoutesTests {
    private func rows(_ world: ConsoleWorld, _ query: String, _ more: String = "") async throws -> [JSONValue] {
        let encoded = query.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let answer = try await world.call("GET", "/audit?query=\(encoded)\(more)")
        #expect(answer.status == 200, "\(answer.body)")
        return try answer.json["data"]?.array ?? []
    }

    private func kinds(_ world: ConsoleWorld, _ query: String) async throws -> [String] {
        try await rows(world, query, "&sortOrder=ASCENDING").compactMap { $0["kind"]?.string }
    }

    @Test func namesStandForIds() async throws {
        try await ConsoleWorld.run { world in
            let alert = try await world.addAlert()
            let anna = PersonReference(id: "id-oncall", targetName: "oncall", firstName: "Anna", lastName: "Berg")
            try await world.carryOut(.comment(id: "c", by: anna, text: "I look"), on: alert)
            try await world.addAlert(100_002)
            for query in [
                "alert:100001", "alert:\(alert)", "event:100001 workflow:monitoring",
                #"form:"Server down" alert:100001"#,
            ] {
                let found = try await kinds(world, query)
                #expect(found == ["alert.created", "alert.commented"], "\(query)")
            }
            let commented = try await kinds(world, "person:oncall kind:alert.commented")
            let around = try await kinds(world, "integration:Prometheus kind:alert")
            #expect(commented == ["alert.commented"] && around.count == 3)
            let created = try await rows(world, "alert:100001 kind:alert.created", "&embed=data")
            #expect(created.first?["alert"]?["eventId"]?.string == "100001")
            #expect(created.first?["summary"]?.string?.contains("db1 is down") == true)
            #expect(created.first?["data"]?["created"]?["details"]?["number"]?.integer == 100_001)
        }
    }

    /// What is gone is found by the name that it had.
    @Test func findsWhatWasDeleted() async throws {
        try await ConsoleWorld.run { world in
            let made = try await world.call("POST", "/groups", ["targetName": "Night shift"])
            #expect(made.status == 201)
            world.clock.advance(by: .seconds(60))
            let path = "/groups/Night%20shift"
            #expect(try await world.call("POST", "/groups", ["id": "Night shift", "description": "new"]).status == 200)
            world.clock.advance(by: .seconds(60))
            #expect(try await world.call("DELETE", path).status == 200)
            let found = try await rows(world, "group:\"night shift\" entry:group", "&sortOrder=ASCENDING&embed=data")
            #expect(found.map { $0["kind"]?.string } == ["config.changed", "config.changed", "config.deleted"])
            #expect(
                found.map { $0["summary"]?.string } == [
                    "group Night shift created", "group Night shift: description", "group Night shift deleted",
                ])
            #expect(found.allSatisfy { $0["actor"]?["name"]?.string == "admin" })
            #expect(found[1]["data"]?["after"]?["description"]?.string == "new")
            let then = try await world.call("GET", "/audit/state?of=group:Night%20shift&at=2026-03-09T14:00:30Z")
            let later = try await world.call("GET", "/audit/state?of=group:Night%20shift&at=2026-03-09T14:01:30Z")
            let (old, new) = (try then.json["state"], try later.json["state"])
            #expect(old?["group"]?["description"]?.string == "")
            #expect(new?["group"]?["description"]?.string == "new" && new?["shifts"]?.array?.count == 1)
            let after = try await world.call("GET", "/audit/state?of=group:Night%20shift")
            #expect(after.status == 404)
        }
    }

    @Test func pagesStayAsTheyWere() async throws {
        try await ConsoleWorld.run { world in
            for number in 1...5 { try await world.addAlert(Int64(100_000 + number)) }
            let first = try await world.call("GET", "/audit?query=kind%3Aalert&limit=2").json
            #expect(first["total"]?.integer == 5 && first["count"]?.integer == 2)
            for number in 6...9 { try await world.addAlert(Int64(100_000 + number)) }
            let next = try #require(first["links"]?["next"]?.string)
            let second = try await world.call("GET", String(next.dropFirst("/api/xm/1".count))).json
            #expect(second["total"]?.integer == 5)
            #expect(second["data"]?.array?.compactMap { $0["alert"]?["eventId"]?.string } == ["100003", "100002"])
            let all = try await world.call("GET", "/audit?query=kind%3Aalert").json
            #expect(all["total"]?.integer == 9)
        }
    }

    @Test func leadsFromAnAttemptToTheRequest() async throws {
        try await ConsoleWorld.run { world in
            let alert = try await world.addAlert()
            try await world.addDelivery(of: alert, to: "ok", [world.attempt(1, status: 200)])
            let found = try await rows(world, "alert:100001 kind:delivery.attempted")
            let sequence = try #require(found.first?["sequence"]?.integer)
            let chain = try await world.call("GET", "/audit/chain?of=event:\(sequence)").json
            let events = chain["events"]?.array ?? []
            let kinds = Dictionary(uniqueKeysWithValues: events.map { ($0["id"]?.string, $0["kind"]?.string) })
            let path = (chain["path"]?.array ?? []).map { kinds[$0.string] }
            #expect(path == ["alert.created", "delivery.requested", "delivery.attempted"])
            #expect(events.first?["causedBy"]?["kind"]?.string != "EVENT")
            let forward = try await world.call("GET", "/audit/chain?of=alert:100001").json
            #expect((forward["consequences"]?.array ?? []).count == 4)
        }
    }

    @Test(arguments: [
        ("/audit?query=colour%3Ared", 400, "query"), ("/audit?query=kind%3A..", 400, "query"),
        ("/audit?asOf=x", 400, "asOf"), ("/audit?limit=500&embed=data", 400, "limit"), ("/audit/0", 404, "0"),
        ("/audit/chain", 400, "of"), ("/audit/chain?of=alert", 400, "of"), ("/audit/chain?of=alert:1", 404, "1"),
        ("/audit/state?of=moon:1", 400, "of"), ("/audit/state?of=person:none", 404, "none"),
        ("/audit/state?of=person:admin&at=noon", 400, "at"),
    ])
    func badQuestionsNameTheField(_ path: String, _ status: Int, _ word: String) async throws {
        try await ConsoleWorld.run { world in
            let answer = try await world.call("GET", path)
            #expect(answer.status == status && answer.body.contains(word), "\(answer.body)")
        }
    }

    @Test func onlyWhoSeesEverythingMaySearch() async throws {
        try await ConsoleWorld.run { world in
            for path in ["/audit", "/audit/1", "/audit/chain?of=alert:1", "/audit/state?of=person:admin"] {
                let answer = try await world.call("GET", path, as: "oncall")
                #expect(answer.status == 403)
            }
        }
    }

    @Test func pagesShowEventsWithCauseAndChange() async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert()
            #expect(try await world.call("POST", "/groups", ["targetName": "Ops"]).status == 201)
            #expect(try await world.call("POST", "/groups", ["id": "Ops", "description": "<b>new</b>"]).status == 200)
            let browser = try await world.signIn("admin")
            let page = try await world.page("/console/audit?query=entry:group", browser)
            #expect(page.status == 200 && page.body.contains("group Ops: description"))
            let link = try #require(page.body.firstMatch(of: /href="(\/console\/audit\/\d+)"/)?.1)
            let event = try await world.page(String(link), browser)
            #expect(event.body.contains("&lt;b&gt;new&lt;/b&gt;") && event.body.contains("What led here"))
            let wrong = try await world.page("/console/audit?query=colour:red", browser)
            #expect(wrong.body.contains("there is no field colour"))
        }
    }
}
