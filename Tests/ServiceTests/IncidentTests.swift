import AlertCore
import TestSupport
import Testing

/// Incidents with their timelines, and changes, by REST.
@Suite(.inTurn)
struct IncidentTests {
    private static func identifiers(_ server: RESTTestServer, _ query: String) async throws -> [String] {
        try await server.sent(200, "GET", "incidents?\(query)").data.compactMap { $0["summary"]?.string }
    }

    @Test(arguments: Backend.available)
    func goThroughTheirLives(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.sent(201, "POST", "services", ["targetName": "Payments"])
            let body: JSONValue = [
                "summary": "Nobody can pay", "description": "Cards are refused", "severity": "Critical",
                "impactedServices": ["Payments"], "commander": "reader", "requestId": "R-1",
            ]
            let made = try await server.sent(201, "POST", "incidents", body, as: "reader")
            let incident = try #require(made.json)
            #expect(incident["incidentIdentifier"] == "INC-1000" && incident["requestId"] == "r-1")
            #expect(incident.at("severity.name") == "Critical" && incident.at("severity.level") == 1)
            #expect(incident.at("status.name") == "Open" && incident["acknowledgedAt"] == nil)
            #expect(incident.at("initiatedBy.targetName") == "reader" && incident.at("commander.id") == "id-reader")
            #expect(incident.at("impactedServices.0.targetName") == "Payments")
            #expect(try await server.sent(200, "GET", "incidents/inc-1000").json == incident)

            let taken = try await server.sent(
                200, "POST", "incidents", ["incidentIdentifier": "INC-1000", "status": "IN_PROGRESS"])
            #expect(taken.json?.at("status.name") == "In Progress" && taken.json?["acknowledgedAt"] != nil)
            let over = try await server.sent(
                200, "POST", "incidents",
                ["id": .string(made.id), "status": ["name": "resolved"], "severity": ["level": 3]])
            #expect(over.json?.at("status.name") == "Resolved" && over.json?["resolvedAt"] != nil)
            #expect(over.json?.at("severity.name") == "Medium" && over.json?["summary"] == "Nobody can pay")

            let timeline = try await server.sent(200, "GET", "incidents/\(made.id)/timeline-entries").data
            #expect(
                timeline.compactMap { $0["text"]?.string }
                    == ["Open → In Progress", "In Progress → Resolved", "Critical → Medium"])

