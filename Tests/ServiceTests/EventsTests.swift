import API
import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

/// Alerts by REST, over a real socket.
@Suite(.inTurn) struct EventsTests {
    @Test func listsNewestFirstWithPages() async throws {
        try await ConsoleWorld.run { world in
            for number in 1...3 {
                try await world.addAlert(Int64(number))
                world.clock.advance(by: .seconds(1))
            }
            let first = try await world.call("GET", "/events?limit=2&priority=HIGH").json
            #expect(first["data"]?.array?.compactMap { $0["eventId"]?.string } == ["3", "2"])
            #expect(first["count"] == 2 && first["total"] == 3)
            #expect(first["links"]?["next"] == "/api/xm/1/events?offset=2&limit=2&priority=HIGH")
            let oldest = try await world.call("GET", "/events?sortBy=START_TIME&sortOrder=ASCENDING&limit=1").json
            #expect(oldest["data"]?.array?.first?["eventId"] == "1")
        }
    }

    struct Filter: CustomTestStringConvertible {
        let query: String
        let found: [String]
        var testDescription: String { query }

        init(_ query: String, _ found: [String]) {
            self.query = query
            self.found = found
        }
    }

    @Test(arguments: [
        Filter("", ["3", "2", "1"]),
        Filter("status=ACTIVE", ["3", "1"]), Filter("status=ACTIVE,SUSPENDED", ["3", "2", "1"]),
        Filter("status=TERMINATED", []), Filter("priority=LOW", ["2"]), Filter("priority=low,HIGH", ["3", "2", "1"]),
        Filter("plan=Monitoring", ["3", "2", "1"]), Filter("plan=other", []),
        Filter("form=22222222-0000-4000-8000-000000000001", ["3", "2", "1"]),
        Filter("form=server%20down", ["3", "2", "1"]),
        Filter("submitter=admin", ["3", "2", "1"]), Filter("submitter=oncall", []),
        Filter("requestId=\(DerivedID.uuid("request", "2").uppercased())", ["2"]),
        Filter("propertyName=Summary&propertyValue=printer", ["2"]),
        Filter("propertyName=Summary%23en&propertyValue=PRINTER", ["2"]),
        Filter("propertyName=Summary,Count&propertyValue=printer,3", []),
        Filter("propertyName=Summary,Count&propertyValue=printer,9", ["2"]),
        Filter("propertyNames=Summary&propertyValues=printer", ["2"]),
        Filter("propertyName=Summary&propertyValue=printer,none", ["2"]),
        Filter("search=paper", ["2"]), Filter("search=printer+disk", ["3", "2", "1"]),
        Filter("search=printer+disk&operand=AND", []), Filter("search=3", ["3", "1"]), Filter("search=100%25", []),
        Filter("incidentId=INCIDENT_ID-2", ["2"]), Filter("eventType=SYSTEM", []),
        Filter("from=2026-03-09T14:00:01.000Z", ["3", "2"]), Filter("to=2026-03-09T14:00:01Z", ["1"]),
        Filter("from=2026-03-09T15:00:02%2B01:00", ["3"]), Filter("from=2026-03-10", []),
    ])
    func filters(_ filter: Filter) async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert(1)
            world.clock.advance(by: .seconds(1))
            let second = try await world.addAlert(
                2, subject: "Out of paper", priority: .low, properties: ["Summary": "Printer", "Count": 9])
            try await world.carryOut(.suspend(by: ConsoleWorld.anna), on: second)
            world.clock.advance(by: .seconds(1))
            try await world.addAlert(3)
            let answer = try await world.call("GET", "/events?\(filter.query)")
            #expect(try answer.json["data"]?.array?.compactMap { $0["eventId"]?.string } == filter.found)
        }
    }

    @Test(arguments: [
        ("status=SLEEPING", "status", "ACTIVE, SUSPENDED"), ("priority=URGENT", "priority", "LOW, MEDIUM, HIGH"),
        ("sortBy=START_TIME", "sortOrder", "required"), ("sortBy=NAME&sortOrder=ASCENDING", "sortBy", "START_TIME"),
        ("limit=0", "limit", "1 to 1000"), ("limit=many", "limit", "1 to 1000"), ("offset=-1", "offset", "from 0"),
        ("from=yesterday", "from", "yesterday"), ("from=2026-02-30", "from", "2026-02-30"),
        ("propertyName=A", "propertyValue", "required"),
        ("propertyName=A,B&propertyValue=1", "propertyValue", "2 names"),
        ("embed=everything", "embed", "properties"),
        ("propertyValueOperator=LIKE", "propertyValueOperator", "CONTAINS"),
        ("search=\(String(repeating: "a+", count: 11))", "search", "at most"),
    ])
    func refusesWhatItDoesNotUnderstand(_ query: String, _ field: String, _ hint: String) async throws {
        try await ConsoleWorld.run { world in
            let answer = try await world.call("GET", "/events?\(query)")
            #expect(answer.status == 400)
            let message = try answer.json["message"]?.string ?? ""
            #expect(message.contains(field) && message.contains(hint), "\(message)")
            #expect(try answer.json["reason"] == "Bad Request")
        }
    }

    @Test func showsOneByUUIDAndByNumberWithEverythingEmbedded() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "250 OK")])
            try await world.carryOut(.comment(id: "c1", by: ConsoleWorld.anna, text: "On it"), on: id)
            let embed = "embed=properties,recipients,responseOptions,annotations,messages"
            let event = try await world.call("GET", "/events/100001?\(embed)").json
            #expect(try await world.call("GET", "/events/\(id.uppercased())?\(embed)").json == event)
            #expect(event["id"]?.string == id && event["eventId"] == "100001" && event["status"] == "ACTIVE")
            #expect(event["name"] == "db1 is down" && event["incident"] == "INCIDENT_ID-100001")
            #expect(event["created"] == "2026-03-09T14:00:00.000+0000")
            #expect(event["properties"] == ["Summary#en": "The disk is full", "Count": 3])
            #expect(event["submitter"]?["recipientType"] == "PERSON" && event["plan"]?["name"] == "Monitoring")
            let recipient = event["recipients"]?["data"]?.array?.first
            #expect(recipient?["targetName"] == "oncall" && recipient?["targeted"] == true)
            #expect(recipient?["deliveryStatus"] == "DELIVERED")
            let options = event["responseOptions"]?["data"]?.array ?? []
            #expect(options.map { $0["text"] } == ["Acknowledge", "Resolve", "Runbook"] && options[2]["order"] == 3)
            #expect(event["annotations"]?["data"]?.array?.first?["comment"] == "On it")
            #expect(event["messages"]?["data"]?.array?.first?["body"] == "<p>db1 is down</p>")
            #expect(event["links"]?["self"]?.string == "/api/xm/1/events/\(id)")
            let recipients = try await world.call("GET", "/events/\(id)/recipients?targeted=true").json
            #expect(recipients["total"] == 1)
            let inList = try await world.call("GET", "/events?embed=properties,annotations").json["data"]?.array?.first
            #expect(inList?["properties"] == event["properties"] && inList?["annotations"]?["total"] == 1)
        }
    }

    @Test func suspendsResumesAndEnds() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let suspended = try await world.call(
                "POST", "/events", ["id": .string(id), "status": "SUSPENDED"], as: "oncall")
            #expect(suspended.status == 200)
            #expect(try suspended.json["status"] == "SUSPENDED")
            #expect(
                try await world.call("POST", "/events", ["id": 100_001, "status": "ACTIVE"]).json["status"] == "ACTIVE")
            let ended = try await world.call("POST", "/events", ["id": "100001", "status": "TERMINATED"])
            #expect(ended.status == 200)
            #expect(try ended.json["status"] == "TERMINATED")
            #expect(try ended.json["terminated"] == "2026-03-09T14:00:00.000+0000")
            let again = try await world.call("POST", "/events", ["id": .string(id), "status": "TERMINATED"])
            #expect(again.status == 409)
            #expect(try again.json["subcode"] == "alert.terminated")
        }
    }

    @Test(
        arguments: [
            (["status": "ACTIVE"], 400, "id"), (["id": "100001"], 400, "status"),
            (["id": "7", "status": "ACTIVE"], 404, "7"),
            (["id": "100001", "status": "DONE"], 400, "DONE"), (["id": true, "status": "ACTIVE"], 400, "id"),
            ([], 400, "object"),
        ] as [(JSONValue, Int, String)])
    func refusesAStatusThatIsWrong(_ body: JSONValue, _ status: Int, _ hint: String) async throws {
        try await ConsoleWorld.run { world in
            try await world.addAlert()
            let answer = try await world.call("POST", "/events", body)
            #expect(answer.status == status)
            #expect(try answer.json["message"]?.string?.contains(hint) == true, "\(answer.body)")
        }
    }

    @Test func needsARoleToChangeAndAnAccountToRead() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            #expect(try await world.call("GET", "/events", as: "watcher").status == 200)
            let change: JSONValue = ["id": .string(id), "status": "SUSPENDED"]
            #expect(try await world.call("POST", "/events", change, as: "watcher").status == 403)
            let comment = try await world.call("POST", "/events/\(id)/annotations", ["comment": "Seen"], as: "watcher")
            #expect(comment.status == 201)
            #expect(try await world.call("GET", "/events", as: "nobody").status == 401)
            #expect(try await world.send("GET", "/api/xm/1/events").status == 401)
        }
    }

    @Test func saysWhenACommandIsNotCarriedOut() async throws {
        let database = NoAnswers()
        let gateway = CommandGateway(database: database, bus: SilentBus(), patience: .milliseconds(50))
        let error = await #expect(throws: RestError.self) {
            try await gateway.send(.expire, to: "some-alert", by: "admin", correlation: "test")
        }
        #expect(error?.code == 503 && error?.message.contains("not carried out yet") == true)
    }

    @Test func answersUnknownRoutesInItsOwnShape() async throws {
        try await ConsoleWorld.run { world in
            let answer = try await world.call("GET", "/unheard-of")
            #expect(answer.status == 404)
            #expect(try answer.json["code"] == 404)
            #expect(try await world.call("GET", "/events/7").status == 404)
            let wrong = try await world.call("DELETE", "/events")
            #expect(wrong.status == 405 && wrong.headers["allow"] == "GET, POST")
        }
    }
}
