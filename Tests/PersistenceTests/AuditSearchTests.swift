import AlertCore
import TestSupport
import Testing

@testable import Persistence

/// The index of the event log: whatever is in the log is found, in one order, counted exactly.
@Suite struct AuditSearchTests {
    static let start = Timestamp(milliseconds: 1_790_000_000_000)
    let mary = PersonReference(id: "p1", targetName: "mary", firstName: "Mary", lastName: "M")
    let ben = PersonReference(id: "p2", targetName: "ben", firstName: "Ben", lastName: "B")

    func query(_ text: String) throws -> AuditQuery {
        try AuditQuery(text) { Int64($0).map { Self.start.advanced(by: .seconds(Double($0))) } }
    }

    func find(
        _ text: String, in database: any SQLDatabase, upTo: Int64? = nil, newestFirst: Bool = false, offset: Int = 0,
        limit: Int = 1000
    ) async throws -> AuditSearch.Page {
        let query = try query(text)
        return try await database.reading {
            try AuditSearch($0).find(query, upTo: upTo, newestFirst: newestFirst, offset: offset, limit: limit)
        }
    }

    func kinds(_ text: String, in database: any SQLDatabase) async throws -> [String] {
        try await find(text, in: database).hits.map { "\($0.event.stream) \($0.event.type)" }
    }

    /// One alert with an answer, a notification and a webhook, another alert, and changes of the directory.
    func fill(_ database: any SQLDatabase) async throws {
        @Sendable func origin(_ request: String, by actor: String) -> Origin {
            Origin(actor: actor, causation: "c", correlation: request)
        }
        var details = AlertDetails(
            number: 7, plan: NamedReference(id: "w1", name: "Major"), form: NamedReference(id: "f1", name: "Form"),
            integration: "in1", requestId: "r1", submitter: mary, priority: .high,
            properties: ["Severity": "High", "Sites": ["Oslo", "Bonn"], "Down": true],
            recipients: [
                AlertRecipient(id: "g1", targetName: "Ops", recipientType: .group),
                AlertRecipient(id: "p2", targetName: "ben", recipientType: .person),
            ],
            responseOptions: [ResponseOption(id: "o1", number: 1, text: "Yes", action: .recordResponse)])
        let (first, second) = (
            details,
            {
                details.number = 8
                details.plan.id = "w2"
                details.properties = ["Severity": "low"]
                details.recipients = []
                return details
            }()
        )
        let plan = Notification.Plan(
            id: "n1", alert: "a1", alertNumber: 7, recipient: ben, device: NamedReference(id: "d", name: "Mail"),
            deviceNumber: 1, address: "ben@example.com", dueAt: Self.start, reason: "", correlation: "r1")
        let request = WebhookDelivery.Request(
            id: "d1", integration: NamedReference(id: "out1", name: "Out"), trigger: .status, alert: "a1",
            alertNumber: 7, sequence: 1, payload: "{}", correlation: "r1")
        let attempt = WebhookDelivery.Attempt(
            number: 1, url: "http://x", startedAt: Self.start, durationMilliseconds: 3, status: 503)
        try await database.transaction { [mary, ben] connection in
            let log = EventLog(connection)
            func run<A: Aggregate>(
                _ type: A.Type, _ command: A.Command, on id: String, _ origin: Origin, _ second: Int
            ) throws {
                try log.execute(
                    [AddressedCommand<A>(command, on: id, by: origin)], in: LogPartition(A.category, 3),
                    at: Self.start.advanced(by: .seconds(second)))
            }
            try run(Alert.self, .create(first), on: "a1", origin("r1", by: "mary"), 1)
            try run(Notification.self, .plan(plan), on: "n1", origin("r1", by: "<notifier>"), 2)
            try run(
                Notification.self, .begin(via: NamedReference(id: "m", name: "M")), on: "n1",
                origin("r1", by: "<notifier>"), 3)
            try run(Notification.self, .deliver(receipt: "250"), on: "n1", origin("r1", by: "<notifier>"), 4)
            try run(WebhookDelivery.self, .request(request), on: "d1", origin("r1", by: "<webhook-dispatcher>"), 5)
            try run(
                WebhookDelivery.self, .recordAttempt(attempt, schedule: RetrySchedule(delays: [5]), chance: 0),
                on: "d1",
                origin("r1", by: "<webhook-dispatcher>"), 6)
            let response = AlertResponse(
                id: "x", by: ben, device: "Mail", option: "o1", comment: nil, source: "EMAIL")
            try run(Alert.self, .respond(response), on: "a1", origin("r1", by: "ben"), 7)
            try run(Alert.self, .create(second), on: "a2", origin("r2", by: "mary"), 8)
            try run(Alert.self, .terminate(by: mary), on: "a2", origin("r2", by: "mary"), 9)
            let directory = Directory(connection)
            let group = Group(id: "g1", targetName: "Ops", created: Self.start)
            try directory.put(group, by: origin("t1", by: "mary"), at: Self.start.advanced(by: .seconds(10)))
            try directory.delete(
                Group.self, id: "g1", by: origin("t2", by: "ben"), at: Self.start.advanced(by: .seconds(11)))
        }
    }