            // Whoever was impacted stays so, also when it is gone.
            try await server.sent(200, "DELETE", "services/Payments")
            let after = try await server.sent(200, "GET", "incidents/\(made.id)").json
            #expect(after?.at("impactedServices.0.targetName") == "Payments")
            let audit = try await server.auditText()
            #expect(audit.contains("\"kind\":\"incident\"") && audit.contains("\"before\":{"))
            #expect(audit.contains("\"status\":\"In Progress\""))
        }
    }

    @Test(arguments: Backend.available)
    func areFound(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.add(group: "SRE")
            let service = try await server.sent(201, "POST", "services", ["targetName": "Payments", "ownedBy": "SRE"])
                .id
            try await server.add(group: "Web")
            try await server.sent(
                201, "POST", "incidents",
                ["summary": "Pay 100% down", "severity": "High", "impactedServices": [.string(service)]])
            try await server.sent(
                201, "POST", "incidents",
                [
                    "summary": "Shop is slow", "description": "since the deployment", "resolvers": ["Web"],
                    "status": "Resolved",
                ])
            try await server.sent(
                201, "POST", "incidents", ["summary": "Ünix sockets", "severity": "low", "requestId": "abc"])
            for (query, found) in [
                ("", ["Ünix sockets", "Shop is slow", "Pay 100% down"]), ("limit=1&offset=1", ["Shop is slow"]),
                ("severity=HIGH,Low", ["Ünix sockets", "Pay 100% down"]), ("severity=2", ["Pay 100% down"]),
                ("status=Open", ["Ünix sockets", "Pay 100% down"]), ("requestId=ABC", ["Ünix sockets"]),
                ("impactedServices=Payments", ["Pay 100% down"]), ("impactedServices=none", []),
                ("resolver.group=SRE", ["Pay 100% down"]), ("resolver.group=Web", ["Shop is slow"]),
                ("resolver.group=SRE,Web", ["Shop is slow", "Pay 100% down"]),
                ("search=slow%20ünix", ["Ünix sockets", "Shop is slow"]), ("search=deploy", ["Shop is slow"]),
                ("search=deploy&fields=SUMMARY", []), ("search=shop%20deploy&operand=AND", ["Shop is slow"]),
                ("search=INC-1000", ["Pay 100% down"]), ("search=%25", []), ("search=own", []),
                ("to=2020-01-01T00:00:00Z", []), ("from=2020-01-01T00:00:00Z&search=pay", ["Pay 100% down"]),
            ] {
                let summaries = try await Self.identifiers(server, query.replacing("ü", with: "%C3%BC"))
                #expect(summaries == found, "\(query)")
            }
            for query in ["severity=Awful", "status=Lost", "fields=COLOUR", "from=yesterday", "operand=XOR"] {
                #expect(try await server.call("GET", "incidents?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test func refusesWhatIsNoIncident() async throws {
        try await RESTTestServer.run { server in
            for (body, field) in [
                (["severity": "High"] as JSONValue, "summary"), (["summary": "x", "severity": "Awful"], "severity"),
                (["summary": "x", "status": 7], "status"), (["summary": "x", "commander": "ghost"], "commander"),
                (["summary": "x", "impactedServices": ["ghost"]], "impactedServices"),
                (["summary": "x", "resolvers": ["ghost"]], "resolvers"),
            ] {
                let refused = try await server.call("POST", "incidents", body)
                #expect(refused.status == 400 && refused.text.contains(field), "\(refused.text)")
            }
            try await server.sent(404, "POST", "incidents", ["id": "INC-77", "summary": "x"])
            try await server.sent(404, "GET", "incidents/INC-77")
            try await server.sent(403, "POST", "incidents", ["summary": "x"], as: "outsider")
        }
    }

    @Test(arguments: Backend.available)
    func haveTimelines(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            let id = try await server.sent(201, "POST", "incidents", ["summary": "x"]).id
            let path = "incidents/INC-1000/timeline-entries"
            let note = try await server.sent(
                201, "POST", path, ["entryType": "NOTE", "text": "Rebooted"], as: "reader")
            #expect(note.json?["text"] == "Rebooted" && note.json?.at("incident.id") == .string(id))
            #expect(note.json?.at("addedBy.targetName") == "reader" && note.json?["entryType"] == "NOTE")
            try await server.sent(201, "POST", path, ["text": "Again"])
            try await server.sent(400, "POST", path, ["text": ""])
            try await server.sent(400, "POST", path, ["text": "x", "entryType": "a b"])
            try await server.sent(404, "POST", "incidents/INC-7/timeline-entries", ["text": "x"])
            let list = try await server.sent(200, "GET", path)
            #expect(list.data.compactMap { $0["text"]?.string } == ["Rebooted", "Again"])
            #expect(try await server.auditText().contains("incidententry"))
        }
    }

    @Test(arguments: Backend.available)
    func changesAreKept(on backend: Backend) async throws {
        try await RESTTestServer.run(on: backend) { server in
            try await server.addPerson("ci", roles: ["REST Web Service User"])
            try await server.sent(201, "POST", "services", ["targetName": "Payments"])
            let body: JSONValue = [
                "changeType": "Deployment", "source": "Jenkins", "summary": "Payments 1.2", "changedBy": "bot",
                "changedAt": "2026-03-01T10:00:00Z", "details": ["build": 7], "externalIdentifier": "CHG-1",
                "service": "Payments",
            ]
            let made = try await server.sent(201, "POST", "changes", body, as: "ci")
            let change = try #require(made.json)
            #expect(change["changedAt"] == "2026-03-01T10:00:00.000Z" && change.at("details.build") == 7)
            #expect(change.at("service.targetName") == "Payments" && change["changedBy"] == "bot")
            #expect(try await server.sent(200, "GET", "changes/\(made.id)").json == change)
            try await server.sent(
                201, "POST", "changes", ["changeType": "FLAG", "source": "LaunchDarkly", "summary": "New basket"])
            for (query, summaries) in [
                ("", ["New basket", "Payments 1.2"]),
                ("sortOrder=ASCENDING&sortBy=CHANGED_AT", ["Payments 1.2", "New basket"]),
                ("service=Payments", ["Payments 1.2"]), ("changeType=deployment", ["Payments 1.2"]),
                ("source=launchdarkly,x", ["New basket"]), ("externalIdentifier=chg-1", ["Payments 1.2"]),
                ("search=bas", ["New basket"]), ("search=new%20pay", ["New basket", "Payments 1.2"]),
                ("to=2026-03-01T10:00:00Z", []),
                ("from=2026-03-01T10:00:00Z&to=2026-03-01T10:00:01Z", ["Payments 1.2"]),
            ] {
                let found = try await server.sent(200, "GET", "changes?\(query)").data.compactMap {
                    $0["summary"]?.string
                }
                #expect(found == summaries, "\(query)")
            }
            for (body, field) in [
                (["source": "x", "summary": "x"] as JSONValue, "changeType"),
                (["changeType": "x", "source": "x", "summary": "x", "service": "ghost"], "service"),
                (["changeType": "x", "source": "x", "summary": "x", "changedAt": "soon"], "changedAt"),
                (["id": .string(made.id), "changeType": "x", "source": "x", "summary": "x"], "id"),
            ] {
                let refused = try await server.call("POST", "changes", body, as: "ci")
                #expect(refused.status == 400 && refused.text.contains(field), "\(refused.text)")
            }
            try await server.sent(403, "POST", "changes", body, as: "reader")
            try await server.sent(404, "GET", "changes/none")
            #expect(try await server.auditText().contains("\"kind\":\"change\""))
        }
    }
}
