import AlertCore
import Endpoints
import Foundation
import Logging
import Messaging
import OutboundHTTP
import Persistence
import Scripting
import TestSupport
import Testing
import WebhookDispatcher

/// A database of the first version, with data in it and work under way, is brought to the present schema and goes on.
@Suite(.inTurn, .timeLimit(.minutes(30)))
struct UpgradeTests {
    @Test(arguments: Backend.available)
    func everythingIsThereAndReadable(on backend: Backend) async throws {
        let old = try await FirstVersion.load(on: backend)
        let before = try await old.database.reading { try Self.rows(in: $0) }
        let ran = try await Migrator.bundled().run(on: old.database)
        #expect(ran.first?.hasPrefix("0004") == true && ran.allSatisfy { !FirstVersion.schema.contains($0) })
        #expect(try await Migrator.bundled().pending(on: old.database).isEmpty)
        #expect(try await old.database.reading { try Self.rows(in: $0) } == before, "nothing is lost")

        let view = try await DirectoryCache(database: old.database).current()
        #expect(Set(view.people.values.map(\.targetName)) == ["admin", "oncall", "second"])
        #expect(view.devices.values.filter { $0.name == "Home Email" }.first?.priorityThreshold == .high)
        #expect(view.forms.values.first?.responseOptions.map(\.text) == ["Acknowledge", "Resolve"])
        #expect(view.integrations.count == 8 && view.endpoints.count == 7)
        let survey = try await Resealing(database: old.database, secrets: old.secrets, now: old.clock.clock).survey()
        #expect(survey.unreadable.isEmpty && survey.current + survey.resealed > 6, "every secret opens")

        try await old.database.reading { connection in
            let numbers: [Int64] = Array(100_000...100_004)
            let alerts = try numbers.map { try #require(try Alerts(connection).get(String($0))) }
            #expect(alerts.map(\.status) == ["TERMINATED_EXTERNAL", "ACTIVE", "SUSPENDED", "ACTIVE", "ACTIVE"])
            #expect(alerts.map(\.details.number) == numbers)
            let notifications = try alerts.map { try Notifications(connection).ofAlert($0.id).map(\.status) }
            #expect(notifications[3] == [.pending] && notifications[4] == [.sending, .sending])
            #expect(notifications[1] == [.delivered, .delivered, .delivered])
            let parked = try WebhookDeliveries(connection).ofAlert(alerts[2].id).filter { $0.status == .parked }
            #expect(parked.map(\.reason).sorted() == ["behind", "behind", "retry", "slow"])
            let (total, activities) = try Activities(connection).list(.init(), offset: 0, limit: 100)
            #expect(total == 6 && activities.filter { $0.status == .failed }.count == 1)
            #expect(try Self.replayed(in: connection) == ["alert": 5, "notification": 8, "delivery": 28])
            // The audit finds nothing wrong, so long as nothing is overdue.
            let (facts, _) = try AuditChecks(connection, at: old.clock.now, AuditBounds()).run(seenUntil: nil)
            #expect(facts.isEmpty)
        }
        await old.database.close()
    }

    @Test(arguments: Backend.available)
    func everythingGoesOn(on backend: Backend) async throws {
        let old = try await FirstVersion.load(on: backend)
        try await Migrator.bundled().run(on: old.database)
        let sink = TestSink()
        let port = try await sink.start()
        let waiting = try await old.database.reading { connection in
            try connection.execute("SELECT id FROM webhook_deliveries WHERE status = 'parked'").map { $0.text(0) }
        }
        var options = DoorWorld.Options()
        options.existing = (old.database, old.clock, old.secrets)
        try await DoorWorld.run(options) { world in
            let dispatcher = Self.dispatcher(old)
            let dispatching = Task { try await dispatcher.run() }
            try await Self.peopleAreTold(world)
            try await Self.oldKeysAndLinksWork(world)
            try await Self.parkedWebhooksArrive(world, sink, port: port, waiting: Set(waiting))
            try await Self.newAlertsAreMade(world, sink)
            try await Self.alertsExpire(world)
            dispatching.cancel()
            _ = await dispatching.result
        }
        await sink.stop()
    }

    // MARK: - What goes on

    /// The mail that was refused for now, and the two that were under way, which may arrive twice and say so.
    private static func peopleAreTold(_ world: DoorWorld) async throws {
        world.clock.advance(by: .seconds(600))
        try await eventually("three mails") { world.mailbox.all.count == 3 }
        #expect(
            world.mailbox.all.map(\.address).sorted() == [
                "home@example.org", "oncall@example.org", "second@example.org",
            ])
        #expect(world.mailbox.all.allSatisfy { $0.text.contains("Answer:") || !$0.answers.isEmpty })
        let repeated = try await world.alert(100_004)
        try await eventually("their ends are recorded") {
            try await world.database.reading { try Notifications($0).ofAlert(repeated.id) }
                .allSatisfy { $0.status == .delivered }
        }
        let history = try await world.database.reading { connection in
            let ids = try Notifications(connection).ofAlert(repeated.id).map { "notification-\($0.plan.id)" }
            return try EventLog(connection).read(streams: ids)
        }
        let begun = history.filter { $0.type == "notification.attemptBegun" }.map(\.data)
        #expect(begun.filter { $0.contains(#""isRepetition":true"#) }.count == 2 && begun.count == 4)
    }