    static let created = "alert-a1 alert.created"
    static let answer = "alert-a1 alert.responded"
    static let second = ["alert-a2 alert.created", "alert-a2 alert.terminated"]
    static let planned = "notification-n1 notification.planned"
    static let notified = [
        planned, "notification-n1 notification.attemptBegun", "notification-n1 notification.delivered",
    ]
    static let sent = [
        "delivery-d1 delivery.requested", "delivery-d1 delivery.attempted", "delivery-d1 delivery.parked",
    ]
    static let changed = ["config-group-g1 config.changed", "config-group-g1 config.deleted"]

    @Test(arguments: Backend.available)
    func findsByEveryField(on backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await fill(database)
            let progress = try await AuditIndexer(database: database).catchUp()
            #expect(progress.isComplete && progress.sequence == 12)
            let first = [Self.created] + Self.notified + Self.sent + [Self.answer]
            let cases: [(String, [String])] = [
                ("", first + Self.second + Self.changed), ("alert:a1", first), ("alert:a2,a1", first + Self.second),
                ("person:p1", [Self.created] + Self.second),
                ("person:p2", [Self.created] + Self.notified + [Self.answer]),
                ("group:g1", [Self.created] + Self.changed),
                ("integration:in1 kind:alert", [Self.created, Self.answer] + Self.second),
                ("integration:out1", Self.sent), ("workflow:w1", first), ("workflow:w2", Self.second),
                ("form:f1 NOT kind:notification,delivery", [Self.created, Self.answer] + Self.second),
                ("request:r2", Self.second), ("request:t1", [Self.changed[0]]),
                ("actor:Ben", [Self.answer, Self.changed[1]]), ("actor:<notifier>", Self.notified),
                ("kind:alert.created", [Self.created, Self.second[0]]), ("kind:config", Self.changed),
                ("property:severity=HIGH -kind:delivery -kind:notification", [Self.created, Self.answer]),
                ("property:Sites=oslo kind:alert.responded", [Self.answer]),
                ("property:Down=true kind:alert.created", [Self.created]), ("property:Down=1", []),
                ("outcome:503", [Self.sent[1]]), ("outcome:parked,delivered", [Self.notified[2], Self.sent[2]]),
                ("entry:group", Self.changed), ("entry:group/g1 actor:mary", [Self.changed[0]]),
                ("from:8", Self.second + Self.changed), ("to:2", [Self.created]), ("from:2 to:3", [Self.planned]),
                ("(from:11 OR to:2) -alert:a1", [Self.changed[1]]), ("alert:none", []),
                ("NOT kind:alert,notification,delivery,config", []),
            ]
            for (text, expected) in cases {
                let found = try await kinds(text, in: database)
                #expect(found == expected, "\(text)")
            }
            let ids = try await database.reading { try AuditSearch($0).ids(ofEntries: Group.kind, named: "ops") }
            #expect(ids == ["g1"])
        }
    }

    /// Random events in several partitions with clocks that differ, indexed in steps by two indexers at once, against a
    /// look at every single one.
    @Test(arguments: Backend.available, [1, 2] as [UInt64])
    func findsWhatIsThere(on backend: Backend, _ seed: UInt64) async throws {
        try await backend.withDatabase { database in
            var random = SeededGenerator(seed: seed)
            let indexers = [AuditIndexer(database: database), AuditIndexer(database: database)]
            var pages: [(text: String, page: AuditSearch.Page)] = []
            for round in 0..<4 {
                try await append(600 + Int(random.next() % 1200), round, to: database, &random)
                async let other = indexers[1].catchUp()
                try await indexers[0].catchUp()
                _ = try await other
                let all = try await find("", in: database, limit: 100_000)
                let head = try await database.reading { try AuditIndex($0).sequence() }
                #expect(all.total == Int(head) && all.hits.map(\.sequence) == Array(1...head))
                let kept = Dictionary(grouping: all.hits, by: \.event.partition).values
                for hits in kept { #expect(hits.map(\.event.position) == Array(1...Int64(hits.count))) }
                for _ in 0..<12 {
                    let text = Self.text(&random, depth: 3)
                    let wanted = try query(text)
                    let expected = all.hits.filter { Self.meets($0.event, wanted.condition) }.map(\.sequence)
                    let (offset, limit) = (Int(random.next() % 50), Int(1 + random.next() % 40))
                    let oldest = try await find(text, in: database, offset: offset, limit: limit)
                    #expect(oldest.total == expected.count, "\(text)")
                    #expect(oldest.hits.map(\.sequence) == Array(expected.dropFirst(offset).prefix(limit)), "\(text)")
                    let newest = try await find(text, in: database, newestFirst: true, offset: offset, limit: limit)
                    let reversed = Array(expected.reversed().dropFirst(offset).prefix(limit))
                    #expect(newest.hits.map(\.sequence) == reversed, "\(text)")
                    pages.append((text, oldest))
                }
            }
            // What was found once is found again, however the log has grown.
            for (text, page) in pages {
                let again = try await find(text, in: database, upTo: page.upTo, limit: 100_000)
                #expect(again.total == page.total, "\(text)")
            }
            let left = try await database.reading { try $0.execute("SELECT term FROM audit_incoming").count }
            #expect(left == 0)
        }
    }

    private func append(
        _ count: Int, _ round: Int, to database: any SQLDatabase, _ random: inout SeededGenerator
    ) async throws {
        for partition in 0..<3 {
            let events = (0..<count / 3).map { index in
                let type = ["alert.x", "alert.y", "notification.delivered"][Int(random.next() % 3)]
                let actor = ["mary", "ben", "<engine>"][Int(random.next() % 3)]
                let time = Self.start.advanced(
                    by: .milliseconds(Double(round * 60_000 + index * 90 + Int(random.next() % 2000))))
                return NewEvent(
                    stream: "thing-\(round)-\(partition)-\(index)", version: 1, type: type, data: "{}",
                    origin: Origin(actor: actor, causation: "c", correlation: "r\(random.next() % 20)"),
                    recordedAt: time)
            }
            try await database.transaction { _ = try EventLog($0).append(events, to: LogPartition("thing", partition)) }
        }
    }

    private static func text(_ random: inout SeededGenerator, depth: Int) -> String {
        switch random.next() % (depth > 0 ? 9 : 6) {
        case 0: return "kind:\(["alert", "alert.x", "notification", "alert.x,alert.y"][Int(random.next() % 4)])"
        case 1: return "actor:\(["mary", "ben,mary", "<engine>"][Int(random.next() % 3)])"
        case 2: return "request:r\(random.next() % 22)"
        case 3: return "outcome:delivered"
        case 4: return "from:\(random.next() % 240)"
        case 5: return "to:\(random.next() % 240)"
        case 6: return "NOT (\(text(&random, depth: depth - 1)))"
        case 7: return "(\(text(&random, depth: depth - 1)) OR \(text(&random, depth: depth - 1)))"
        default: return "(\(text(&random, depth: depth - 1)) \(text(&random, depth: depth - 1)))"
        }
    }

    private static func meets(_ event: RecordedEvent, _ condition: AuditQuery.Condition) -> Bool {
        switch condition {
        case .every: true
        case .since(let time): event.recordedAt >= time
        case .before(let time): event.recordedAt < time
        case .all(let parts): parts.allSatisfy { meets(event, $0) }
        case .any(let parts): parts.contains { meets(event, $0) }
        case .not(let inner): !meets(event, inner)
        case .isAny(.kind, let values): values.contains { event.type == $0 || event.type.hasPrefix("\($0).") }
        case .isAny(.actor, let values): values.contains(event.origin.actor)
        case .isAny(.request, let values): values.contains(event.origin.correlation)
        case .isAny(.outcome, _): event.type == "notification.delivered"
        case .isAny: false
        }
    }
}
