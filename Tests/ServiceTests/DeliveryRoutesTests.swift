import API
import AlertCore
import Foundation
import Messaging
import Persistence
import TestSupport
import Testing

/// Deliveries by REST: found, looked at, sent again, given up, explained.
@Suite(.inTurn) struct DeliveryRoutesTests {
    static let outbound = "55555555-0000-4000-8000-000000000001"

    /// Two alerts, with a delivery in each state.
    static func fill(_ world: ConsoleWorld) async throws {
        let first = try await world.addAlert()
        try await world.addDelivery(of: first, to: "ok", [world.attempt(1, status: 200)])
        world.clock.advance(by: .seconds(1))
        try await world.addDelivery(of: first, to: "dead", exhausting(world))
        world.clock.advance(by: .seconds(1))
        let second = try await world.addAlert(100_002)
        try await world.addDelivery(of: second, to: "dead", exhausting(world))
        try await world.addDelivery(
            of: second, to: "dead", sequence: 2,
            [.park(.init(reason: .behind, detail: "an earlier delivery of this alert waits", until: nil))])
    }

    private static func exhausting(_ world: ConsoleWorld) -> [WebhookDelivery.Command] {
        (1...8).map { number in
            let attempt = WebhookDelivery.Attempt(
                number: number, url: "https://hooks.example/status", startedAt: world.clock.now,
                durationMilliseconds: 5, status: 503, responseBody: "busy")
            return .recordAttempt(attempt, schedule: .standard, chance: 0.5)
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
        Filter("", ["100002 2 PARKED", "100002 1 EXHAUSTED", "100001 1 EXHAUSTED", "100001 1 DELIVERED"]),
        Filter("status=exhausted", ["100002 1 EXHAUSTED", "100001 1 EXHAUSTED"]),
        Filter("status=PARKED,DELIVERED", ["100002 2 PARKED", "100001 1 DELIVERED"]),
        Filter("integration=id-ok", ["100001 1 DELIVERED"]),
        Filter("event=100001&status=EXHAUSTED", ["100001 1 EXHAUSTED"]),
        Filter("reason=BEHIND", ["100002 2 PARKED"]), Filter("plan=Monitoring", []), Filter("replay=none", []),
        Filter("to=2026-03-09T14:00:01Z", ["100001 1 DELIVERED"]),
        Filter("from=2026-03-09T14:00:01Z&to=2026-03-09T14:00:02Z", ["100001 1 EXHAUSTED"]),
    ])
    func filters(_ filter: Filter) async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            let answer = try await world.call("GET", "/deliveries?\(filter.query)").json
            let rows = (answer["data"]?.array ?? []).map { row in
                let sequence = row["sequence"]?.integer ?? 0
                return "\(row["event"]?["eventId"]?.string ?? "") \(sequence) \(row["status"]?.string ?? "")"
            }
            #expect(rows.sorted() == filter.found.sorted() && answer["total"]?.integer == Int64(filter.found.count))
        }
    }

    @Test(arguments: [
        ("status=LOST", "status", "EXHAUSTED"), ("reason=mood", "reason", "circuitOpen"), ("from=now", "from", "now"),
        ("limit=0", "limit", "1 to 1000"),
    ])
    func refusesWhatItDoesNotUnderstand(_ query: String, _ field: String, _ hint: String) async throws {
        try await ConsoleWorld.run { world in
            let answer = try await world.call("GET", "/deliveries?\(query)")
            let message = try answer.json["message"]?.string ?? ""
            #expect(answer.status == 400 && message.contains(field) && message.contains(hint), "\(message)")
            #expect(try await world.call("GET", "/deliveries?event=7").status == 404)
            #expect(try await world.call("GET", "/deliveries?plan=none").status == 404)
            #expect(try await world.call("GET", "/deliveries?after=none").status == 404)
        }
    }

    @Test func pagesFollowTheirLinks() async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            var seen: [String] = []
            var path = "/deliveries?limit=1&status=EXHAUSTED,PARKED,DELIVERED"
            while !path.isEmpty {
                let page = try await world.call("GET", path).json
                #expect(page["total"] == 4)
                seen += (page["data"]?.array ?? []).compactMap { $0["id"]?.string }
                path = String((page["links"]?["next"]?.string ?? "").dropFirst("/api/xm/1".count))
            }
            #expect(seen.count == 4 && Set(seen).count == 4)
        }
    }

    @Test func showsOneWithItsWholeHistory() async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            let row = try await world.call("GET", "/deliveries?status=EXHAUSTED&event=100001").json["data"]?.array?
                .first
            let id = row?["id"]?.string ?? ""
            #expect(row?["requested"] == "2026-03-09T14:00:01.000Z" && row?["triggeredBy"] == "STATUS")
            let delivery = try await world.call("GET", "/deliveries/\(id.uppercased())").json
            let history = delivery["history"]?.array ?? []
            #expect(history.count == 17 && history.first?["kind"] == "REQUESTED")
            #expect(history.last?["kind"] == "EXHAUSTED" && history[2]["reason"] == "retry")
            #expect(history[1]["attempt"]?["status"] == 503 && history[1]["attempt"]?["responseBody"] == "busy")
            #expect(history[1]["attempt"]?["inDoubt"] == false && history[1]["attempt"]?["method"] == "POST")
            #expect(delivery["payload"] == #"{"status":"active","eventIdentifier":100001}"#)
            #expect(delivery["attempts"]?.array?.count == 8 && delivery["event"]?["eventId"] == "100001")
            #expect(try await world.call("GET", "/deliveries/none").status == 404)
        }
    }

    @Test func redrivesOneManyOrAllByFilterAfterADryRun() async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            func redrive(_ body: [String: JSONValue], _ path: String = "redrive") async throws -> JSONValue {
                try await world.call("POST", "/deliveries/\(path)", .object(body)).json
            }
            let dry = try await redrive(["integration": "id-dead", "dryRun": true])
            #expect(dry["total"] == 2 && dry["dryRun"] == true && dry["sample"]?.array?.count == 2)
            #expect(dry["sample"]?.array?.first?["event"]?["eventId"] == "100001")
            #expect(try await orders(world).isEmpty)
            let one = dry["sample"]?.array?.first?["id"]?.string ?? ""
            #expect(try await redrive(["ids": [.string(one)]])["ordered"] == 1)
            #expect(try await redrive(["ids": [.string(one)]])["ordered"] == 0, "it is on its way")
            // Without a word about the status, what is exhausted; what waits, when it is said.
            #expect(try await redrive(["all": true, "rate": 2])["ordered"] == 1)
            #expect(try await redrive(["status": ["PARKED"], "reason": "behind"])["ordered"] == 1)
            let given = try await orders(world)
            #expect(given.count == 3)
            guard case .redrive(let person, let cause) = given[one] else { return #expect(Bool(false), "no order") }
            #expect(person.targetName == "admin" && cause.hasPrefix("rest-"))
            // To give up comes before sending again.
            #expect(try await redrive(["event": "100002"], "cancel")["ordered"] == 1)
            let cancels = try await orders(world).values.filter { if case .cancel = $0 { true } else { false } }
            #expect(cancels.count == 1)
        }
    }

    private func orders(_ world: ConsoleWorld) async throws -> [String: DeliveryOrder] {
        let items = try await world.database.reading { connection in
            try connection.execute("SELECT id, payload FROM due_work WHERE kind = 'webhook-order'").map {
                ($0.text(0), $0.text(1))
            }
        }
        return try Dictionary(uniqueKeysWithValues: items.map { ($0, try JSON.decode($1)) })
    }

    @Test(
        arguments: [
            ([:], "filter"), (["all": true, "rate": 0], "rate"), (["ids": "x", "rate": 1001], "rate"),
            (["ids": [1]], "ids"), (["status": "GONE"], "status"), (["all": "yes"], "all"),
            (["ids": "x", "dryRun": 1], "dryRun"), (["from": "then"], "from"),
        ] as [(JSONValue, String)])
    func refusesAnOrderThatIsNone(_ body: JSONValue, _ hint: String) async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            for path in ["redrive", "cancel"] {
                let answer = try await world.call("POST", "/deliveries/\(path)", body)
                let message = try answer.json["message"]?.string ?? ""
                #expect(answer.status == 400 && message.contains(hint), "\(answer.body)")
            }
            #expect(try await orders(world).isEmpty)
        }
    }

    /// Who may read, looks; who may configure, orders.
    @Test func rightsAreThoseOfTheRoles() async throws {
        try await ConsoleWorld.run { world in
            try await Self.fill(world)
            for path in ["/deliveries", "/replays", "/dead-letters", "/events/100001/why"] {
                #expect(try await world.call("GET", path, as: "watcher").status == 200)
                #expect(try await world.call("GET", path, as: "nobody").status != 200)
            }
            for path in ["/deliveries/redrive", "/deliveries/cancel", "/replays", "/dead-letters/redrive"] {
                #expect(try await world.call("POST", path, ["all": true], as: "watcher").status == 403)
                #expect(try await world.call("POST", path, ["all": true], as: "oncall").status == 403)
            }
            #expect(try await orders(world).isEmpty)
        }
    }

    @Test func republishesDeadLetters() async throws {
        try await ConsoleWorld.run { world in
            let letters = (1...2).map {
                DeadLetter(
                    topic: "alert-events", partition: 0, offset: Int64($0), key: "k", body: "{", reason: "no JSON",
                    recordedAt: world.clock.now)
            }
            try await world.database.transaction { for letter in letters { try DeadLetters($0).add(letter) } }
            let list = try await world.call("GET", "/dead-letters?redriven=false").json
            #expect(list["total"] == 2 && list["data"]?.array?.first?["reason"] == "no JSON")
            let dry = try await world.call("POST", "/dead-letters/redrive", ["topic": "alert-events", "dryRun": true])
            #expect(try dry.json["total"] == 2)
            let one: JSONValue = ["ids": ["alert-events/0/1"]]
            #expect(try await world.call("POST", "/dead-letters/redrive", one).json["total"] == 1)
            let redriven = try await world.call("GET", "/dead-letters?redriven=true").json["data"]?.array?.first
            #expect(redriven?["id"] == "alert-events/0/1" && redriven?["redriven"]?["by"] == "admin")
            for (body, status) in [
                ([:], 400), (["ids": ["alert-events/0/9"]], 404), (["ids": [1]], 400),
            ] as [(JSONValue, Int)] {
                #expect(try await world.call("POST", "/dead-letters/redrive", body).status == status)
            }
        }
    }
}