    private static func oldKeysAndLinksWork(_ world: DoorWorld) async throws {
        let admin = DoorWorld.basic(FirstVersion.admin.0, FirstVersion.admin.1)
        let events = try await world.send("GET", "/api/xm/1/events?limit=10", headers: admin).json
        #expect(events["total"] == 5)
        let key = DoorWorld.basic(FirstVersion.key.0, FirstVersion.key.1)
        #expect(try await world.send("GET", "/api/xm/1/events/100001", headers: key).status == 200)
        let page = try await world.send("GET", FirstVersion.link)
        #expect(page.status == 200 && page.body.contains("Acknowledge"))
        let form = ["Content-Type": "application/x-www-form-urlencoded"]
        #expect(try await world.send("POST", FirstVersion.link, Data("comment=x".utf8), headers: form).status == 200)
        try await eventually("the answer") {
            try await world.database.reading { connection in
                let alert = try #require(try Alerts(connection).get("100001"))
                return try EventLog(connection).read(streams: ["alert-\(alert.id)"])
                    .contains { $0.type == "alert.responded" }
            }
        }
    }

    /// With the ids that they always had, in the order of each alert.
    private static func parkedWebhooksArrive(
        _ world: DoorWorld, _ sink: TestSink, port: Int, waiting: Set<String>
    ) async throws {
        let admin = DoorWorld.basic(FirstVersion.admin.0, FirstVersion.admin.1)
        let plans = try await world.send("GET", "/api/xm/1/plans", headers: admin).json
        let plan = plans["data"]?.array?.first?["id"]?.string ?? ""
        let path = "/api/xm/1/plans/\(plan)/endpoints"
        for endpoint in try await world.send("GET", path, headers: admin).json["data"]?.array ?? [] {
            let change: JSONValue = ["id": endpoint["id"] ?? .null, "url": .string("http://127.0.0.1:\(port)")]
            let answer = try await world.send(
                "POST", path, Data(try JSON.encode(change).utf8),
                headers: admin.merging(["Content-Type": "application/json"]) { first, _ in first })
            // A password does not follow its endpoint to another server.
            #expect(answer.status == (endpoint["name"] == "with password" ? 400 : 200), "\(answer.body)")
        }
        #expect(waiting.count == 14)
        try await eventually("the parked webhooks") {
            world.clock.advance(by: .seconds(20))  // pauses of up to 4320 s
            return await waiting.isSubset(of: Set(sink.ids(at: "/sink/failing") + sink.ids(at: "/sink/hanging")))
        }
        for path in ["/sink/failing", "/sink/hanging"] {
            var statuses: [Int64: [String]] = [:]
            for body in await sink.bodies(at: path) {
                let payload: JSONValue = try JSON.decode(body)
                guard case .integer(let number) = payload["eventIdentifier"] else { continue }
                statuses[number, default: []].append(payload["status"]?.string ?? "")
            }
            #expect(statuses[100_000] == ["active", "terminated_external"], "\(path)")
            // Its hour may be over by then.
            #expect(statuses[100_002]?.prefix(2) == ["active", "suspended"], "\(path)")
        }
    }

