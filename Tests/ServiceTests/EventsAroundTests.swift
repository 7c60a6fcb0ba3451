import API
import AlertCore
import Foundation
import Hummingbird
import Messaging
import Persistence
import TestSupport
import Testing

/// What happened around an alert, by REST: comments, deliveries, audits, activity.
@Suite(.inTurn) struct EventsAroundTests {
    @Test func takesAndShowsComments() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let made = try await world.call("POST", "/events/100001/annotations", ["comment": "Looking <into> it"])
            #expect(made.status == 201)
            let annotation = try made.json
            #expect(annotation["comment"] == "Looking <into> it" && annotation["author"]?["targetName"] == "admin")
            #expect(annotation["event"]?["eventId"] == "100001")
            let path = annotation["links"]?["self"]?.string ?? ""
            #expect(path == "/api/xm/1/events/\(id)/annotations/\(annotation["id"]?.string ?? "")")
            let same = try await world.call("GET", String(path.dropFirst("/api/xm/1".count)))
            #expect(try same.json == annotation)
            let all = try await world.call("GET", "/events/\(id)/annotations").json
            #expect(all["data"]?.array == [annotation] && all["total"] == 1)
            #expect(try await world.call("GET", "/events/\(id)/annotations/none").status == 404)
            #expect(try await world.call("POST", "/events/7/annotations", ["comment": "x"]).status == 404)
        }
    }

    @Test(
        arguments: [
            ([:], "comment"), (["comment": "  "], "empty"), (["comment": 7], "string"),
            (["comment": .string(String(repeating: "x", count: 4001))], "4000"),
        ] as [(JSONValue, String)])
    func refusesACommentThatIsNone(_ body: JSONValue, _ hint: String) async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let answer = try await world.call("POST", "/events/\(id)/annotations", body)
            #expect(answer.status == 400)
            #expect(try answer.json["message"]?.string?.contains(hint) == true, "\(answer.body)")
        }
    }

    @Test func showsWhoWasToldAndWhatTheyAnswered() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            let notification = try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "250 OK")])
            let path = "/events/\(id)/user-deliveries?at=2026-03-09T14:00:00Z"
            let before = try await world.call("GET", path).json["data"]?.array?.first
            #expect(before?["deliveryStatus"] == "DELIVERED" && before?["person"]?["targetName"] == "oncall")

            let response = AlertResponse(
                id: "r1", by: ConsoleWorld.anna, device: "Work Email", option: ConsoleWorld.acknowledge.id,
                comment: "mine", source: "EMAIL")
            try await world.carryOut(.respond(response), on: id)
            let row = try await world.call("GET", path).json["data"]?.array?.first
            #expect(row?["deliveryStatus"] == "RESPONDED" && row?["response"]?["text"] == "Acknowledge")
            let device = row?["notifications"]?["data"]?.array?.first
            #expect(device?["id"]?.string == notification && device?["recipient"]?["name"] == "Work Email")
            #expect(device?["delivered"] == "2026-03-09T14:00:00.000Z" && device?["responded"] != nil)
            #expect(device?["responses"]?["total"] == 1)
            let failed = try await world.call("GET", "/events/\(id)/user-deliveries?deliveryStatus=FAILED").json
            #expect(failed["total"] == 0)
            #expect(try await world.call("GET", "/events/\(id)/user-deliveries?deliveryStatus=LOST").status == 400)
        }
    }

    @Test func listsAudits() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addNotification(of: id, [.beginByMail, .deliver(receipt: "250 OK")])
            let delivery = DeviceDelivery(
                id: "d1", recipient: ConsoleWorld.anna, device: NamedReference(id: "id-device", name: "Work Email"),
                deviceNumber: 7, status: .failed, message: "no such user")
            try await world.carryOut(.recordDelivery(delivery), on: id)
            try await world.carryOut(.comment(id: "c1", by: ConsoleWorld.anna, text: "On it"), on: id)
            world.clock.advance(by: .seconds(60))
            let response = AlertResponse(
                id: "r1", by: ConsoleWorld.anna, device: "Work Email", option: ConsoleWorld.resolve.id, comment: nil,
                source: "EMAIL")
            try await world.carryOut(.respond(response), on: id)
            let rows = try await world.call("GET", "/audits?eventId=\(id)").json["data"]?.array ?? []
            #expect(
                rows.map { $0["type"] } == [
                    "EVENT_CREATED", "NOTIFICATION_FAILED", "EVENT_ANNOTATED", "RESPONSE_RECEIVED", "EVENT_TERMINATED",
                ])
            #expect(rows[1]["notification"]?["recipient"]?["targetName"] == "oncall|Work Email")
            #expect(rows[2]["annotation"]?["comment"] == "On it")
            #expect(rows[3]["response"]?["response"] == "Resolve" && rows[3]["response"]?["source"] == "EMAIL")
            #expect(rows[4]["by"]?["targetName"] == "oncall" && rows[4]["at"] == "2026-03-09T14:01:00.000Z")
            let some = try await world.call(
                "GET", "/audits?eventId=100001&auditType=EVENT_CREATED,EVENT_TERMINATED&sortOrder=DESCENDING"
            ).json
            #expect(some["data"]?.array?.map { $0["type"] } == ["EVENT_TERMINATED", "EVENT_CREATED"])
            let late = try await world.call("GET", "/audits?eventId=100001&from=2026-03-09T14:00:30Z").json
            #expect(late["total"] == 2)
            #expect(try await world.call("GET", "/audits").status == 400)
            #expect(try await world.call("GET", "/audits?eventId=\(id)&auditType=EVENT_LOST").status == 400)
            #expect(try await world.call("GET", "/audits?eventId=7").status == 404)
        }
    }

    @Test func showsWebhookDeliveriesWithEveryAttempt() async throws {
        try await ConsoleWorld.run { world in
            let id = try await world.addAlert()
            try await world.addDelivery(
                of: id, to: "failing",
                [world.attempt(1, status: 500, body: #"{"error":"not yet"}"#), world.attempt(2, status: 200)])
            try await world.addDelivery(
                of: id, to: "hanging", sequence: 2,
                [.park(.init(reason: .slow, detail: "has not answered after 5 s", until: nil))])
            try await world.addDelivery(
                of: id, to: "broken", sequence: 3, [world.attempt(1, status: nil, error: "refused")])
            let rows = try await world.call("GET", "/events/\(id)/deliveries").json["data"]?.array ?? []
            #expect(rows.map { $0["status"] } == ["DELIVERED", "PARKED", "PARKED"])
            #expect(rows[0]["integration"]?["name"] == "failing" && rows[0]["triggeredBy"] == "STATUS")
            let attempts = rows[0]["attempts"]?.array ?? []
            #expect(attempts.map { $0["status"] } == [500, 200] && attempts.map { $0["number"] } == [1, 2])
            #expect(attempts.first?["responseBody"] == #"{"error":"not yet"}"#)
            #expect(rows[1]["reason"] == "slow" && rows[1]["detail"] == "has not answered after 5 s")
            #expect(rows[2]["reason"] == "retry" && rows[2]["nextAttempt"] == "2026-03-09T14:00:05.000Z")
            #expect(rows[2]["attempts"]?.array?.first?["error"] == "refused")
        }
    }

    @Test func listsTheActivityOfAnIntegration() async throws {
        try await ConsoleWorld.run { world in
            try await world.addActivity("r-1", alerts: [.init(id: "a-1", number: 100_001)])
            world.clock.advance(by: .seconds(1))
            try await world.addActivity("r-2", problem: .init(kind: "TypeError", message: "x is undefined", line: 3))
            let page = try await world.call("GET", "/integrations/\(ConsoleWorld.integration)/logs?limit=1").json
            #expect(page["total"] == 2 && page["links"]?["next"] != nil)
            let newest = page["data"]?.array?.first
            #expect(newest?["requestId"] == "r-2" && newest?["status"] == "FAILED" && newest?["error"]?["line"] == 3)
            let rest = try await world.call("GET", "/integrations/\(ConsoleWorld.integration)/logs?offset=1").json
            let oldest = rest["data"]?.array?.first
            #expect(oldest?["events"]?.array?.first?["eventId"] == "100001")
            #expect(oldest?["by"]?["targetName"] == "admin" && oldest?["requestMethod"] == "POST")
            #expect(oldest?["completed"] == "2026-03-09T14:00:00.034Z")
            #expect(try await world.call("GET", "/integrations/unknown/logs").status == 404)
        }
    }
}

/// A database in which nothing is ever found.
struct NoAnswers: SQLDatabase {
    func transaction<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try body(NoConnection())
    }
    func reading<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try body(NoConnection())
    }
    func close() async {}

    final class NoConnection: SQLConnection {
        static let dialect = SQLDialect.sqlite
        func execute(_ statement: SQL) throws(StoreError) -> [SQLRow] { [] }
        func insert(_ rows: [[SQLValue]], into table: String, columns: [String]) throws(StoreError) {}
    }
}

/// A bus that takes everything and does nothing.
struct SilentBus: MessageBus {
    let partitions = Partitions(1)
    func publish(_ messages: [OutgoingMessage], to topic: Topic) async throws {}
    func subscribe(to topics: [Topic], as group: ConsumerGroup) async throws -> any Subscription {
        throw StoreError(.invalid, "nobody reads this bus")
    }
    func checkReadiness() async throws {}
    func close() async {}
}