    private static func newAlertsAreMade(_ world: DoorWorld, _ sink: TestSink) async throws {
        let mails = world.mailbox.all.count
        let body = #"{"properties":{"Summary":"After the upgrade","Severity":"low"},"recipients":[{"id":"oncall"}]}"#
        let answer = try await world.send(
            "POST", FirstVersion.trigger, Data(body.utf8), headers: ["Content-Type": "application/json"])
        #expect(answer.status == 202)
        let made = try await world.activity(answer).alerts
        #expect(made.first.map { $0.number > 100_004 } == true)
        try await eventually("a mail") { world.mailbox.all.count > mails }
        #expect(world.mailbox.all.last?.subject == "[low] After the upgrade")
        try await eventually("its webhooks") {
            let bodies = await sink.bodies(at: "/sink/healthy")
            return bodies.contains { $0.contains("After the upgrade") }
        }
    }

    /// At the times that were set by the first version.
    private static func alertsExpire(_ world: DoorWorld) async throws {
        try await eventually("every alert ends") {
            world.clock.advance(by: .seconds(600))
            return try await world.database.reading { connection in
                try connection.execute("SELECT count(*) FROM alerts WHERE status IN ('ACTIVE', 'SUSPENDED')")[0]
                    .integer(0)
            } == 0
        }
    }

    // MARK: - Pieces

    private static func dispatcher(_ old: FirstVersion) -> WebhookDispatcher {
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let policy = OutboundPolicy(allowing: [try? CIDR(parsing: "127.0.0.0/8")].compactMap { $0 })
        return WebhookDispatcher(
            bus: EmbeddedBus(database: old.database, partitionCount: 2), database: old.database,
            directory: DirectoryCache(database: old.database, interval: .zero), secrets: old.secrets,
            client: EndpointClient(
                client: OutboundHTTPClient(policy: policy, userAgent: "test", logger: quiet), secrets: old.secrets,
                database: old.database, now: old.clock.clock, logger: quiet),
            engine: NoScripts(), limits: ScriptLimits(),
            settings: WebhookDispatcherSettings(timeout: .seconds(20), parkAfter: .seconds(5)), now: old.clock.clock,
            logger: quiet)
    }

    /// How many rows each table of the first version has.
    private static func rows(in connection: any SQLConnection) throws -> [String: Int64] {
        let tables = [
            "activities", "alert_numbers", "alert_properties", "alerts", "bus_messages", "checkpoints",
            "command_results", "counters", "directory", "due_work", "events", "log_partitions", "notifications",
            "webhook_deliveries",
        ]
        return try Dictionary(
            uniqueKeysWithValues: tables.map { table in
                (table, try connection.execute(SQL(stringLiteral: "SELECT count(*) FROM \(table)"))[0].integer(0))
            })
    }

    /// How many streams of each aggregate there are, every event of which was understood.
    private static func replayed(in connection: any SQLConnection) throws -> [String: Int] {
        func replay<A: Aggregate>(_ type: A.Type) throws -> Int {
            let streams = try connection.execute(
                """
                SELECT DISTINCT stream FROM events WHERE partition_name LIKE \("\(A.category)/%")
                AND stream LIKE \("\(A.category)-%")
                """
            ).map { $0.text(0) }
            for (_, events) in Dictionary(grouping: try EventLog(connection).read(streams: streams), by: \.stream) {
                let state = A.replay(try events.map { try EventCodec<A.Event>.decode($0.data) })
                #expect(state != A.initial)
            }
            return streams.count
        }
        return [
            Alert.category: try replay(Alert.self),
            AlertCore.Notification.category: try replay(AlertCore.Notification.self),
            WebhookDelivery.category: try replay(WebhookDelivery.self),
        ]
    }
}
